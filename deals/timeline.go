package deals

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	zonesMax   = 64              // of how many a board remembers what is live; the one met first goes first
	endedFor   = daySeconds      // how long what has ended is listed, in seconds
	nearestMax = 256             // turns that are remembered to be next or last
	strideMax  = 40 * daySeconds // a clock that goes on by more is not followed turn by turn
	never      = int64(math.MaxInt64)
)

// timelines are those of a board, by the zone that users' windows are in. They are made by build.
type timelines struct {
	mu    sync.Mutex
	keys  []zoneKey // at most zonesMax
	lines sync.Map  // of zoneKey → *timeline
}

// zoneKey tells zones apart however often they have been loaded: by name, and by offsets, since made-up zones share names.
type zoneKey struct {
	name           string
	winter, summer int
}

func keyOf(loc *time.Location) zoneKey {
	if loc == nil {
		return zoneKey{}
	}
	k := zoneKey{name: loc.String()}
	_, k.winter = time.Unix(1_768_478_400, 0).In(loc).Zone() // 15 January 2026
	_, k.summer = time.Unix(1_784_116_800, 0).In(loc).Zone() // 15 July
	return k
}

// timeline walks along the turns of the deals as time goes on, so that a look costs what has changed since the last one.
type timeline struct {
	loc   *time.Location // of users; nil leaves deals in users' zones out
	deals []Deal
	now   atomic.Pointer[view]
	was   atomic.Pointer[view] // the one before, for those who ask a moment late

	mu      sync.Mutex
	nearest nearest
	places  []place // of each deal, at the beginning of the view
	queue   []int32 // deals that will change: a heap by when, then by index
}

// place is where a deal is among its turns.
type place struct {
	live, more      bool // whether now, and next, are something
	now, next, last turn // last.until is 0 when nothing has ended lately
}

// changes returns when the next turn begins or the present one ends.
func (p *place) changes() int64 {
	switch {
	case p.live:
		return p.now.until // which is not after next.from: turns do not overlap
	case p.more:
		return p.next.from
	}
	return never
}

// view is what is live from one instant up to another. It does not change.
type view struct {
	from, until int64
	live        []dealTurn // in the order of the deals
}

// dealTurn is a turn of the deal of an index.
type dealTurn struct {
	deal int32
	turn
}

// change is a turn that has begun, or ended.
type change struct {
	dealTurn
	opened bool
}

func (s *set) timeline(loc *time.Location) *timeline {
	key := keyOf(loc)
	if found, ok := s.times.lines.Load(key); ok {
		return found.(*timeline)
	}
	s.times.mu.Lock()
	defer s.times.mu.Unlock()
	if found, ok := s.times.lines.Load(key); ok {
		return found.(*timeline)
	}
	if len(s.times.keys) >= zonesMax {
		s.times.lines.Delete(s.times.keys[0])
		s.times.keys = slices.Delete(s.times.keys, 0, 1)
	}
	line := &timeline{loc: loc, deals: s.deals}
	s.times.keys = append(s.times.keys, key)
	s.times.lines.Store(key, line)
	return line
}

// in is where the clocks of a window are for users of a zone; nil when neither says.
func (w Window) in(loc *time.Location) *time.Location {
	if z := w.zone(); z != nil {
		return z
	}
	return loc
}

