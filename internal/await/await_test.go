package await_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goldrec/gold/internal/await"
)

// TestNews has several wait for each of a number of changes: none is missed, and nobody is woken by one from before.
func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var news await.News
		news.Wake() // for nobody
		for round := range 3 {
			var wg sync.WaitGroup
			woken := make(chan int, 5)
			for i := range cap(woken) {
				changed := news.Changed()
				wg.Go(func() { <-changed; woken <- i })
			}
			synctest.Wait()
			if len(woken) > 0 {
				t.Errorf("round %d: %d woken before there was anything", round, len(woken))
			}
			news.Wake()
			wg.Wait()
		}
	})
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if !await.Sleep(t.Context(), time.Hour) || time.Since(began) != time.Hour {
			t.Errorf("slept %v of an hour", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if await.Sleep(ctx, time.Hour) || time.Since(began) != time.Hour+time.Minute {
			t.Errorf("slept %v, and was to be woken after an hour and a minute", time.Since(began))
		}
	})
}
