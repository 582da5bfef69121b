package source

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
)

// Fresh proposes the newest items by their Created, equal ones by handle; not those without a time, nor those of the future.
// It keeps the newest 4,096 in order, and looks at the catalogue again when that has changed, at most once in a second for
// each 10,000 items and at once when it has less than a thousand: a new item of a million may take 100 s to show. That costs about
// 20 ns an item. Of a filter that refuses nearly all of the 4,096 it
// proposes little. It costs a walk through them, until n are allowed.
type Fresh struct {
	Worth float32 // what being first is worth, in standard deviations

	looking sync.Mutex
	newest  atomic.Pointer[newest]
}

const (
	freshMax     = 4096
	itemsPerWait = 1000 // for each so many items the catalogue is not looked at again for a tenth of a second
)

// newest is the newest items of a catalogue, newest first.
type newest struct {
	catalog *catalog.Catalog
	version uint64
	now     time.Time
	items   []created
}

type created struct {
	at   time.Time
	item uint32
}

func compareCreated(a, b created) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.item, b.item)) }

// Name is "fresh".
func (f *Fresh) Name() string { return "fresh" }

// Validate implements stage.Checked.
func (f *Fresh) Validate() error { return checkWorth("fresh", f.Worth) }

// Propose implements stage.Source.
func (f *Fresh) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	from := len(dst)
	for _, c := range f.look(q) {
		if len(dst)-from >= n {
			break
		}
		if !c.at.After(q.Now) && q.Allows(c.item) {
			dst = append(dst, stage.Candidate{Item: c.item})
		}
	}
	worth(dst[from:], n, f.Worth)
	return dst
}

// look returns the newest items, found anew when that is due and nobody else does it.
func (f *Fresh) look(q *stage.Query) []created {
	last := f.newest.Load()
	switch {
	case last == nil || last.catalog != q.Catalog:
		f.looking.Lock()
	case !last.stale(q) || !f.looking.TryLock():
		return last.items
	}
	defer f.looking.Unlock()
	if now := f.newest.Load(); now != last && now.catalog == q.Catalog {
		return now.items // somebody has just done it
	}
	next := &newest{catalog: q.Catalog, version: q.Catalog.Version(), now: q.Now}
	for item := range uint32(q.Catalog.Handles()) {
		next.add(created{q.Catalog.Created(item), item})
	}
	next.cut()
	f.newest.Store(next)
	return next.items
}

func (n *newest) stale(q *stage.Query) bool {
	wait := time.Duration(q.Catalog.Handles()/itemsPerWait) * 100 * time.Millisecond
	age := q.Now.Sub(n.now)
	return q.Catalog.Version() != n.version && (age >= wait || age < 0)
}

// add keeps the newest freshMax, and not many more.
func (n *newest) add(c created) {
	if c.at.IsZero() {
		return
	}
	if n.items = append(n.items, c); len(n.items) >= 2*freshMax {
		n.cut()
	}
}

func (n *newest) cut() {
	slices.SortFunc(n.items, compareCreated)
	n.items = n.items[:min(len(n.items), freshMax)]
}
