package deals

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Occurrence is one turn of a deal, from Start up to but not at End, in the zone of its window.
type Occurrence struct {
	Deal       Deal
	Start, End time.Time
	day        int64 // on which it starts, from 1970-01-01
}

func occurrence(d *Deal, t turn, loc *time.Location) Occurrence {
	return Occurrence{*d, time.Unix(t.from, 0).In(loc), time.Unix(t.until, 0).In(loc), t.day}
}

// Date is the local date on which the occurrence starts, 2006-01-02: the name of the turn, the same for users of every zone.
func (o *Occurrence) Date() string {
	return time.Unix(o.day*daySeconds, 0).UTC().Format(time.DateOnly)
}

// Board holds the deals of a shop. The zero Board is empty and ready. It is safe for concurrent use: readers see either all
// of a Replace or nothing of it, and wait for nobody but, when a window has opened or closed, for the one of them that
// notes it. What it returns shares its slices with other callers.
//
// Where no user is named, deals in users' own zones are not live: see For, Best and Quote.
type Board struct{ set atomic.Pointer[set] }

type set struct {
	deals      []Deal
	number     uint64 // of the Replace, from 1
	byItem     map[string][]*Deal
	byCategory map[string][]*Deal
	byID       map[string]*Deal
	times      timelines
}

// Replace takes a copy of the deals in place of those before, in any order: the higher priority comes first, then the lower
// ID. On an error, which joins what is wrong with each deal, nothing changes. It costs some microseconds a deal.
func (b *Board) Replace(list []Deal) error {
	next := &set{byItem: map[string][]*Deal{}, byCategory: map[string][]*Deal{}, byID: make(map[string]*Deal, len(list))}
	var errs []error
	for i := range list {
		d := list[i].clone()
		if err := d.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("deal %d, id %q: %w", i, d.ID, err))
		}
		if next.byID[d.ID] != nil {
			errs = append(errs, fmt.Errorf("deal %d: %w: %q", i, ErrDuplicate, d.ID))
		}
		next.byID[d.ID] = &d
		next.deals = append(next.deals, d)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	slices.SortFunc(next.deals, func(a, b Deal) int { return compareDeals(&a, &b) })
	for i := range next.deals {
		next.place(&next.deals[i])
	}
	for {
		last := b.set.Load()
		next.number = 1
		if last != nil {
			next.number = last.number + 1
		}
		if b.set.CompareAndSwap(last, next) {
			return nil
		}
	}
}

// place enters a deal where it will be looked for.
func (s *set) place(d *Deal) {
	s.byID[d.ID] = d
	for i, item := range d.Items {
		if !slices.Contains(d.Items[:i], item) {
			s.byItem[item] = append(s.byItem[item], d)
		}
	}
	for i, c := range d.Categories {
		if !slices.Contains(d.Categories[:i], c) {
			s.byCategory[c] = append(s.byCategory[c], d)
		}
	}
}

// All yields every deal, live or not, the higher priority first, then the lower ID.
func (b *Board) All() iter.Seq[Deal] { return slices.Values(b.deals()) }

// Len is the number of deals, live or not.
func (b *Board) Len() int { return len(b.deals()) }

func (b *Board) deals() []Deal {
	if s := b.set.Load(); s != nil {
		return s.deals
	}
	return nil
}

// Version counts the calls of Replace that changed something; it is 0 before the first.
func (b *Board) Version() uint64 {
	if s := b.set.Load(); s != nil {
		return s.number
	}
	return 0
}

// Find returns the deal of an ID, and false when there is none.
func (b *Board) Find(id string) (Deal, bool) {
	if s := b.set.Load(); s != nil && s.byID[id] != nil {
		return *s.byID[id], true
	}
	return Deal{}, false
}

