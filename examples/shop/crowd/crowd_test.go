package crowd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/crowd"
	"github.com/goldrec/gold/examples/shop/seed"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// visits is what a crowd does in a new shop, and the catalogue.
func visits(t *testing.T, n int) (did []store.Interaction, cat *catalog.Catalog) {
	t.Helper()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	cat = catalog.New()
	for _, item := range seed.Generate(seed.Options{Seed: 1, Items: 100, Now: now}).Items {
		if _, err := cat.Upsert(item); err != nil {
			t.Fatal(err)
		}
	}
	st := store.NewMemory(store.MemoryOptions{})
	t.Cleanup(func() { st.Close() })
	engine, err := recommend.Open(t.Context(), st, recommend.Options{Catalog: cat, Now: func() time.Time { return now }, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	c := crowd.New(engine, cat, 7)
	for i := range n {
		if err := c.Visit(t.Context(), now.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for entry, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		if in := entry.Interaction; in.Kind == store.Click || in.Kind == store.Purchase {
			in.ID = ""
			did = append(did, in)
		}
	}
	return did, cat
}

// The crowd clicks and buys, says who it is, and each of it keeps to a taste more than chance would.
func TestVisits(t *testing.T) {
	t.Parallel()
	did, cat := visits(t, 400)
	bought, departments, byUser := 0, map[string]int{}, map[string]map[string]int{}
	for _, in := range did {
		if !strings.HasPrefix(in.User, crowd.Prefix) || in.Placement != "for-you" || in.Session == "" {
			t.Fatalf("%+v", in)
		}
		if in.Kind == store.Purchase {
			bought++
		}
		handle, _ := cat.Lookup(in.Item)
		top, _, _ := strings.Cut(cat.Item(handle).Categories[0], catalog.PathSeparator)
		departments[top]++
		if byUser[in.User] == nil {
			byUser[in.User] = map[string]int{}
		}
		byUser[in.User][top]++
	}
	var same, pairs float64 // of two deeds of one of them, in the same department
	for _, by := range byUser {
		n := 0
		for _, count := range by {
			same += float64(count * (count - 1))
			n += count
		}
		pairs += float64(n * (n - 1))
	}
	chance := 0.0 // that two of anybody's are
	for _, count := range departments {
		chance += float64(count) * float64(count) / float64(len(did)*len(did))
	}
	// A third of the way from chance to always is far from both: a crowd without tastes is at .03 of it, this one at .63.
	if same/pairs < chance+(1-chance)/3 {
		t.Errorf("two deeds of one are in the same department %.2f of the time, two of anybody's %.2f", same/pairs, chance)
	}
	if len(did) < 100 || bought == 0 || bought > len(did)/2 || len(departments) < 2 {
		t.Errorf("%d deeds, %d purchases, in %d departments", len(did), bought, len(departments))
	}
}

func TestSameSeedSameCrowd(t *testing.T) {
	t.Parallel()
	one, _ := visits(t, 50)
	other, _ := visits(t, 50)
	if diff := cmp.Diff(one, other); diff != "" {
		t.Error(diff)
	}
}
