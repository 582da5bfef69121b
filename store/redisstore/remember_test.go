package redisstore

import (
	"fmt"
	"testing"
)

func TestRemembered(t *testing.T) {
	t.Parallel()
	c := &Cache{generations: make(map[string]string)}
	for i := range 3 * generationsMax {
		c.remember(fmt.Sprint(i), "g")
	}
	if n := len(c.generations); n > generationsMax {
		t.Errorf("%d generations are remembered, at most %d may be", n, generationsMax)
	}
	if last := fmt.Sprint(3*generationsMax - 1); c.remembered(last) != "g" {
		t.Error("the last one is forgotten")
	}
}