// Turn returns the occurrence of a deal that is live for a user at t, and false when none is or there is no such deal. It does
// not ask whether the deal is for the user's segments.
func (b *Board) Turn(id string, u User, t time.Time) (Occurrence, bool) {
	d, ok := b.Find(id)
	if !ok {
		return Occurrence{}, false
	}
	s, loc := d.Window.In(u.Zone).state(t)
	if !s.live {
		return Occurrence{}, false
	}
	return occurrence(&d, s.turn, loc), true
}

// Turns yields the occurrences of a deal for a user that have a part in the time from a up to, but not at, b, in their order;
// none of a deal that is not there. It does not ask whether the deal is for the user's segments.
func (b *Board) Turns(id string, u User, from, to time.Time) iter.Seq[Occurrence] {
	return func(yield func(Occurrence) bool) {
		d, ok := b.Find(id)
		if !ok {
			return
		}
		w := d.Window.In(u.Zone)
		s, loc := w.state(from)
		if s.live && from.Before(to) && !yield(occurrence(&d, s.turn, loc)) || loc == nil {
			return
		}
		for next, ok := w.w.next(from.Unix(), loc); ok && next.from < to.Unix(); next, ok = w.w.next(next.from, loc) {
			if !yield(occurrence(&d, next, loc)) {
				return
			}
		}
	}
}

// Live yields what is live at t, in the order of All. It costs what it yields, and when t is not near the time of the last
// call a look at each deal. It may run more than once.
func (b *Board) Live(t time.Time) iter.Seq[Occurrence] { return b.live(nil, t) }

// live is Live as users of a zone see it, with the deals in users' zones; nil leaves those out.
func (b *Board) live(loc *time.Location, t time.Time) iter.Seq[Occurrence] {
	s := b.set.Load()
	return func(yield func(Occurrence) bool) {
		if s == nil || !inRange(t) {
			return
		}
		for _, l := range s.timeline(loc).at(t.Unix()).live {
			d := &s.deals[l.deal]
			if !yield(occurrence(d, l.turn, d.Window.in(loc))) {
				return
			}
		}
	}
}

// Next returns what starts first after t, in the order of All among equals, and false when nothing does.
func (b *Board) Next(t time.Time) (Occurrence, bool) {
	s := b.set.Load()
	if s == nil || !inRange(t) {
		return Occurrence{}, false
	}
	next := s.timeline(nil).coming(t.Unix(), 1, func(*Deal) bool { return true })
	if len(next) == 0 {
		return Occurrence{}, false
	}
	d := &s.deals[next[0].deal]
	return occurrence(d, next[0].turn, d.Window.zone()), true
}

// Deal returns the deal that counts for an item at t, by priority and ID, and false when none is live. It looks at the
// item's deals only, not at those of its categories. Best knows prices, users and categories.
func (b *Board) Deal(item string, t time.Time) (Occurrence, bool) {
	for o := range b.on(Product{ID: item}, User{}, t) {
		if !o.Deal.Window.OfUser() {
			return o, true
		}
	}
	return Occurrence{}, false
}

// IsLive reports whether a deal for the item is live at t, for everybody. It allocates nothing while no window opens or
// closes, so that it may be asked of many items, such as all those of a page.
func (b *Board) IsLive(item string, t time.Time) bool {
	s := b.set.Load()
	if s == nil {
		return false
	}
	for _, d := range s.byItem[item] {
		if len(d.Segments) == 0 && d.Window.LiveAt(t) {
			return true
		}
	}
	return false
}

// covering returns the deals on a product in the order of All.
func (b *Board) covering(p Product) []*Deal {
	s := b.set.Load()
	if s == nil {
		return nil
	}
	list := s.byItem[p.ID]
	if len(s.byCategory) == 0 || len(p.Categories) == 0 {
		return list
	}
	list = slices.Clone(list)
	for _, c := range p.Categories {
		for end := len(c); end > 0; end = strings.LastIndexByte(c[:end], '/') {
			list = append(list, s.byCategory[c[:end]]...)
		}
	}
	slices.SortFunc(list, func(a, b *Deal) int { return compareDeals(a, b) })
	return slices.Compact(list)
}
