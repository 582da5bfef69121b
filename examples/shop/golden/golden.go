// Package golden is the shop's golden hour: every day at the same time by the wall clock, a handful of products cost
// less. Which ones depends on the date and the catalogue alone, so that every process, and every restart, says the same.
package golden

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/deals"
)

const (
	picks   = 6   // products a day
	percent = 30  // off
	lowest  = 500 // products below 5.00 are left out: a third off a pencil brings nobody back
	ahead   = 7   // days planned
	minutes = 60  // an hour
)

// Hour is the golden hour of a catalogue: a board of deals, one a day. It is safe for concurrent use.
type Hour struct {
	catalog *catalog.Catalog
	start   string
	end     string
	zone    *time.Location
	board   deals.Board

	mu      sync.Mutex
	planned string       // the date for which the board was filled
	days    []deals.Deal // the daily ones on the board
	shown   showing      // the demonstration that was opened last
}

// New makes a golden hour that starts at a time of day, such as "18:00", in an IANA zone.
func New(cat *catalog.Catalog, start, zone string) (*Hour, error) {
	begin, err := time.Parse("15:04", start)
	if err != nil {
		return nil, fmt.Errorf("golden hour: %q is not a time such as 18:00", start)
	}
	h := &Hour{catalog: cat, start: start, end: begin.Add(minutes * time.Minute).Format("15:04")}
	if _, err := deals.NewWindow(deals.Daily{Start: h.start, End: h.end, Zone: zone}); err != nil {
		return nil, fmt.Errorf("golden hour: %w", err)
	}
	if h.zone, err = time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("golden hour: %w", err)
	}
	return h, nil
}

// Price is what an item costs at an instant, and until when, if it is on offer.
func (h *Hour) Price(item *catalog.Item, now time.Time) (price catalog.Money, until time.Time, ok bool) {
	h.plan(now)
	o, ok := h.board.Deal(item.ID, now)
	if !ok {
		return catalog.Money{}, time.Time{}, false
	}
	return h.Reduced(o.Deal, item.Price), o.End, true
}

// At is the hour that is live, or else the next one, with its deal. ok is false when there is neither, for want of
// products.
func (h *Hour) At(now time.Time) (o deals.Occurrence, live, ok bool) {
	h.plan(now)
	for o := range h.board.Live(now) {
		return o, true, true
	}
	o, ok = h.board.Next(now)
	return o, false, ok
}

// Reduced is a price under the deal.
func (h *Hour) Reduced(d deals.Deal, price catalog.Money) catalog.Money {
	if minor, err := d.Discount.Price(price.Minor, price.Currency); err == nil {
		price.Minor = minor
	}
	return price
}

// plan fills the board once a day, from yesterday's hour, which may last past midnight, to next week's.
func (h *Hour) plan(now time.Time) {
	today := now.In(h.zone)
	date := today.Format(time.DateOnly)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.planned == date {
		return
	}
	var list []deals.Deal
	for day := -1; day <= ahead; day++ {
		if d, ok := h.deal(today.AddDate(0, 0, day).Format(time.DateOnly)); ok {
			list = append(list, d)
		}
	}
	if h.put(list) == nil {
		h.planned, h.days = date, list
	}
}

// put fills the board with the daily deals and what is demonstrated.
func (h *Hour) put(days []deals.Deal) error {
	list := slices.Clone(days)
	if !h.shown.end.IsZero() {
		list = append(list, h.shown.deal)
	}
	return h.board.Replace(list)
}

// deal is the offer of a date: those products whose hashes with the date come first.
func (h *Hour) deal(date string) (deals.Deal, bool) {
	window, err := deals.NewWindow(deals.Daily{Start: h.start, End: h.end, Zone: h.zone.String(), From: date, Until: date})
	if err != nil {
		return deals.Deal{}, false // a day on which the clocks skip the hour
	}
	d := deals.Deal{ID: "golden-" + date, Discount: deals.PercentOff(percent), Window: window, Items: h.pick(date)}
	return d, len(d.Items) > 0
}

// pick chooses the products whose hashes with a key, such as a date, come first.
func (h *Hour) pick(key string) []string {
	type candidate struct {
		id   string
		rank uint64
	}
	var all []candidate
	for _, item := range h.catalog.All() {
		if item.Available && item.Price.Minor >= lowest {
			all = append(all, candidate{item.ID, rank(key, item.ID)})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id, b.id)) })
	var items []string
	for _, c := range all[:min(picks, len(all))] {
		items = append(items, c.id)
	}
	return items
}

func rank(key, id string) uint64 {
	sum := sha256.Sum256([]byte(key + "\x00" + id))
	return binary.BigEndian.Uint64(sum[:])
}
