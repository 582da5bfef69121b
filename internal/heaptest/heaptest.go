// Package heaptest measures, in tests, how much of the heap a call holds at its worst.
package heaptest

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// Peak calls do and returns by how many bytes the heap was larger meanwhile than before, at the most that one look a
// millisecond met. The collector runs often meanwhile, so that little of it is garbage: a tenth, about, of what is live. A
// test that calls it must not be parallel.
func Peak(do func()) int {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	before, most := heap(), 0
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				most = max(most, heap()-before)
			}
		}
	})
	do()
	close(done)
	wg.Wait()
	return max(most, heap()-before)
}

// Kept calls do and returns by how many bytes the heap is larger for what it returns.
func Kept[T any](do func() T) (kept T, size int) {
	runtime.GC()
	before := heap()
	kept = do()
	runtime.GC()
	size = heap() - before
	runtime.KeepAlive(kept)
	return kept, size
}

func heap() int {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int(s[0].Value.Uint64())
}
