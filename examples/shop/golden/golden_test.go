package golden

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

func stocked(t *testing.T, n int) *catalog.Catalog {
	t.Helper()
	cat := catalog.New()
	for i := range n {
		item := catalog.Item{
			ID: fmt.Sprint("p", i), Price: catalog.Money{Minor: 1005, Currency: "EUR"}, Available: i%10 != 0,
		}
		if _, err := cat.Upsert(item); err != nil {
			t.Fatal(err)
		}
	}
	return cat
}

func hour(t *testing.T, cat *catalog.Catalog, start string) *Hour {
	t.Helper()
	h, err := New(cat, start, "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHourFollowsTheWallClock(t *testing.T) {
	h := hour(t, stocked(t, 100), "18:00")
	for _, tt := range []struct {
		name, now, start string
		live             bool
	}{
		{"before", "2026-05-01T15:59:59Z", "2026-05-01T18:00:00+02:00", false},
		{"first second", "2026-05-01T16:00:00Z", "2026-05-01T18:00:00+02:00", true},
		{"last second", "2026-05-01T16:59:59Z", "2026-05-01T18:00:00+02:00", true},
		{"over", "2026-05-01T17:00:00Z", "2026-05-02T18:00:00+02:00", false},
		{"winter", "2026-12-01T17:30:00Z", "2026-12-01T18:00:00+01:00", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			o, live, ok := h.At(now)
			if !ok || live != tt.live || o.Start.Format(time.RFC3339) != tt.start {
				t.Errorf("starts %s, live %v; want %s, %v", o.Start.Format(time.RFC3339), live, tt.start, tt.live)
			}
			handle, _ := h.catalog.Lookup(o.Deal.Items[0])
			price, until, ok := h.Price(h.catalog.Item(handle), now)
			if ok != tt.live || ok && (price.Minor != 704 || !until.Equal(o.End)) {
				t.Errorf("price %v until %v (%v)", price, until, ok)
			}
		})
	}
}

func TestHourPastMidnight(t *testing.T) {
	h := hour(t, stocked(t, 100), "23:30")
	before, _, _ := h.At(time.Date(2026, 5, 1, 21, 45, 0, 0, time.UTC))
	after, live, _ := h.At(time.Date(2026, 5, 1, 22, 15, 0, 0, time.UTC))
	if diff := cmp.Diff(before.Deal.Items, after.Deal.Items); diff != "" || !live {
		t.Errorf("after midnight live is %v and the products are others: %s", live, diff)
	}
}

func TestPicksDependOnTheDateAlone(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	today, _, _ := hour(t, stocked(t, 100), "18:00").At(now)
	again, _, _ := hour(t, stocked(t, 100), "18:00").At(now)
	other, _, _ := hour(t, stocked(t, 100), "18:00").At(now.AddDate(0, 0, 1))
	if len(today.Deal.Items) != picks || !cmp.Equal(today.Deal.Items, again.Deal.Items) {
		t.Errorf("%v, then %v", today.Deal.Items, again.Deal.Items)
	}
	if cmp.Equal(today.Deal.Items, other.Deal.Items) {
		t.Error("two days have the same products")
	}
}

func TestHourWithoutProducts(t *testing.T) {
	if _, _, ok := hour(t, catalog.New(), "18:00").At(time.Now()); ok {
		t.Error("an empty shop has a golden hour")
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	for _, tt := range [][2]string{{"25:00", "UTC"}, {"tea", "UTC"}, {"18:00", "Mars/Olympus"}, {"", ""}, {"18:00", "Local"}} {
		if _, err := New(catalog.New(), tt[0], tt[1]); err == nil {
			t.Errorf("New(%q, %q) succeeds", tt[0], tt[1])
		}
	}
}
