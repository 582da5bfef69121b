package ann

import "sync/atomic"

// readers tells a writer when every search that may have met a slot has ended, so that the slot can hold another vector.
// Searches enter in the present epoch and are counted by its parity. An epoch ends when none is left of the one before;
// what was unlinked in an epoch is out of sight of all searches two epochs on. Nobody waits: a writer that finds searches
// still there takes a fresh slot.
type readers struct {
	epoch  atomic.Uint64
	active [2][readerShards]readerCount
}

// readerShards spreads the counts, lest every search of every processor write to one cache line.
const readerShards = 16

type readerCount struct {
	n atomic.Int64
	_ [56]byte
}

// enter counts a search in and returns the epoch to leave with.
func (r *readers) enter(shard uint32) uint64 {
	for {
		e := r.epoch.Load()
		c := &r.active[e&1][shard%readerShards]
		c.n.Add(1)
		if r.epoch.Load() == e {
			return e
		}
		c.n.Add(-1)
	}
}

func (r *readers) leave(epoch uint64, shard uint32) {
	r.active[epoch&1][shard%readerShards].n.Add(-1)
}

// advance ends the present epoch if no search of the one before is left. One writer at a time.
func (r *readers) advance() {
	e := r.epoch.Load()
	for i := range r.active[0] {
		if r.active[(e+1)&1][i].n.Load() != 0 {
			return
		}
	}
	r.epoch.Store(e + 1)
}
