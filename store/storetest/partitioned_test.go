package storetest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/storetest"
)

func TestPartitioned(t *testing.T) {
	t.Parallel()
	for _, partitions := range []int{1, 5} {
		t.Run(fmt.Sprint(partitions), func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(_ *testing.T, now func() time.Time) store.Store {
				return storetest.NewPartitioned(partitions, now)
			})
		})
	}
}
