package pebblestore_test

import (
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
	"github.com/goldrec/gold/store/storetest"
)

func open(t testing.TB, dir string, opts pebblestore.Options) *pebblestore.Store {
	t.Helper()
	st, err := pebblestore.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) store.Store {
		return open(t, t.TempDir(), pebblestore.Options{Now: now})
	})
}

func TestStoreDurable(t *testing.T) {
	storetest.RunDurable(t, func(t *testing.T, dir string, now func() time.Time) store.Store {
		return open(t, dir, pebblestore.Options{Now: now})
	})
}

func BenchmarkStore(b *testing.B) {
	storetest.RunBenchmarks(b, func(b *testing.B) store.Store { return open(b, b.TempDir(), pebblestore.Options{}) })
}
