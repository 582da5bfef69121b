package ann

import (
	"sync"
	"sync/atomic"
)

// each calls f(w, i) for every i below n, w being the number of the worker that does. One worker is the caller itself.
func each(workers, n int, f func(w, i int)) {
	if workers <= 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	const grain = 8
	for w := range workers {
		wg.Go(func() {
			for {
				from := int(next.Add(grain)) - grain
				if from >= n {
					return
				}
				for i := from; i < min(from+grain, n); i++ {
					f(w, i)
				}
			}
		})
	}
	wg.Wait()
}
