package session

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/recommend/model"
)

const (
	// blocks is how many segments of the greatest size there are in a full index: what goes at once, the oldest, is one of them.
	blocks = 8
	// handleMax is the highest handle of what may be added to an index: what it holds by item follows it.
	handleMax = 1<<26 - 1
)

// index holds the newest visits. Readers take what is there now by one look and hold no lock; it is segments that never
// change, the sizes of which are such that each visit is copied some twenty times until it is in one of the greatest size.
type index struct {
	most int // visits of one item that are ever looked at
	room int // clicks, all together

	now atomic.Pointer[held]

	mu      sync.Mutex // held by writers
	counts  []uint32   // by item: the visits it is in
	changed int        // visits that came since rarity was made
}

// held is what an index holds at a time: immutable.
type held struct {
	segments       []*segment // the oldest first
	visits, clicks int
	rarity         []float32 // by item; see rarities
}

// newIndex makes an index of visits, each item once in each: the newest of them, as far as there is room. It takes the slices.
func newIndex(ctx context.Context, most, room, workers int, offsets []int, items []uint32, progress func(done, total int)) (*index, error) {
	x := &index{most: most, room: room}
	first := 0
	for offsets[len(offsets)-1]-offsets[first] > room {
		first++
	}
	offsets = offsets[first:]
	bounds := x.bounds(offsets)
	now := &held{segments: make([]*segment, len(bounds)-1), visits: len(offsets) - 1, clicks: offsets[len(offsets)-1] - offsets[0]}
	report := parallel.NewProgress(len(now.segments), progress)
	err := parallel.For(ctx, workers, len(now.segments), func(_, i int) {
		own := make([]uint32, 0, bounds[i+1]-bounds[i]+1)
		from := offsets[bounds[i]]
		for _, offset := range offsets[bounds[i] : bounds[i+1]+1] {
			own = append(own, uint32(offset-from))
		}
		now.segments[i] = newSegment(own, slices.Clone(items[from:offsets[bounds[i+1]]]), most)
		report.Add(1)
	})
	if err != nil {
		return nil, err
	}
	for _, s := range now.segments {
		x.count(s, 1)
	}
	now.rarity = rarities(x.counts, now.visits)
	x.now.Store(now)
	return x, nil
}

// bounds cuts visits into segments of the greatest size, but for the last: numbers of visits where they begin, and the end.
func (x *index) bounds(offsets []int) []int {
	bounds := []int{0}
	for visit := range len(offsets) - 1 {
		if from := bounds[len(bounds)-1]; visit > from && offsets[visit+1]-offsets[from] > x.room/blocks {
			bounds = append(bounds, visit)
		}
	}
	if len(offsets) > 1 {
		bounds = append(bounds, len(offsets)-1)
	}
	return bounds
}

// add takes in a visit, each item once, which becomes the index's. The oldest go when there is no room.
func (x *index) add(items []uint32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	before := x.now.Load()
	s := newSegment([]uint32{0, uint32(len(items))}, items, x.most)
	x.count(s, 1)
	now := &held{
		segments: append(slices.Clone(before.segments), s), rarity: before.rarity,
		visits: before.visits + 1, clicks: before.clicks + len(items),
	}
	x.settle(now)
	for now.clicks > x.room {
		oldest := now.segments[0]
		x.count(oldest, -1)
		now.segments = now.segments[1:]
		now.visits, now.clicks = now.visits-oldest.len(), now.clicks-len(oldest.items)
	}
	if x.changed++; 10*x.changed > now.visits {
		now.rarity, x.changed = rarities(x.counts, now.visits), 0
	}
	x.now.Store(now)
}

// settle joins the newest segments while the newer of two is half as large as the older, up to the greatest size.
func (x *index) settle(now *held) {
	for n := len(now.segments); n > 1; n-- {
		older, newer := now.segments[n-2], now.segments[n-1]
		if 2*len(newer.items) < len(older.items) || len(older.items)+len(newer.items) > x.room/blocks {
			return
		}
		now.segments = append(now.segments[:n-2], joined(older, newer, x.most))
	}
}

// count counts the items of a segment, or takes them off.
func (x *index) count(s *segment, by int) {
	if n := len(s.keys); n > 0 && int(s.keys[n-1]) >= len(x.counts) {
		x.counts = append(x.counts, make([]uint32, int(s.keys[n-1])+1-len(x.counts))...)
	}
	for _, item := range s.items {
		if item != model.NoItem {
			x.counts[item] += uint32(by)
		}
	}
}

// rarities is ln(1 + visits/n) for items that are in n of the visits.
func rarities(counts []uint32, visits int) []float32 {
	rarity := make([]float32, len(counts))
	for item, n := range counts {
		rarity[item] = rare(n, visits)
	}
	return rarity
}

func rare(n uint32, visits int) float32 {
	return float32(math.Log1p(float64(visits) / float64(max(1, n))))
}

// of is the rarity of an item, of a new one as if it were in one visit.
func (h *held) of(item uint32) float32 {
	if uint64(item) < uint64(len(h.rarity)) {
		return h.rarity[item]
	}
	return rare(1, h.visits)
}