// at returns what is live at t.
func (l *timeline) at(t int64) *view {
	for _, v := range []*view{l.now.Load(), l.was.Load()} {
		if v != nil && t >= v.from && t < v.until {
			return v
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.move(t)
}

// move goes to t, with the lock held.
func (l *timeline) move(t int64) *view {
	v := l.now.Load()
	if v == nil || t < v.from || t >= v.until && t-v.from > strideMax {
		v = l.build(t)
	}
	last := l.now.Load()
	for t >= v.until {
		last = v
		v, _ = l.advance(v)
	}
	l.was.Store(last)
	l.now.Store(v)
	return v
}

// build finds the place of every deal at t.
func (l *timeline) build(t int64) *view {
	l.places, l.queue = make([]place, len(l.deals)), nil
	v := &view{from: t}
	for i := range l.deals {
		w := l.deals[i].Window
		loc := w.in(l.loc)
		if loc == nil {
			continue
		}
		p := &l.places[i]
		before := max(t-endedFor, firstInstant)
		if s := w.w.stateAt(before, loc); s.live {
			p.now, p.live = s.turn, true
		}
		p.next, p.more = w.w.next(before, loc)
		for p.changes() <= t {
			p.step(p.changes(), w.w, loc)
		}
		if p.live {
			v.live = append(v.live, dealTurn{int32(i), p.now})
		}
		if p.changes() != never {
			l.queue = append(l.queue, int32(i))
		}
	}
	heap.Init((*byChange)(l))
	v.until = l.change()
	return v
}

// step goes on to t, at which the place changes.
func (p *place) step(t int64, w *window, loc *time.Location) {
	if p.live {
		p.last, p.live = p.now, false
	}
	if p.more && p.next.from <= t {
		p.now, p.live = p.next, true
		p.next, p.more = w.next(p.now.from, loc)
	}
}

// change is when anything changes next.
func (l *timeline) change() int64 {
	if len(l.queue) == 0 {
		return never
	}
	return l.places[l.queue[0]].changes()
}

// advance goes on to where the view ends, and returns the next one and what happened there, in the order of the deals, what
// ended first.
func (l *timeline) advance(v *view) (*view, []change) {
	t := v.until
	next := &view{from: t}
	var happened []change
	for l.change() == t {
		i := l.queue[0]
		p := &l.places[i]
		if p.live {
			happened = append(happened, change{dealTurn{i, p.now}, false})
		}
		p.step(t, l.deals[i].Window.w, l.deals[i].Window.in(l.loc))
		if p.live {
			happened = append(happened, change{dealTurn{i, p.now}, true})
		}
		if p.changes() == never {
			heap.Pop((*byChange)(l))
		} else {
			heap.Fix((*byChange)(l), 0)
		}
	}
	next.until = l.change()
	next.live = merge(v.live, happened)
	slices.SortStableFunc(happened, func(a, b change) int {
		if a.opened != b.opened {
			return cmp.Compare(b2i(a.opened), b2i(b.opened))
		}
		return cmp.Compare(a.deal, b.deal)
	})
	return next, happened
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// merge is what is live after changes, which are in the order of the deals.
func merge(live []dealTurn, changes []change) []dealTurn {
	next := make([]dealTurn, 0, len(live)+len(changes))
	for _, c := range changes {
		for len(live) > 0 && live[0].deal < c.deal {
			next, live = append(next, live[0]), live[1:]
		}
		if len(live) > 0 && live[0].deal == c.deal {
			live = live[1:]
		}
		if c.opened {
			next = append(next, c.dealTurn)
		}
	}
	return append(next, live...)
}

// coming returns the up to n turns that begin next after t, of the deals that allow takes, the soonest first, then in the
// order of the deals.
func (l *timeline) coming(t int64, n int, allow func(d *Deal) bool) []dealTurn {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle(t)
	return l.nearest.coming.take(l, n, allow, nextOf)
}

// ended returns the up to n turns that ended last in the day before t, the latest first, then in the order of the deals.
func (l *timeline) ended(t int64, n int, allow func(d *Deal) bool) []dealTurn {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle(t)
	list := l.nearest.ended.take(l, n, allow, lastOf)
	old := slices.IndexFunc(list, func(d dealTurn) bool { return d.until <= t-endedFor })
	if old >= 0 {
		list = list[:old]
	}
	return list
}

// settle moves to t, unless that is a moment ago, with the lock held.
func (l *timeline) settle(t int64) {
	if was := l.was.Load(); was == nil || t < was.from || t >= was.until {
		l.move(t)
	}
	if now := l.now.Load(); l.nearest.view != now {
		all := func(*Deal) bool { return true }
		l.nearest.view = now
		l.nearest.coming, l.nearest.ended = l.pick(nearestMax, all, nextOf), l.pick(nearestMax, all, lastOf)
	}
}

// nearest is what begins next, and ended last, at a view: most of what is asked for.
type nearest struct {
	view          *view
	coming, ended turns
}

// turns are the first of some order, all of them when they are fewer than nearestMax.
type turns []dealTurn

// take returns the first n that allow takes.
func (ts turns) take(l *timeline, n int, allow func(d *Deal) bool, of func(p *place) (turn, int64, bool)) []dealTurn {
	var out []dealTurn
	for _, d := range ts {
		if len(out) == n {
			return out
		}
		if allow(&l.deals[d.deal]) {
			out = append(out, d)
		}
	}
	if len(out) < n && len(ts) == nearestMax {
		return l.pick(n, allow, of)
	}
	return out
}

// nextOf and lastOf are the orders of coming and ended: a turn, its key, and whether there is one.
func nextOf(p *place) (turn, int64, bool) { return p.next, p.next.from, p.more }
func lastOf(p *place) (turn, int64, bool) { return p.last, -p.last.until, p.last.from < p.last.until }

// pick returns the n first turns by their keys. It looks at every deal.
func (l *timeline) pick(n int, allow func(d *Deal) bool, of func(p *place) (turn, int64, bool)) []dealTurn {
	type keyed struct {
		key int64
		dealTurn
	}
	var best []keyed
	for i := range l.places {
		tn, key, ok := of(&l.places[i])
		if !ok || n == 0 || len(best) == n && key >= best[n-1].key || !allow(&l.deals[i]) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, key+1, func(k keyed, key int64) int { return cmp.Compare(k.key, key) })
		best = slices.Insert(best, at, keyed{key, dealTurn{int32(i), tn}})
		best = best[:min(len(best), n)]
	}
	out := make([]dealTurn, len(best))
	for i, b := range best {
		out[i] = b.dealTurn
	}
	return out
}

// byChange is a timeline as a heap of its queue.
type byChange timeline

func (q *byChange) Len() int { return len(q.queue) }

func (q *byChange) Less(i, j int) bool {
	a, b := q.queue[i], q.queue[j]
	return cmp.Or(cmp.Compare(q.places[a].changes(), q.places[b].changes()), cmp.Compare(a, b)) < 0
}

func (q *byChange) Swap(i, j int) { q.queue[i], q.queue[j] = q.queue[j], q.queue[i] }
func (q *byChange) Push(any)      {} // only Init, Fix and Pop are used

func (q *byChange) Pop() any {
	q.queue = q.queue[:len(q.queue)-1]
	return nil
}
