// Package parallel spreads loops over a bounded number of goroutines.
package parallel

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Workers is how many goroutines For uses for n turns when it is asked for workers: GOMAXPROCS for 0 or less, never
// more than there are turns, never less than one. Callers size state kept for each worker with it.
func Workers(workers, n int) int {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return max(1, min(workers, n))
}

// For calls do(worker, i) once for every i from 0 to n-1, from up to [Workers](workers, n) goroutines, and returns
// when all calls have. Calls with the same worker, a number from 0, never overlap, so each may use that worker's
// scratch memory; which worker gets which i varies, so results are the same every time only if do writes to what
// belongs to i and keeps nothing in the scratch. Turns are handed out as workers come for them, so uneven ones
// balance. When ctx ends, the calls under way finish, no others start, and For returns ctx's error.
func For(ctx context.Context, workers, n int, do func(worker, i int)) error {
	workers = Workers(workers, n)
	grain := max(1, min(64, n/(8*workers)))
	var next atomic.Int64
	work := func(worker int) {
		for ctx.Err() == nil {
			end := int(next.Add(int64(grain)))
			for i := end - grain; i < min(end, n); i++ {
				do(worker, i)
			}
			if end >= n {
				return
			}
		}
	}
	if workers == 1 {
		work(0)
		return ctx.Err()
	}
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() { work(worker) })
	}
	wg.Wait()
	return ctx.Err()
}

// Spans cuts 0 to n-1 into parts of about equal size, which depend on n alone, so that sums taken part by part and
// then in order are the same with any number of workers. It returns the parts' number, at most most, and their bounds.
func Spans(n, most int) (parts int, bounds func(part int) (from, to int)) {
	parts = max(1, min(n, most))
	return parts, func(part int) (int, int) { return part * n / parts, (part + 1) * n / parts }
}

// Progress counts work done by several goroutines and reports it from one at a time.
type Progress struct {
	mu          sync.Mutex
	done, total int
	report      func(done, total int)
}

// NewProgress returns a count that starts at zero of total. report may be nil.
func NewProgress(total int, report func(done, total int)) *Progress {
	return &Progress{total: total, report: report}
}

// Add says that n more are done. Nothing more is not reported.
func (p *Progress) Add(n int) {
	if p.report == nil || n == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	p.report(p.done, p.total)
}
