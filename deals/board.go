package deals

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"
)

// Deal is an offer: a discount on some items whenever its window is live.
type Deal struct {
	ID       string   `json:"id"`
	Items    []string `json:"items"` // item identifiers
	Discount Discount `json:"discount"`
	Window   Window   `json:"window"`
}

// Validate says what is wrong with the deal: ErrNoID, ErrNoItems (also for an empty identifier among them),
// ErrDiscount, ErrCurrency or, for the zero Window, ErrWindow, all of them joined.
func (d *Deal) Validate() error {
	var errs []error
	if d.ID == "" {
		errs = append(errs, ErrNoID)
	}
	if len(d.Items) == 0 || slices.Contains(d.Items, "") {
		errs = append(errs, ErrNoItems)
	}
	if d.Window.w == nil {
		errs = append(errs, ErrWindow)
	}
	return errors.Join(append(errs, d.Discount.Validate())...)
}

// Occurrence is one turn of a deal, from Start up to but not at End, in the zone of its window.
type Occurrence struct {
	Deal       Deal
	Start, End time.Time
}

// Board holds the deals of a shop. The zero Board is empty and ready. It is safe for concurrent use: readers take no
// lock and see either all of a Replace or nothing of it. What it returns shares its Items with other callers.
type Board struct{ set atomic.Pointer[set] }

type set struct {
	deals  []Deal
	byItem map[string][]*Deal // in the order of deals
}

// Replace takes a copy of the deals in place of those before. When several are live for an item, the one listed first
// counts. On an error, which joins what is wrong with each deal, nothing changes.
func (b *Board) Replace(list []Deal) error {
	next := &set{deals: slices.Clone(list), byItem: map[string][]*Deal{}}
	ids := make(map[string]bool, len(list))
	var errs []error
	for i := range next.deals {
		d := &next.deals[i]
		if err := d.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("deal %d, id %q: %w", i, d.ID, err))
		}
		if ids[d.ID] {
			errs = append(errs, fmt.Errorf("deal %d: %w: %q", i, ErrDuplicate, d.ID))
		}
		ids[d.ID] = true
		d.Items = slices.Clone(d.Items)
		for _, item := range d.Items {
			next.byItem[item] = append(next.byItem[item], d)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	b.set.Store(next)
	return nil
}

// All yields every deal in the order of Replace, live or not.
func (b *Board) All() iter.Seq[Deal] { return slices.Values(b.deals()) }

// Len is the number of deals, live or not.
func (b *Board) Len() int { return len(b.deals()) }

func (b *Board) deals() []Deal {
	if s := b.set.Load(); s != nil {
		return s.deals
	}
	return nil
}

// Live yields what is live at t, in the order of Replace. It looks at every deal, and may run more than once.
func (b *Board) Live(t time.Time) iter.Seq[Occurrence] {
	list := b.deals()
	return func(yield func(Occurrence) bool) {
		for i := range list {
			start, end, ok := list[i].Window.Current(t)
			if ok && !yield(Occurrence{list[i], start, end}) {
				return
			}
		}
	}
}

// Next returns what starts first after t, in the order of Replace among equals, and false when nothing does. It looks at
// every deal.
func (b *Board) Next(t time.Time) (Occurrence, bool) {
	var first Occurrence
	var found bool
	list := b.deals()
	for i := range list {
		start, end, ok := list[i].Window.Next(t)
		if ok && (!found || start.Before(first.Start)) {
			first, found = Occurrence{list[i], start, end}, true
		}
	}
	return first, found
}

// Deal returns the deal that counts for an item at t, and false when none is live. It looks at the item's deals only.
func (b *Board) Deal(item string, t time.Time) (Occurrence, bool) {
	d := b.live(item, t)
	if d == nil {
		return Occurrence{}, false
	}
	start, end, ok := d.Window.Current(t)
	return Occurrence{*d, start, end}, ok
}

// IsLive reports whether a deal for the item is live at t. It allocates nothing while no window opens or closes, so that
// it may be asked of many items, such as all those of a page.
func (b *Board) IsLive(item string, t time.Time) bool { return b.live(item, t) != nil }

func (b *Board) live(item string, t time.Time) *Deal {
	s := b.set.Load()
	if s == nil {
		return nil
	}
	for _, d := range s.byItem[item] {
		if d.Window.LiveAt(t) {
			return d
		}
	}
	return nil
}
