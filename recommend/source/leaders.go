package source

import (
	"cmp"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/goldrec/gold/recommend/model"
)

// leaders are the items that lead, in order. They are immutable.
type leaders struct {
	list     []entry
	complete bool  // there is no other item of a sum above zero
	now      int64 // of who put them in order
	latest   int64 // the time that scores are as of
	ceiling  int64 // Counters.ceiling of then
	full     int64 // now of who last looked at all items
	number   uint64
}

// entry is an item and what it is in order of; -Inf for an item that has nothing for it.
type entry struct {
	key  float64
	item uint32
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(b.key, a.key), cmp.Compare(a.item, b.item))
}

const (
	leadersMax = 2048
	leadersFew = 256 // up to so many are put in order after every event
)

// Top appends up to n items of a sum above zero that allow contains, the best first, ties by handle, and returns the extended
// slice; allow may be nil. Scores are the sums as of the newest event. They are finite and above zero; where float32 has no
// digits left for sums that differ, scores are equal and the order is that of the sums.
//
// It walks the leading items. Only when allow refuses too many of those does it look at all others: at those of allow when
// that is a bitmap, and else at every item, some 10 ms for a million.
func (c *Counters) Top(dst []model.Scored, n int, allow model.Allow, now int64) []model.Scored {
	c.top(n, allow, now, func(item uint32, score float32) { dst = append(dst, model.Scored{Item: item, Score: score}) })
	return dst
}

// top gives what Top returns to emit, one by one.
func (c *Counters) top(n int, allow model.Allow, now int64, emit func(item uint32, score float32)) {
	lead, left, last := c.order(now), n, float32(math.MaxFloat32)
	for _, e := range lead.list {
		if left <= 0 {
			return
		}
		if allow == nil || allow.Contains(e.item) {
			last = min(last, c.score(e.key, lead.latest))
			emit(e.item, last)
			left--
		}
	}
	if left <= 0 || lead.complete {
		return
	}
	for _, e := range c.others(lead, left, allow, now) {
		last = min(last, c.score(e.key, lead.latest))
		emit(e.item, last)
	}
}

// Order is a number of the order that the leading items are in now. While it is the same, Top gives the same items of them, with
// the same scores.
func (c *Counters) Order(now int64) uint64 { return c.order(now).number }

// order returns the leaders, put in order when that is due and nobody else does it.
func (c *Counters) order(now int64) *leaders {
	c.look(now)
	lead := c.lead.Load()
	switch {
	case lead == nil:
		c.ordering.Lock() // nobody has anything to show until the first is through
	case !c.stale(lead, now) || !c.ordering.TryLock():
		return lead
	}
	defer c.ordering.Unlock()
	if last := c.lead.Load(); last != lead && last != nil {
		return last // somebody has just done it
	}
	next := c.reordered(lead, now)
	if next.number = 1; lead != nil {
		next.number = lead.number + 1
	}
	c.lead.Store(next)
	return next
}

func (c *Counters) stale(lead *leaders, now int64) bool {
	switch {
	case lead.outlived(now, c.slack):
		return true
	case !c.dirty.Load():
		return false
	}
	return c.due.Load() || len(lead.list) <= leadersFew || now != lead.now || lead.ceiling != c.ceiling.Load()
}

// outlived reports whether the clock was behind, and has come so far that what was in its future may be in its past.
func (l *leaders) outlived(now, slack int64) bool {
	return l.ceiling != noTime && now > later(l.full, slack)
}

// reordered puts the leaders in order: those before with what was touched since, or all items when that does not do.
func (c *Counters) reordered(lead *leaders, now int64) *leaders {
	c.dirty.Store(false)
	c.due.Store(false)
	next := &leaders{now: now, ceiling: c.ceiling.Load(), latest: c.newest()}
	key := func(s slot) float64 { return c.key(s, now) }
	var touched []entry
	all := true
	for i := range c.shards {
		var told bool
		touched, told = c.shards[i].drain(touched, key)
		all = all && told
	}
	if all && lead != nil && lead.ceiling == next.ceiling && !lead.outlived(now, c.slack) && next.merge(lead, touched) {
		next.full = lead.full
		return next
	}
	next.full = now
	k := keeper{max: leadersMax}
	for i := range c.shards {
		c.shards[i].each(uint32(i), func(item uint32, s slot) { k.add(entry{key(s), item}) })
	}
	next.list, next.complete = k.sorted(), !k.dropped
	return next
}

