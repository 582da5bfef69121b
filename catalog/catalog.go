package catalog

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/internal/idmap"
)

// Catalog is the items, by handle. It is safe for concurrent use: writers take turns, readers never wait for anybody.
//
// Handles are dense and stable: the first item gets 0, and a deleted item that comes back gets its old one.
//
// An item of a title, a brand, a path of three names, a price and three attribute values costs 85 to 95 bytes beside its
// identifier and title, 150 to 200 once there is an index for search, and is one object for the garbage collector.
type Catalog struct {
	ids      IDs
	terms    terms
	facets   idmap.Map[*facet]
	fields   directory[facet] // by number
	dir      directory[chunk] // nil for chunks that never had an item
	live     atomic.Int64     // items
	shown    atomic.Int64     // items that are available
	version  atomic.Uint64
	arrivals atomic.Uint64                 // times that an item became available
	waiters  atomic.Pointer[chan struct{}] // closed at the next change; nil when nobody waits
	text     atomic.Pointer[textIndex]     // nil before the first search

	synonyms atomic.Pointer[synonyms] // nil before any were set

	price, stock, created sliced // minor units, units, seconds

	mu      sync.Mutex // held by writers
	scratch scratch    // guarded by mu
}

// New makes an empty catalogue. What is put into it is shown once its Available is true, which in an Item written down
// in Go is not the default.
func New() *Catalog { return new(Catalog) }

// Upsert puts an item in place of the one with its ID, or beside the others, and returns its handle. The catalogue copies
// all of it. An item that is not as [Item] says gives an [InvalidError] and changes nothing; ErrFull says that its handle
// is above two billion, or that values and words have used up four billion numbers. It costs some microseconds and
// clones nothing larger than 8 KiB, however many items there are. An item that is there already, just as it is, stays
// what it was, and so does Version.
//
// An item whose Available is false, as it is when nothing was said of it, is held but never shown.
func (c *Catalog) Upsert(it Item) (handle uint32, err error) {
	if err := it.check(); err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	handle, _, err = c.upsert(&it)
	return handle, err
}

// upsert is Upsert of a checked item, and says whether that changed anything. Under Catalog.mu.
func (c *Catalog) upsert(it *Item) (handle uint32, changed bool, err error) {
	if c.terms.n.Load() > termsMax {
		return 0, false, ErrFull
	}
	handle, err = c.ids.Intern(it.ID)
	if err != nil {
		return 0, false, err
	}
	if handle >= itemsMax {
		return 0, false, ErrFull
	}
	h := c.newHead(it)
	return handle, c.put(handle, &h), nil
}

// Patch changes what changes often, and leaves the rest of the item as it is. It returns ErrUnknownItem, or an
// [InvalidError] for a price or stock that Upsert would not take either.
func (c *Catalog) Patch(id string, p Patch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.patch(id, p)
}

// patch is Patch, under Catalog.mu.
func (c *Catalog) patch(id string, p Patch) error {
	handle, old, err := c.known(id)
	if err != nil {
		return err
	}
	if err := p.check(id); err != nil {
		return err
	}
	h := old.head()
	if p.Stock != nil {
		h.stock = *p.Stock
	}
	if p.Available != nil {
		h.flags &^= flagAvailable
		if *p.Available {
			h.flags |= flagAvailable
		}
	}
	if p.Price != nil {
		h.minor, h.currency = p.Price.Minor, 0
		if p.Price.Currency != "" {
			h.currency = c.intern(c.facet("currency"), p.Price.Currency)
		}
	}
	c.put(handle, &h)
	return nil
}

// Delete removes an item. Its handle stays its own.
func (c *Catalog) Delete(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.delete(id)
}

// delete is Delete, under Catalog.mu.
func (c *Catalog) delete(id string) error {
	handle, _, err := c.known(id)
	if err != nil {
		return err
	}
	c.put(handle, nil)
	return nil
}

// known returns the handle and record of an item, or ErrUnknownItem.
func (c *Catalog) known(id string) (handle uint32, r record, err error) {
	handle, ok := c.Lookup(id)
	if ok {
		r = c.record(handle)
	}
	if r == nil {
		return 0, nil, fmt.Errorf("%w: %.64q", ErrUnknownItem, id)
	}
	return handle, r, nil
}

// Item returns the item of a handle: nil when it was deleted, and when the handle has none. Each call makes another one,
// which costs about half a microsecond and a few hundred bytes; its texts are the catalogue's. Paths that are asked for
// many items take [Catalog.Price], [Catalog.Created] and a [Column], which allocate nothing.
func (c *Catalog) Item(handle uint32) *Item {
	for {
		r := c.record(handle)
		if r == nil {
			return nil
		}
		if it, ok := c.item(handle, r); ok {
			return it
		} // else a value has gone since, and the record with it: there is another one
	}
}

// Price returns the price of the item of a handle, and the zero Money where there is none. It allocates nothing.
func (c *Catalog) Price(handle uint32) Money {
	for {
		r := c.record(handle)
		if r == nil {
			return Money{}
		}
		h := r.head()
		if h.currency == 0 {
			return Money{}
		}
		if _, currency, ok := c.terms.value(h.currency); ok {
			return Money{h.minor, currency}
		}
	}
}

// Created returns when the item of a handle was created, in UTC, and the zero time where that is not known. It allocates
// nothing.
func (c *Catalog) Created(handle uint32) time.Time {
	if r := c.record(handle); r != nil {
		h := r.head()
		return h.created()
	}
	return time.Time{}
}

// IDs returns the catalogue's table of identifiers. To intern one there gives it a handle before it has an item, if it
// ever has one: Item is nil and Available false, no filter matches it and All leaves it out. An Upsert of that ID later
// takes the handle.
func (c *Catalog) IDs() *IDs { return &c.ids }

// Lookup returns the handle of an ID, which stays known when the item is deleted.
func (c *Catalog) Lookup(id string) (handle uint32, ok bool) { return c.ids.Lookup(id) }

// ID returns the ID of a handle, with or without an item, and "" for a handle that was never given.
func (c *Catalog) ID(handle uint32) string { return c.ids.ID(handle) }

// Available reports whether the item of a handle is there and may be shown. It is one bit in memory, for the hottest
// of paths.
func (c *Catalog) Available(handle uint32) bool {
	ch := c.chunk(handle)
	return ch != nil && ch.available.has(handle%chunkSize)
}

// Len is the number of items.
func (c *Catalog) Len() int { return int(c.live.Load()) }

// Handles is the number of handles ever given, to items or by [IDs.Intern]: they are 0 to Handles()-1.
func (c *Catalog) Handles() int { return c.ids.Len() }

// Version is a number that has grown with every change of an item. What was worked out of the catalogue, such as the
// Bitmap of a filter, is still right as long as Version returns what it returned before the work began.
func (c *Catalog) Version() uint64 { return c.version.Load() }

// Arrivals is how many times an item has become available: what was chosen from all that were then lacks at most as many
// as have come since.
func (c *Catalog) Arrivals() uint64 { return c.arrivals.Load() }

// All yields the items with their handles, lowest first, each made as Item makes it. It may run any number of times.
func (c *Catalog) All() iter.Seq2[uint32, *Item] {
	return func(yield func(uint32, *Item) bool) {
		for h := range c.end() {
			if it := c.Item(h); it != nil && !yield(h, it) {
				return
			}
		}
	}
}

func (c *Catalog) record(handle uint32) record {
	if ch := c.chunk(handle); ch != nil {
		return ch.load(handle % chunkSize)
	}
	return nil
}
