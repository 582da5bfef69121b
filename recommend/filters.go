package recommend

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/blend"
)

const (
	filtersMax   = 128  // filters kept compiled
	filterKeyMax = 4096 // bytes of the key of one that is
	// enumerateMax is up to how many items a filter may match so that looking at each is quicker than searching.
	enumerateMax = 8192
	// listEvery is how often the items of a filter are listed anew in a large catalogue that changes all the time.
	listEvery = 100 * time.Millisecond
	// listAlways is up to how many items they are listed anew after every change.
	listAlways = 10_000
	// bitmapMax is up to how many items the catalogue may have for bitmaps of filters to be kept: of half a MB each at most.
	bitmapMax = 1 << 22
)

// filters is the filters of the latest requests, compiled, by their keys. The clock algorithm chooses who leaves.
type filters struct {
	mu    sync.RWMutex
	byKey map[string]*filter
	slots []*filter
	hand  int
}

// filter is a compiled filter, and what it lets through if that is little.
type filter struct {
	key     string
	matcher *catalog.Matcher
	used    atomic.Bool // since the hand last passed

	listing sync.Mutex // held by who lists
	list    atomic.Pointer[narrow]
}

// narrow is what a filter lets through, as of a version of the catalogue.
type narrow struct {
	version uint64
	at      time.Time
	few     bool     // items holds; else there are more than enumerateMax
	items   []uint32 // that are available, ascending; shared
	bitmap  bitmap   // of all that match; nil for the first list of a filter
	ready   atomic.Pointer[ready]
}

// bitmap is a set of handles, a bit each.
type bitmap []uint64

func (b bitmap) has(item uint32) bool { return int(item>>6) < len(b) && b[item>>6]>>(item&63)&1 != 0 }

// ready is the list made ready for the models of an epoch; at first, that somebody has asked for it.
type ready struct {
	epoch uint64
	list  *blend.Shortlist
}

// compile returns the filter compiled, with buf as memory for its key.
func (fs *filters) compile(c *catalog.Catalog, f catalog.Filter, buf []byte) (*filter, []byte, error) {
	buf = catalog.AppendKey(buf[:0], f)
	fs.mu.RLock()
	known := fs.byKey[string(buf)]
	fs.mu.RUnlock()
	if known != nil {
		if !known.used.Load() {
			known.used.Store(true)
		}
		return known, buf, nil
	}
	matcher, err := c.Compile(f)
	if err != nil {
		return nil, buf, err
	}
	made := &filter{matcher: matcher}
	if len(buf) <= filterKeyMax {
		made = fs.add(string(buf), made)
	}
	return made, buf, nil
}

// add keeps the filter, unless another goroutine was first.
func (fs *filters) add(key string, made *filter) *filter {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if known := fs.byKey[key]; known != nil {
		return known
	}
	if fs.byKey == nil {
		fs.byKey = map[string]*filter{}
	}
	made.key = key
	if len(fs.slots) < filtersMax {
		fs.slots = append(fs.slots, made)
	} else {
		for fs.slots[fs.hand].used.Swap(false) {
			fs.hand = (fs.hand + 1) % filtersMax
		}
		delete(fs.byKey, fs.slots[fs.hand].key)
		fs.slots[fs.hand] = made
		fs.hand = (fs.hand + 1) % filtersMax
	}
	fs.byKey[key] = made
	return made
}

// narrow lists what the filter lets through. Of those who need the list one makes it; the others wait, or take the list before
// when there is one: what is on a page is asked for once more in any case.
func (f *filter) narrow(c *catalog.Catalog, now time.Time) *narrow {
	last := f.list.Load()
	switch {
	case last == nil:
		f.listing.Lock()
	case !last.stale(c, now) || !f.listing.TryLock():
		return last
	}
	defer f.listing.Unlock()
	if l := f.list.Load(); l != last {
		return l // somebody has just made it
	}
	next := &narrow{version: c.Version(), at: now}
	if last != nil && c.Handles() <= bitmapMax { // many a filter is never asked for again
		next.bitmap = append(bitmap{}, f.matcher.Bitmap().ToDense()...)
	}
	next.items, next.few = f.matcher.AppendHandles(nil, enumerateMax)
	kept := next.items[:0]
	for _, item := range next.items {
		if c.Available(item) {
			kept = append(kept, item)
		}
	}
	next.items = kept
	f.list.Store(next)
	return next
}

func (l *narrow) stale(c *catalog.Catalog, now time.Time) bool {
	if l.version == c.Version() {
		return l.bitmap == nil && c.Handles() <= bitmapMax
	}
	age := now.Sub(l.at)
	return c.Handles() <= listAlways || age < 0 || age >= listEvery
}

// shortLeast is from how many items on a list is worth making ready.
const shortLeast = 256

// shortlist returns the list made ready for the models of a generation; nil when it is short, and for the first who asks: many a
// filter is never asked for again.
func (l *narrow) shortlist(g *generation) *blend.Shortlist {
	if len(l.items) < shortLeast {
		return nil
	}
	r := l.ready.Load()
	switch {
	case r == nil || r.epoch != g.epoch:
		l.ready.CompareAndSwap(r, &ready{epoch: g.epoch})
		return nil
	case r.list == nil:
		made := &ready{epoch: g.epoch, list: g.blend.Shortlist(l.items)}
		if !l.ready.CompareAndSwap(r, made) {
			return nil
		}
		return made.list
	}
	return r.list
}
