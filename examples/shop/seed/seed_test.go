package seed

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/examples/shop/stock"
	"github.com/goldrec/gold/store"
)

func now() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func small(seed uint64) *stock.Stock {
	return Generate(Options{Seed: seed, Items: 300, Shoppers: 80, Now: now()})
}

func TestGenerateRepeatsItself(t *testing.T) {
	one, again := small(7), small(7)
	if diff := cmp.Diff(one.Items, again.Items); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(one.Interactions, again.Interactions) || !slices.Equal(one.Shoppers, again.Shoppers) {
		t.Error("the same seed gives another log")
	}
	if slices.Equal(one.Interactions, small(8).Interactions) {
		t.Error("another seed gives the same log")
	}
}

func TestGenerateFillsAShop(t *testing.T) {
	s := Generate(Options{Seed: 1, Items: 3000, Shoppers: 200, Now: now()})
	titles, ids := map[string]bool{}, map[string]bool{}
	for _, item := range s.Items {
		titles[item.Title], ids[item.ID] = true, true
		if item.Price.Minor <= 0 || item.Brand == "" || len(item.Categories) != 1 || item.Available != (item.Stock > 0) {
			t.Fatalf("odd item %+v", item)
		}
	}
	if len(titles) != 3000 || len(ids) != 3000 {
		t.Errorf("%d titles and %d ids of 3000 items", len(titles), len(ids))
	}
	users := map[string]bool{}
	for i := range s.Interactions {
		in := &s.Interactions[i]
		users[in.User] = true
		if err := in.Validate(); err != nil || !ids[in.Item] {
			t.Fatalf("odd interaction %+v: %v", in, err)
		}
	}
	if len(users) != 200 || len(s.Interactions) < 10_000 {
		t.Errorf("%d interactions of %d shoppers", len(s.Interactions), len(users))
	}
	first, last := s.Interactions[0].Time, s.Interactions[len(s.Interactions)-1].Time
	if last.After(now()) || first.Before(now().AddDate(0, 0, -weeks*7-1)) {
		t.Errorf("the log goes from %v to %v", first, last)
	}
	if !slices.IsSortedFunc(s.Interactions, func(a, b store.Interaction) int { return a.Time.Compare(b.Time) }) {
		t.Error("the log is not in order of time")
	}
	if len(s.Shoppers) != 5 {
		t.Errorf("shoppers to show: %v", s.Shoppers)
	}
	t.Logf("%d interactions; %v", len(s.Interactions), s.Shoppers)
}

// TestTastesShow holds what the whole demonstration rests on: a shopper's favourite brand and category stand out in
// what they do. Of 36 categories and 8 brands in each, chance alone would give the top category well under a fifth.
func TestTastesShow(t *testing.T) {
	s := small(3)
	categories := map[string]string{}
	for _, item := range s.Items {
		categories[item.ID] = item.Categories[0]
	}
	counts, totals := map[string]map[string]int{}, map[string]int{}
	for _, in := range s.Interactions {
		if counts[in.User] == nil {
			counts[in.User] = map[string]int{}
		}
		counts[in.User][categories[in.Item]]++
		totals[in.User]++
	}
	share, people := 0.0, 0
	for user, byCategory := range counts {
		if totals[user] < 30 {
			continue
		}
		best := 0
		for _, n := range byCategory {
			best = max(best, n)
		}
		share, people = share+float64(best)/float64(totals[user]), people+1
	}
	if share /= float64(people); share < 0.35 || math.IsNaN(share) {
		t.Errorf("the favourite category has %.2f of what a shopper does, want above 0.35", share)
	}
}

func TestGenerateNothing(t *testing.T) {
	for _, opt := range []Options{{}, {Items: 10}, {Shoppers: 10}, {Items: -1, Shoppers: -1}, {Items: 1, Shoppers: 3}} {
		opt.Now = now()
		s := Generate(opt)
		if len(s.Items) != max(0, opt.Items) || (opt.Items < 1 || opt.Shoppers < 1) && len(s.Interactions) > 0 {
			t.Errorf("%+v gives %d items and %d interactions", opt, len(s.Items), len(s.Interactions))
		}
	}
}
