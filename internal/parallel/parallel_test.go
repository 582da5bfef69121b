package parallel_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/internal/parallel"
)

func TestForCallsEachOnce(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{-1, 0, 1, 2, 7, 1000} {
		for _, n := range []int{0, 1, 5, 64, 1000} {
			counts := make([]atomic.Int32, n)
			busy := make([]atomic.Bool, parallel.Workers(workers, n))
			err := parallel.For(t.Context(), workers, n, func(worker, i int) {
				if !busy[worker].CompareAndSwap(false, true) {
					t.Errorf("worker %d overlaps itself", worker)
				}
				counts[i].Add(1)
				busy[worker].Store(false)
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range counts {
				if got := counts[i].Load(); got != 1 {
					t.Errorf("%d workers, n = %d: turn %d came %d times", workers, n, i, got)
				}
			}
		}
	}
}

func TestForStopsWithContext(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 3} {
		ctx, cancel := context.WithCancel(t.Context())
		var calls atomic.Int64
		err := parallel.For(ctx, workers, 1<<30, func(_, _ int) {
			if calls.Add(1) == 100 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d workers: %v", workers, err)
		}
		if got := calls.Load(); got > 100+64*int64(workers) {
			t.Errorf("%d workers: %d calls", workers, got)
		}
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 5, 63, 64, 1000} {
		parts, bounds := parallel.Spans(n, 64)
		next := 0
		for p := range parts {
			from, to := bounds(p)
			if from != next || to < from || to-from > n/64+1 {
				t.Errorf("n = %d: part %d is %d to %d, after %d", n, p, from, to, next)
			}
			next = to
		}
		if next != n {
			t.Errorf("n = %d: parts end at %d", n, next)
		}
	}
}

// TestProgress: what is done is reported as it comes, and not again when nothing has come.
func TestProgress(t *testing.T) {
	t.Parallel()
	var told []int
	p := parallel.NewProgress(5, func(done, total int) { told = append(told, done, total) })
	for _, n := range []int{2, 0, 3, 0} {
		p.Add(n)
	}
	if want := []int{2, 5, 5, 5}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	parallel.NewProgress(5, nil).Add(1) // nobody to tell
}
