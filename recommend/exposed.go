package recommend

import (
	"sync"

	"github.com/goldrec/gold/store"
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
	first  map[int]store.Position // of the day, by partition
}

// has reports whether the exposure is known.
func (x *exposedToday) has(day int64, hash uint64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, ok := x.hashes[hash]
	return ok && x.day == day
}

// add remembers an exposure, unless it is of a day before.
func (x *exposedToday) add(day int64, hash uint64, partition int, at store.Position) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case day < x.day:
		return
	case day > x.day || x.hashes == nil:
		x.day, x.hashes, x.first = day, make(map[uint64]struct{}), make(map[int]store.Position)
	}
	if first, ok := x.first[partition]; !ok || at < first {
		x.first[partition] = at
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

// since is from where on somebody who has read the log up to a place must read it again for the exposures of the day.
func (x *exposedToday) since(place store.Place) store.Place {
	x.mu.Lock()
	defer x.mu.Unlock()
	for partition, first := range x.first {
		place = place.With(partition, min(place.At(partition), first-1))
	}
	return place
}
