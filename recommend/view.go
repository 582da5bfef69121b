package recommend

import (
	"math"
	"slices"
	"time"

	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/recommend/blend"
)

// found is what the walking parts of a blend proposed for a user: kept, so that the next pages need not look for it again. It
// is of all items available then that the user had not met. It is immutable.
type found struct {
	items    []byte // by handle, packed
	walkers  uint64 // the parts that were asked
	arrivals uint64 // of the catalogue, before
	told     uint32 // of the user's state
	asked    uint16 // of each part
	all      bool   // they have no more
}

const (
	// askedMin is how many items each walking part is asked for at least, so that enough is left where a filter lets half
	// of them through and the user meets some.
	askedMin = 44
	// askedMax is up to how many are wanted that what was found is kept.
	askedMax = 128
	// toldMax and turnedMax are how many interactions may come, and by how much the user's vector may turn, in radians,
	// before parts look anew. With 100,000 items pages hold 1.000 of the best 20 after one to eight clicks on them, and 0.998 after nine and
	// ten, as those did for which parts looked every time; other bounds were not tried.
	toldMax   = 10
	turnedMax = 0.5
	// arrivalsMax is for how many items in the catalogue one may become available before they do.
	arrivalsMax = 1000
)

// embed sees that the user's vector is that of the history.
func (q *query) embed() {
	u := &q.stage.User
	if u.Vector != nil || len(u.History) == 0 {
		return
	}
	g := q.generation
	if len(q.seeds) > 0 {
		u.Vector = g.blend.Embed(nil, u.History, u.Now)
		return
	}
	v := q.state.view.Load()
	switch {
	default:
		q.back = true
	case v == nil || v.epoch != g.epoch:
		v = &view{epoch: g.epoch, told: q.state.told, vector: g.blend.Embed(nil, u.History, u.Now)}
		q.state.view.Store(v)
	case v.told != q.state.told && v.hurried(q.stage.Now) && q.plan.rule < 0:
		q.back, q.hurried = true, true
	case v.told != q.state.told:
		next := *v
		next.vector, next.told, next.ranked = slices.Clone(v.vector), q.state.told, nil
		next.due = max(v.due, q.stage.Now.UnixNano()) + int64(renewEvery)
		q.back = v.ahead(q.stage.Now) > renewBurst*renewEvery/2 // a ranking is worth it
		g.blend.Follow(next.vector, u.History, u.Now)
		next.turned += angle(v.vector, next.vector)
		v = &next
		q.state.view.Store(v)
	}
	q.view, u.Vector = v, v.vector
}

const (
	// renewEvery is how often at most what is kept of a user is made anew for the interactions that have come, once that was
	// renewBurst times in a row. Nobody is that fast; a program is, or a benchmark whose first user has a twelfth of all
	// calls, and would have the processor to itself.
	renewEvery = 100 * time.Millisecond
	renewBurst = 20
)

// hurried reports whether the view has been made anew so often of late that pages are made of it as it is: what was met meanwhile is
// not shown, and does not count yet.
func (v *view) hurried(now time.Time) bool {
	ahead := v.ahead(now)
	return ahead > renewBurst*renewEvery && ahead <= (renewBurst+1)*renewEvery // more: the clock went back
}

// calm is when the view may be made anew, in Unix nanoseconds.
func (v *view) calm() int64 { return v.due - int64(renewBurst*renewEvery) }

// ahead is how many times renewEvery the view was made anew more than time has passed, as the generic cell rate algorithm counts.
func (v *view) ahead(now time.Time) time.Duration { return time.Duration(v.due - now.UnixNano()) }

// angle is how far two vectors point apart, in radians.
func angle(a, b []float32) float32 {
	product, squares := float64(simd.Dot(a, b)), float64(simd.Dot(a, a))*float64(simd.Dot(b, b))
	if !(squares > 0) {
		return 0
	}
	return float32(math.Acos(min(1, max(-1, product/math.Sqrt(squares)))))
}

// again sets items to what the parts proposed for the user not long ago, as far as it may be shown, with what those parts propose
// that need not look for it. It is false when too little of it is left.
func (q *query) again(answer *blend.Answer, n int) bool {
	if q.view == nil || n > askedMax {
		return false
	}
	f := q.looked(answer, n)
	before := len(q.items)
	var allowed int
	q.items, allowed = answer.GatherFrom(q.items, q.known, n, q)
	if !f.all && (len(q.items)-before < n || 3*allowed < len(q.known)) {
		q.items = q.items[:before]
		return false
	}
	if q.plan.rule >= 0 { // what the user has met was not looked for
		for i := range q.past {
			if item := q.past[i].item; q.Contains(item) {
				q.items = append(q.items, item)
			}
		}
		slices.Sort(q.items)
		q.items = slices.Compact(q.items)
	}
	return true
}

// looked sets known to what the walking parts propose: what is kept of that while it holds for the user and n, else what they find
// now.
func (q *query) looked(answer *blend.Answer, n int) *found {
	walkers := answer.Walkers()
	f := q.view.found
	if f == nil || f.told+toldMax <= q.state.told || q.view.turned > turnedMax || walkers&^f.walkers != 0 ||
		int(f.asked) < n || missed(q.engine, f.arrivals) {
		return q.find(answer, walkers, n)
	}
	q.known = unpackItems(q.known[:0], f.items)
	return f
}

// missed reports whether so many items have become available since arrivals was so much that some might have been found.
func missed(e *Engine, arrivals uint64) bool {
	return e.catalog.Arrivals()-arrivals > uint64(e.catalog.Len()/arrivalsMax)
}

// find looks for what the walking parts propose, and keeps it.
func (q *query) find(answer *blend.Answer, walkers uint64, n int) *found {
	f := &found{
		walkers: walkers, arrivals: q.engine.catalog.Arrivals(), told: q.state.told, asked: uint16(asked(n)),
	}
	q.known, f.all = answer.Walk(q.known[:0], int(f.asked), unmet{q})
	f.items = packItems(q.known)
	next := *q.view
	next.found, next.turned = f, 0
	q.see(&next)
	return f
}

// asked is how many items each part is asked for so that n may be shown of them.
func asked(n int) int { return max(askedMin, 2*n) }

// see makes a view the user's.
func (q *query) see(v *view) {
	q.view = v
	q.state.view.Store(v)
}

// unmet is what is available and the user has not met, whatever a page may show.
type unmet struct{ q *query }

func (u unmet) Contains(item uint32) bool {
	return u.q.engine.catalog.Available(item) && !u.q.hasMet(item)
}
