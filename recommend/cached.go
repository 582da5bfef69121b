package recommend

import (
	"slices"
	"time"

	"github.com/goldrec/gold/store"
)

// cachedPage is a first page that may be served again, and what its user's interactions are attributed by. It has no
// pointer for each item.
type cachedPage struct {
	shape   uint64
	epoch   uint64
	short   uint64  // one more than the catalogue's version when there was no more to show; 0: the page is full
	made    int64   // Unix nanoseconds
	expires int64   // Unix nanoseconds; 0: not to be served again
	serial  uint32  // of the user's state that it was made for
	source  uint8   // who brought all of it, unless rare says, as an index of names
	list    []shown // what of it became unavailable since voids the page
	id      uint64
	version uint64      // of the models
	older   *cachedPage // the newest before it, of another shape
	plan    *plan
	rare    *rarity // nil: nothing of that
	next    string
}

// shown is an item of a page.
type shown struct {
	item  uint32
	score float32
}

// rarity is what few pages have.
type rarity struct {
	names      []string  // nil: the plan's
	sources    []uint8   // indexes of names; nil: all are the page's
	propensity []float32 // nil: nothing was drawn
	experiment string
	variant    string
	reasons    [][]Reason // nil: not asked for
}

// unusual returns the place for what few pages have.
func (p *cachedPage) unusual() *rarity {
	if p.rare == nil {
		p.rare = new(rarity)
	}
	return p.rare
}

// newCachedPage returns one with room for n items, which for the usual sizes is in one piece.
func newCachedPage(n int) *cachedPage {
	switch {
	case n <= 10:
		p := new(struct {
			cachedPage
			list [10]shown
		})
		p.cachedPage.list = p.list[:n]
		return &p.cachedPage
	case n <= 20:
		p := new(struct {
			cachedPage
			list [20]shown
		})
		p.cachedPage.list = p.list[:n]
		return &p.cachedPage
	}
	return &cachedPage{list: make([]shown, n)}
}

// brought says who brought the i-th item.
func (p *cachedPage) brought(i int) string {
	names, source := p.plan.names, p.source
	if r := p.rare; r != nil && r.sources != nil {
		source = r.sources[i]
	}
	if r := p.rare; r != nil && r.names != nil {
		names = r.names
	}
	return names[source]
}

// propensity is the chance with which the i-th item stands there.
func (p *cachedPage) propensity(i int) float32 {
	if p.rare == nil || p.rare.propensity == nil {
		return 1
	}
	return p.rare.propensity[i]
}

// page writes it out.
func (p *cachedPage) page(e *Engine, c *choice) *Page {
	out := newPage(len(p.list))
	out.ID, out.Next, out.Experiment, out.Variant = pageID(p.id), p.next, c.experiment, c.variant
	out.ModelVersion = p.version
	all := ""
	if len(p.list) > 0 {
		all = p.brought(0)
	}
	for i := range p.list {
		r := &out.Items[i]
		r.Item, r.Score, r.Source, r.Rank, r.Propensity = e.items.ID(p.list[i].item), p.list[i].score, all, i+1, 1
	}
	if p.rare != nil {
		p.rare.add(out.Items, p)
	}
	return out
}

// add writes out what few pages have.
func (r *rarity) add(items []Recommendation, p *cachedPage) {
	for i := range items {
		items[i].Source, items[i].Propensity = p.brought(i), p.propensity(i)
		if r.reasons != nil {
			items[i].Reasons = r.reasons[i]
		}
	}
}

// newPage returns a page with room for n items: the usual sizes in one piece.
func newPage(n int) *Page {
	switch {
	case n <= 10:
		p := new(struct {
			Page
			items [10]Recommendation
		})
		p.Items = p.items[:n:n]
		return &p.Page
	case n <= 20:
		p := new(struct {
			Page
			items [20]Recommendation
		})
		p.Items = p.items[:n:n]
		return &p.Page
	}
	return &Page{Items: make([]Recommendation, n)}
}

// pageID writes a page's number in the digits of base32hex, without padding.
func pageID(id uint64) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
	var text [13]byte
	for i := range 12 {
		text[i] = digits[id>>(59-5*i)&31]
	}
	text[12] = digits[id<<1&31]
	return string(text[:])
}

// available reports whether all items of a page may still be shown.
func (e *Engine) available(p *cachedPage) bool {
	for i := range p.list {
		if !e.catalog.Available(p.list[i].item) {
			return false
		}
	}
	return true
}

// page finds one that may be served again: one that is short only while nothing has changed in the catalogue, of which this is
// the version. When the clock goes back to before it was made, it is dead too.
func (s *userState) page(shape, epoch, version uint64, now time.Time) *cachedPage {
	at := now.UnixNano()
	for p := s.newest.Load(); p != nil; p = p.older {
		if p.shape == shape && p.epoch == epoch && p.serial == s.serial && p.made <= at && at < p.expires &&
			(p.short == 0 || p.short == version+1) {
			return p
		}
	}
	return nil
}

// keep puts the page in front. Of two goroutines that keep at once one may lose its page, which costs a computation.
func (s *userState) keep(p *cachedPage, again bool) {
	if !again {
		p.expires = 0
	}
	p.older = s.newest.Load().without(p.shape, pagesMax-1)
	s.newest.Store(p)
}

// without is the first most of the pages from this one on, which are one more at most, but for that of a shape. Pages that others
// hold stay as they are.
func (p *cachedPage) without(shape uint64, most int) *cachedPage {
	switch {
	case p == nil || most == 0:
		return nil
	case p.shape == shape:
		return p.older
	}
	older := p.older.without(shape, most-1)
	if older == p.older {
		return p
	}
	next := *p
	next.older = older
	return &next
}

// attribute writes into the interaction what the newest page that had the item says, and reports whether one did.
func (s *userState) attribute(in *store.Interaction, item uint32) bool {
	for p := s.newest.Load(); p != nil; p = p.older {
		i := slices.IndexFunc(p.list, func(s shown) bool { return s.item == item })
		if i < 0 {
			continue
		}
		in.Page, in.Source, in.Rank, in.Propensity = pageID(p.id), p.brought(i), i+1, float64(p.propensity(i))
		if p.rare != nil {
			in.Experiment, in.Variant = p.rare.experiment, p.rare.variant
		}
		return true
	}
	return false
}
