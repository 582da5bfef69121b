package store_test

import (
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/storetest"
)

func TestMemoryCache(t *testing.T) {
	storetest.RunCache(t, func(_ *testing.T, now func() time.Time) store.Cache {
		return store.NewMemoryCache(store.MemoryCacheOptions{Now: now})
	})
}
