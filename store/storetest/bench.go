package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/store"
)

// RunBenchmarks measures what an engine does with a store: appends of one interaction from many goroutines, the
// history of a user, a scan of the log, and a cached page.
func RunBenchmarks(b *testing.B, open func(b *testing.B) store.Store) {
	const users, perUser = 1000, 100
	st := open(b)
	b.Cleanup(func() {
		if err := st.Close(); err != nil {
			b.Error(err)
		}
	})
	batch := make([]store.Entry, 0, users)
	for i := range perUser {
		batch = batch[:0]
		for u := range users {
			batch = append(batch, store.Entry{Interaction: view(fmt.Sprint("user-", u), i)})
		}
		if err := st.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("Scan/n=100000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range st.Scan(b.Context(), store.Place{}) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != users*perUser {
				b.Fatalf("%d entries", n)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(users*perUser), "ns/entry")
	})
	b.Run("History/limit=50", func(b *testing.B) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			history, err := st.History(b.Context(), fmt.Sprint("user-", i*7919%users), 50)
			if err != nil || len(history) != 50 {
				b.Fatal(len(history), err)
			}
		}
	})
	b.Run("Append/goroutines=128", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(64) // times GOMAXPROCS
		var n atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				i := int(n.Add(1))
				in := view(fmt.Sprint("user-", i*7919%users), i)
				if err := st.Append(b.Context(), entries(in)); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "interactions/s")
	})
}