func (c *Counters) key(s slot, now int64) float64 {
	if s.sum <= 0 {
		return math.Inf(-1)
	}
	return s.key(c.effective(s.time, now), c.halfLife)
}

// merge makes the list of the one before and what was touched; false when it has too few of which it is sure. An item that
// did not lead and was not touched is no better than the last of those who led.
func (n *leaders) merge(before *leaders, touched []entry) bool {
	limit := entry{math.Inf(-1), model.NoItem}
	if !before.complete {
		limit = before.list[len(before.list)-1]
	}
	n.complete = before.complete
	slices.SortFunc(touched, func(a, b entry) int { return cmp.Compare(a.item, b.item) })
	kept := make([]entry, 0, len(before.list)+len(touched))
	for _, e := range before.list {
		if _, found := slices.BinarySearchFunc(touched, e.item, compareItem); !found {
			kept = append(kept, e)
		}
	}
	slices.SortFunc(touched, compareEntries)
	good := 0 // of touched are as good as the last of those who led
	for good < len(touched) && compareEntries(touched[good], limit) <= 0 && !math.IsInf(touched[good].key, -1) {
		good++
	}
	n.list = merged(kept, touched[:good])
	if len(n.list) > leadersMax {
		n.list, n.complete = n.list[:leadersMax], false
	}
	return n.complete || len(n.list) >= leadersMax/2
}

func compareItem(e entry, item uint32) int { return cmp.Compare(e.item, item) }

// merged puts the entries of b in their places among those of a, which has room for them. Both are in order.
func merged(a, b []entry) []entry {
	i, out := len(a)-1, a[:len(a)+len(b)]
	for at := len(out) - 1; len(b) > 0; at-- {
		if last := b[len(b)-1]; i < 0 || compareEntries(a[i], last) < 0 {
			out[at], b = last, b[:len(b)-1]
		} else {
			out[at] = a[i]
			i--
		}
	}
	return out
}

// others returns the best of the items that do not lead. Their sums may be newer than those of the leaders: none is let
// ahead of them.
func (c *Counters) others(lead *leaders, n int, allow model.Allow, now int64) []entry {
	leads := make([]uint32, len(lead.list))
	for i, e := range lead.list {
		leads[i] = e.item
	}
	slices.Sort(leads)
	k := keeper{max: min(n, 1<<30)}
	visit := func(item uint32, s slot) {
		if e := (entry{c.key(s, now), item}); k.wants(e) {
			if _, found := slices.BinarySearch(leads, item); !found && (allow == nil || allow.Contains(item)) {
				k.add(e)
			}
		}
	}
	if bitmap, ok := allow.(*roaring.Bitmap); ok {
		for it := bitmap.Iterator(); it.HasNext(); {
			item := it.Next()
			s := &c.shards[item%shardCount]
			s.mu.Lock()
			slot := s.get(item / shardCount)
			s.mu.Unlock()
			visit(item, slot)
		}
		return k.sorted()
	}
	for i := range c.shards {
		c.shards[i].each(uint32(i), visit)
	}
	return k.sorted()
}

// keeper keeps the best max entries of what is added, of those above nothing.
type keeper struct {
	list    []entry
	max     int
	floor   entry // the worst of max that were better, when dropped
	dropped bool
}

func (k *keeper) wants(e entry) bool {
	return !math.IsInf(e.key, -1) && (!k.dropped || compareEntries(e, k.floor) < 0)
}

func (k *keeper) add(e entry) {
	switch {
	case math.IsInf(e.key, -1):
	case !k.wants(e):
	default:
		k.list = append(k.list, e)
		if len(k.list) >= 2*k.max+16 {
			k.cut()
		}
	}
}

func (k *keeper) cut() {
	slices.SortFunc(k.list, compareEntries)
	if len(k.list) > k.max {
		k.list, k.dropped = k.list[:k.max], true
		k.floor = k.list[k.max-1]
	}
}

func (k *keeper) sorted() []entry {
	k.cut()
	return k.list
}
