package store_test

import (
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, now func() time.Time) store.Store {
		return store.NewMemory(store.MemoryOptions{Now: now})
	})
}

func BenchmarkMemory(b *testing.B) {
	storetest.RunBenchmarks(b, func(*testing.B) store.Store { return store.NewMemory(store.MemoryOptions{}) })
}
