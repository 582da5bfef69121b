package experiment

import (
	"context"
	"iter"
	"slices"
	"sync"
)

// MemoryLog is a Sink that keeps the latest exposures in memory, for tests and for programs that can do without the
// others. It is safe for concurrent use.
type MemoryLog struct {
	mu   sync.Mutex
	max  int
	ring []Exposure
	next int // where the next one goes once the ring is full
}

// NewMemoryLog keeps up to exposuresMax, 100,000 when it is 0 or less; beyond that the oldest is dropped.
func NewMemoryLog(exposuresMax int) *MemoryLog {
	if exposuresMax <= 0 {
		exposuresMax = 100_000
	}
	return &MemoryLog{max: exposuresMax}
}

// WriteExposures implements Sink; it fails only for an exposure that is ErrInvalid, and then keeps none of the batch.
func (l *MemoryLog) WriteExposures(_ context.Context, batch []Exposure) error {
	for i := range batch {
		if err := batch[i].Validate(); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range batch {
		if len(l.ring) < l.max {
			l.ring = append(l.ring, e)
			continue
		}
		l.ring[l.next] = e
		l.next = (l.next + 1) % l.max
	}
	return nil
}

// All yields the exposures that are kept when it begins, the oldest first. The error is always nil. It may be run again.
func (l *MemoryLog) All() iter.Seq2[Exposure, error] {
	return func(yield func(Exposure, error) bool) {
		l.mu.Lock()
		kept := slices.Concat(l.ring[l.next:], l.ring[:l.next])
		l.mu.Unlock()
		for _, e := range kept {
			if !yield(e, nil) {
				return
			}
		}
	}
}
