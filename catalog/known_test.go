package catalog_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
)

// office returns the products of the Amazon Office data, with those that have no title left out.
func office(tb testing.TB) []catalog.Item {
	path := filepath.Join(cmp.Or(os.Getenv("GOLD_DATA"), filepath.Join("..", ".data")), "amazon-office", "Office_Products.item.json")
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Skip("no Amazon Office data: set GOLD_DATA")
	}
	var products map[string]struct{ Title, Description string }
	if err := json.Unmarshal(data, &products); err != nil {
		tb.Fatal(err)
	}
	var items []catalog.Item
	for id, p := range products {
		if strings.TrimSpace(p.Title) != "" {
			items = append(items, catalog.Item{ID: id, Title: p.Title, Description: p.Description, Available: true})
		}
	}
	slices.SortFunc(items, func(a, b catalog.Item) int { return strings.Compare(a.ID, b.ID) })
	return items
}

// misremember is a title of which one word is missing and another has a slip: a letter left out, doubled, another, or two
// exchanged, in a word of four letters or more.
func misremember(rng *rand.Rand, title string) string {
	all := strings.Fields(title)
	if len(all) > 1 {
		i := rng.IntN(len(all))
		all = slices.Delete(all, i, i+1)
	}
	var long []int
	for i, w := range all {
		if len(w) >= 4 {
			long = append(long, i)
		}
	}
	if len(long) == 0 {
		return strings.Join(all, " ")
	}
	i := long[rng.IntN(len(long))]
	w := []rune(all[i])
	at := rng.IntN(len(w) - 1)
	letter := rune('a' + rng.IntN(26))
	switch rng.IntN(4) {
	case 0:
		w = slices.Delete(w, at, at+1)
	case 1:
		w = slices.Insert(w, at, letter)
	case 2:
		w[at] = letter
	case 3:
		w[at], w[at+1] = w[at+1], w[at]
	}
	all[i] = string(w)
	return strings.Join(all, " ")
}

// Whoever remembers a title but for one word, and slips in another, finds the product on the first page.
func TestKnownItems(t *testing.T) {
	t.Parallel()
	items := office(t)
	cat := catalog.New()
	mustUpsert(t, cat, items...)
	rng := rand.New(rand.NewPCG(7, 11))
	found, missed := 0, []string{}
	begin := cpuTime(t)
	for _, it := range items {
		query := misremember(rng, it.Title)
		hits, _, err := cat.Search(query, nil, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(hits, func(h catalog.Hit) bool { return h.Item.ID == it.ID }) {
			found++
		} else {
			missed = append(missed, fmt.Sprintf("%q as %q", it.Title, query))
		}
	}
	share := float64(found) / float64(len(items))
	t.Logf("%d of %d products found among the first 10: %.2f %%, %v each", found, len(items), 100*share, (cpuTime(t)-begin)/time.Duration(len(items)))
	if share < 0.95 {
		t.Errorf("%.2f %% found; want 95 %%; for example not\n%s", 100*share, strings.Join(missed[:min(20, len(missed))], "\n"))
	}
}
