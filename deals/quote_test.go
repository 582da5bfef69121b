package deals_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
)

// offer is a deal that is live all day.
func offer(t testing.TB, id string, d deals.Discount, items ...string) deals.Deal {
	all := deal(t, id, "00:00", "00:00", "UTC", items...)
	all.Discount = d
	return all
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// given names what gives a price.
func given(o deals.Offer) string {
	var ids []string
	for _, d := range o.Deals {
		ids = append(ids, d.Deal.ID)
	}
	return fmt.Sprint(o.Price, " ", strings.Join(ids, "+"))
}

func TestBest(t *testing.T) {
	t.Parallel()
	with := func(d deals.Deal, change func(d *deals.Deal)) deals.Deal { change(&d); return d }
	stacks := func(priority int) func(d *deals.Deal) {
		return func(d *deals.Deal) { d.Stacks, d.Priority = true, priority }
	}
	ten, twenty := offer(t, "ten", deals.PercentOff(10), "tea"), offer(t, "twenty", deals.PercentOff(20), "tea")
	tests := []struct {
		name string
		list []deals.Deal
		user deals.User
		want string
	}{
		{"nothing", nil, deals.User{}, "1000 "},
		{"the best price", []deals.Deal{ten, twenty}, deals.User{}, "800 twenty"},
		{"then priority", []deals.Deal{offer(t, "a", deals.PercentOff(10), "tea"), with(offer(t, "b", deals.AmountOff(100, "EUR"), "tea"), func(d *deals.Deal) { d.Priority = 1 })}, deals.User{}, "900 b"},
		{"then id", []deals.Deal{offer(t, "b", deals.PercentOff(10), "tea"), offer(t, "a", deals.AmountOff(100, "EUR"), "tea")}, deals.User{}, "900 a"},
		{"price before priority", []deals.Deal{with(ten, func(d *deals.Deal) { d.Priority = 9 }), twenty}, deals.User{}, "800 twenty"},
		{"another currency", []deals.Deal{offer(t, "x", deals.FixedPrice(1, "USD"), "tea"), ten}, deals.User{}, "900 ten"},
		{"nothing saved is nothing given", []deals.Deal{offer(t, "x", deals.FixedPrice(1000, "EUR"), "tea"), offer(t, "y", deals.BuyGet(1, 1), "tea"), offer(t, "z", deals.Bundle(1, "EUR"), "tea", "cup")}, deals.User{}, "1000 "},
		{"stacked in order", []deals.Deal{with(twenty, stacks(1)), with(offer(t, "amount", deals.AmountOff(100, "EUR"), "tea"), stacks(0))}, deals.User{}, "700 twenty+amount"},
		{"stacked in the other order", []deals.Deal{with(twenty, stacks(0)), with(offer(t, "amount", deals.AmountOff(100, "EUR"), "tea"), stacks(1))}, deals.User{}, "720 amount+twenty"},
		{"alone is better", []deals.Deal{with(ten, stacks(0)), offer(t, "half", deals.PercentOff(50), "tea")}, deals.User{}, "500 half"},
		{"a stack is better", []deals.Deal{with(ten, stacks(0)), with(twenty, stacks(0)), offer(t, "quarter", deals.PercentOff(25), "tea")}, deals.User{}, "720 ten+twenty"},
		{"a bundle does not stack", []deals.Deal{with(ten, stacks(0)), with(offer(t, "z", deals.Bundle(1, "EUR"), "tea", "cup"), stacks(0))}, deals.User{}, "900 ten"},
		{"for a segment", []deals.Deal{ten, with(twenty, func(d *deals.Deal) { d.Segments = []string{"gold", "staff"} })}, deals.User{Segments: []string{"new", "staff"}}, "800 twenty"},
		{"for another segment", []deals.Deal{ten, with(twenty, func(d *deals.Deal) { d.Segments = []string{"gold"} })}, deals.User{Segments: []string{"new"}}, "900 ten"},
		{"of a category", []deals.Deal{with(ten, func(d *deals.Deal) { d.Items, d.Categories = nil, []string{"drinks"} })}, deals.User{}, "900 ten"},
		{"of the category itself, and again", []deals.Deal{with(ten, func(d *deals.Deal) { d.Categories = []string{"drinks/hot", "drinks"} })}, deals.User{}, "900 ten"},
		{"of no part of a name", []deals.Deal{with(ten, func(d *deals.Deal) { d.Items, d.Categories = nil, []string{"drinks/h", "drink"} })}, deals.User{}, "1000 "},
	}
	p := deals.Product{ID: "tea", Categories: []string{"drinks/hot"}, Price: 1000, Currency: "EUR"}
	r := rand.New(rand.NewPCG(1, 0))
	for _, tt := range tests {
		for range 5 { // whatever the order of insertion
			r.Shuffle(len(tt.list), func(i, j int) { tt.list[i], tt.list[j] = tt.list[j], tt.list[i] })
			o, err := board(t, tt.list...).Best(p, tt.user, noon)
			if err != nil || given(o) != tt.want {
				t.Errorf("%s: %q, %v, want %q", tt.name, given(o), err, tt.want)
			}
			if over := noon.Add(12 * time.Hour); len(o.Deals) > 0 && !o.Until.Equal(over) || len(o.Deals) == 0 && !o.Until.IsZero() {
				t.Errorf("%s: until %v", tt.name, o.Until)
			}
		}
	}
	if _, err := board(t).Best(deals.Product{ID: "tea", Price: -1}, deals.User{}, noon); !errors.Is(err, deals.ErrMoney) {
		t.Errorf("price below zero: %v", err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	line := func(id string, price, units int64) deals.Line {
		return deals.Line{Product: deals.Product{ID: id, Price: price, Currency: "EUR"}, Units: units}
	}
	three := offer(t, "three", deals.BuyGet(2, 1), "tea")
	ten := offer(t, "ten", deals.PercentOff(10), "tea")
	set := offer(t, "set", deals.Bundle(1200, "EUR"), "tea", "pot")
	big := offer(t, "big", deals.Bundle(1300, "EUR"), "tea", "pot", "cup")
	tests := []struct {
		name  string
		list  []deals.Deal
		cart  []deals.Line
		total int64
		lines []int64
		deals [][]string
	}{
		{"empty", nil, nil, 0, []int64{}, [][]string{}},
		{"two at ten percent", []deals.Deal{three, ten}, []deals.Line{line("tea", 500, 2)}, 900, []int64{900}, [][]string{{"ten"}}},
		{"three for two", []deals.Deal{three, ten}, []deals.Line{line("tea", 500, 3), line("cup", 100, 1)}, 1100, []int64{1000, 100}, [][]string{{"three"}, nil}},
		{"a bundle", []deals.Deal{set}, []deals.Line{line("tea", 500, 3), line("pot", 1000, 2)}, 2900, []int64{500, 0}, [][]string{{"set"}, {"set"}}},
		{"a bundle and ten percent", []deals.Deal{set, ten}, []deals.Line{line("tea", 500, 3), line("pot", 1000, 2)}, 2850, []int64{450, 0}, [][]string{{"ten", "set"}, {"set"}}},
		{"a bundle too dear", []deals.Deal{set}, []deals.Line{line("tea", 500, 1), line("pot", 700, 1)}, 1200, []int64{500, 700}, [][]string{nil, nil}},
		{"not all of it", []deals.Deal{set}, []deals.Line{line("tea", 500, 1), line("cup", 100, 1)}, 600, []int64{500, 100}, [][]string{nil, nil}},
		{"what saves more first", []deals.Deal{big, set}, []deals.Line{line("tea", 500, 1), line("pot", 1000, 1), line("cup", 300, 1)}, 1300, []int64{0, 0, 0}, [][]string{{"big"}, {"big"}, {"big"}}},
		{"what saves more first, whatever its name", []deals.Deal{big, offer(t, "a-set", deals.Bundle(1200, "EUR"), "tea", "pot")},
			[]deals.Line{line("tea", 500, 1), line("pot", 1000, 1), line("cup", 300, 1)}, 1300, []int64{0, 0, 0}, [][]string{{"big"}, {"big"}, {"big"}}},
		{"half of a cheap one", []deals.Deal{offer(t, "cheap", deals.Bundle(100, "EUR"), "tea", "pot")}, []deals.Line{line("tea", 500, 1)}, 500, []int64{500}, [][]string{nil}},
		{"and then the other", []deals.Deal{big, set}, []deals.Line{line("tea", 500, 2), line("pot", 1000, 2), line("cup", 300, 1)}, 2500, []int64{0, 0, 0}, [][]string{{"big", "set"}, {"big", "set"}, {"big"}}},
		{"none of it", []deals.Deal{set, ten}, []deals.Line{line("tea", 500, 0), line("pot", 1000, 1)}, 1000, []int64{0, 1000}, [][]string{nil, nil}},
	}
	for _, tt := range tests {
		q, err := board(t, tt.list...).Quote(tt.cart, deals.User{}, noon)
		if err != nil || q.Total != tt.total {
			t.Errorf("%s: %d, %v, want %d", tt.name, q.Total, err, tt.total)
		}
		if diff := cmp.Diff([]any{tt.lines, tt.deals}, []any{q.Lines, q.Deals}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if some := fmt.Sprint(tt.deals) != fmt.Sprint(make([][]string, len(tt.deals))); some == q.Until.IsZero() {
			t.Errorf("%s: until %v", tt.name, q.Until)
		}
	}
	usd := line("pot", 1, 1)
	usd.Currency = "USD"
	for name, tt := range map[string]struct {
		cart []deals.Line
		want error
	}{
		"mixed currencies": {[]deals.Line{line("tea", 500, 1), usd}, deals.ErrCurrency},
		"units below zero": {[]deals.Line{line("tea", 500, -1)}, deals.ErrUnits},
		"price below zero": {[]deals.Line{line("tea", -500, 1)}, deals.ErrMoney},
		"and no units":     {[]deals.Line{line("tea", -500, 0)}, deals.ErrMoney},
		"a line too much":  {[]deals.Line{line("tea", math.MaxInt64, 2)}, deals.ErrMoney},
		"a sum too much":   {[]deals.Line{line("tea", math.MaxInt64, 1), line("pot", 1, 1)}, deals.ErrMoney},
		"an item twice":    {[]deals.Line{line("tea", 500, 1), line("tea", 500, 1)}, deals.ErrDuplicate},
	} {
		if _, err := board(t, set).Quote(tt.cart, deals.User{}, noon); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// A quote is never more than without deals, and the same whatever the order of deals.
func TestQuoteProperties(t *testing.T) {
	t.Parallel()
	const seed = 3
	r := rand.New(rand.NewPCG(seed, 0))
	items := []string{"a", "b", "c", "d"}
	for n := range 2000 {
		var list []deals.Deal
		for i := range 1 + r.IntN(6) {
			d := []deals.Discount{deals.PercentOff(1 + r.IntN(100)), deals.AmountOff(1+r.Int64N(900), "EUR"), deals.FixedPrice(r.Int64N(900), "EUR"),
				deals.BuyGet(1+r.IntN(3), 1+r.IntN(3)), deals.Bundle(r.Int64N(1500), "EUR")}[r.IntN(5)]
			r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
			one := offer(t, fmt.Sprint("deal-", i), d, items[:2+r.IntN(2)]...)
			one.Priority, one.Stacks = r.IntN(2), r.IntN(3) == 0
			list = append(list, one)
		}
		var cart []deals.Line
		for _, id := range items {
			cart = append(cart, deals.Line{Product: deals.Product{ID: id, Price: r.Int64N(1000), Currency: "EUR"}, Units: r.Int64N(5)})
		}
		want, err := board(t, list...).Quote(cart, deals.User{}, noon)
		if err != nil || want.Total > want.Full || want.Total < 0 {
			t.Fatalf("seed %d, %d: %+v, %v", seed, n, want, err)
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		got, err := board(t, list...).Quote(cart, deals.User{}, noon)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("seed %d, %d: in another order %v:\n%s", seed, n, err, diff)
		}
	}
}
