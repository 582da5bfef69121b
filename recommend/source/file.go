package source

import (
	"math"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

const (
	fileName    = "trending"
	fileVersion = 1
)

// Save puts the counters into a section called "trending": 20 bytes an item. Counting may go on meanwhile; whoever wants to know
// which events are in the file must see to it that none comes.
func (c *Counters) Save(w *codec.Writer) {
	w.Section(fileName, fileVersion)
	w.Float64(c.halfLife)
	w.Uint64(uint64(c.latest.Load()))
	w.Uint64(uint64(c.recent.Load()))
	w.Uint64(uint64(c.ceiling.Load()))
	var items []uint32
	var sums, times []uint64
	for i := range c.shards {
		items, sums, times = items[:0], sums[:0], times[:0]
		c.shards[i].each(uint32(i), func(item uint32, s slot) {
			items = append(items, item)
			sums = append(sums, math.Float64bits(s.sum))
			times = append(times, uint64(s.time))
		})
		w.Uint32s(items)
		w.Uint64s(sums)
		w.Uint64s(times)
	}
}

// Load reads what Save put into empty counters, which then go on exactly as those would have. The file knew items by handles
// below len(at), and at[i] is the handle that item i has now, [model.NoItem] for one that there is no more; of two that have
// become one the sums are added. The half-life is that of the options: a file of another one has sums that were made with
// that, as good as any to begin with. A damaged section is an error that wraps [codec.ErrCorrupt], and what was read then is
// of no use.
func (c *Counters) Load(r *codec.Reader, at []uint32) error {
	r.Section(fileName, fileVersion)
	if halfLife := r.Float64(); !(halfLife > 0) && r.Err() == nil {
		r.Fail("half-life of %v seconds", halfLife)
	}
	latest, recent, ceiling := int64(r.Uint64()), int64(r.Uint64()), int64(r.Uint64())
	for range shardCount {
		items, sums, times := r.Uint32s(), r.Uint64s(), r.Uint64s()
		if len(items) != len(sums) || len(items) != len(times) {
			r.Fail("%d items with %d sums and %d times", len(items), len(sums), len(times))
		}
		if r.Err() != nil {
			return r.Err()
		}
		for i, item := range items {
			if int(item) >= len(at) {
				r.Fail("item %d of %d", item, len(at))
				return r.Err()
			}
			c.put(at[item], math.Float64frombits(sums[i]), int64(times[i]), r)
		}
	}
	c.latest.Store(latest)
	c.recent.Store(recent)
	c.ceiling.Store(ceiling)
	c.lead.Store(nil)
	return r.Err()
}

// put takes in what a file says of an item.
func (c *Counters) put(item uint32, sum float64, unix int64, r *codec.Reader) {
	if math.IsNaN(sum) || math.IsInf(sum, 0) || sum == 0 {
		r.Fail("sum %v", sum)
		return
	}
	if item >= c.itemsMax || item == model.NoItem {
		return
	}
	s := &c.shards[item%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := s.place(item / shardCount)
	slot.add(sum, unix, slot.time, c.halfLife)
}
