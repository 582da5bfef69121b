// Package golden is the shop's golden hour: every day at the same time by the wall clock, a handful of products cost
// less. Which ones depends on the date alone, so that every process, and every restart, says the same.
package golden

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/deals"
)

const (
	picks   = 6   // products a day
	percent = 30  // off
	lowest  = 500 // products below 5.00 are left out: nobody comes back for a third off a pencil
)

// Hour is the golden hour. It is safe for concurrent use.
type Hour struct {
	catalog *catalog.Catalog
	window  deals.Window
	today   atomic.Pointer[day]
}

// day is the products of one date.
type day struct {
	date  string
	items []string
}

// Occurrence is one golden hour, in its zone.
type Occurrence struct{ Start, End time.Time }

// Offers is what is cheaper at an instant.
type Offers struct {
	Live   bool
	End    time.Time
	prices map[string]catalog.Money
}

// Price is what the item costs now, if it is on offer.
func (o Offers) Price(item string) (catalog.Money, bool) {
	price, ok := o.prices[item]
	return price, ok
}

// New makes the golden hour of a catalogue: from start, such as "18:00", for an hour in an IANA zone.
func New(cat *catalog.Catalog, start, zone string) (*Hour, error) {
	begin, err := time.Parse("15:04", start)
	if err != nil {
		return nil, fmt.Errorf("golden hour: %q is not a time such as 18:00", start)
	}
	window, err := deals.NewWindow(deals.Daily{Start: start, End: begin.Add(time.Hour).Format("15:04"), Zone: zone})
	if err != nil {
		return nil, fmt.Errorf("golden hour: %w", err)
	}
	return &Hour{catalog: cat, window: window}, nil
}

// Next is the hour that is live, or else the next one.
func (h *Hour) Next(now time.Time) Occurrence {
	start, end, ok := h.window.Current(now)
	if !ok {
		start, end, _ = h.window.Next(now)
	}
	return Occurrence{start, end}
}

// Offers is what is cheaper now: nothing outside the hour.
func (h *Hour) Offers(now time.Time) Offers {
	start, end, ok := h.window.Current(now)
	if !ok {
		return Offers{}
	}
	o := Offers{Live: true, End: end, prices: map[string]catalog.Money{}}
	for _, id := range h.Picks(start) {
		if handle, ok := h.catalog.Lookup(id); ok {
			if item := h.catalog.Item(handle); item != nil {
				o.prices[id] = h.Reduced(item.Price)
			}
		}
	}
	return o
}

// Reduced is a price less the discount, rounded down to the minor unit.
func (h *Hour) Reduced(m catalog.Money) catalog.Money {
	m.Minor -= m.Minor * percent / 100
	return m
}

// Picks is the products of the hour that begins at start: those whose hashes with the date come first. The caller must
// not change the slice.
func (h *Hour) Picks(start time.Time) []string {
	date := start.Format(time.DateOnly)
	if d := h.today.Load(); d != nil && d.date == date {
		return d.items
	}
	type candidate struct {
		id   string
		rank uint64
	}
	var all []candidate
	for _, item := range h.catalog.All() {
		if item.Price.Minor >= lowest && item.Available {
			all = append(all, candidate{item.ID, rank(date, item.ID)})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id, b.id)) })
	d := &day{date: date}
	for _, c := range all[:min(picks, len(all))] {
		d.items = append(d.items, c.id)
	}
	h.today.Store(d)
	return d.items
}

func rank(date, id string) uint64 {
	h := fnv.New128a()
	fmt.Fprintf(h, "%s\x00%s", date, id)
	return binary.BigEndian.Uint64(h.Sum(nil))
}
