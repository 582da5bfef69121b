package recommend

import (
	"sync"
)

// exposedMax is how many exposures of one day are remembered for users who are not in memory.
const exposedMax = 4 << 20

// exposedToday is who was exposed to what on one UTC day, so that a user who has left memory is not exposed again on each
// return: hashes of 64 bits, of which two are equal by chance once in a million days of a million users. When it is full, later
// exposures of the day may be in the log more than once, which does no harm to a comparison.
type exposedToday struct {
	mu     sync.Mutex
	day    int64
	hashes map[uint64]struct{}
}

// has reports whether the exposure is known.
func (x *exposedToday) has(day int64, hash uint64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, ok := x.hashes[hash]
	return ok && x.day == day
}

// add remembers an exposure, unless it is of a day before.
func (x *exposedToday) add(day int64, hash uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case day < x.day:
		return
	case day > x.day || x.hashes == nil:
		x.day, x.hashes = day, make(map[uint64]struct{})
	}
	if len(x.hashes) < exposedMax {
		x.hashes[hash] = struct{}{}
	}
}

// remove forgets an exposure.
func (x *exposedToday) remove(hash uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.hashes, hash)
}
