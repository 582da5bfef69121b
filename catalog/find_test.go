package catalog_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

func find(t testing.TB, cat *catalog.Catalog, q catalog.Query) *catalog.Results {
	t.Helper()
	q.Limit = cmp.Or(q.Limit, 100)
	r, err := cat.Find(q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What shoppers type is not what products are called.
func TestFindAsShoppersType(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	mustUpsert(t, cat,
		catalog.Item{ID: "plant", Title: "Plant pot", Description: "a pot for a tea plant, or for tea roses"},
		catalog.Item{ID: "rose", Title: "Tea rose in a clay pot"},
		catalog.Item{ID: "blue", Title: "Blue teapot"},
		catalog.Item{ID: "iron", Title: "Teapot of cast iron"},
		catalog.Item{ID: "set", Title: "Mug set", Categories: []string{"Gifts > For him"}, Description: "with a teapot"},
		catalog.Item{ID: "sofa", Title: "Sofa", Description: "for two"},
		catalog.Item{ID: "couch", Title: "Couch"},
		catalog.Item{ID: "tv", Title: "Flat television set"},
		catalog.Item{ID: "organic", Title: "Organic cotton"},
		catalog.Item{ID: "organizer", Title: "Desk organizer"},
	)
	if err := cat.SetSynonyms([][]string{{"sofa", "couch"}, {"tele vision", "television", "tv"}}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ query, want string }{
		{"teapot", "blue iron set"},
		{"teapots", "blue iron set"},
		{"teapto", "blue iron set"},
		{"teepot", "blue iron set"},
		{"taepots", "blue iron set"},
		{"Teapot's", "blue iron set"},
		{"tea-pot", "blue iron rose plant set"},
		{"tea pot blue", "blue"},
		{"gift", "set"},
		{"sofas ", "sofa couch"},
		{"couch", "couch sofa"},
		{"my tv", "tv"},
		{"tele vision ", "tv"},
		{"tele organic ", "organic"},
		{"organizers", "organizer"},
		{"blue organic iron", "blue organic iron"},
	} {
		r := find(t, cat, catalog.Query{Text: tt.query})
		if got := strings.Join(ids(r.Hits), " "); got != tt.want {
			t.Errorf("%q finds %s; want %s", tt.query, got, tt.want)
		}
		if relaxed := tt.query == "my tv" || tt.query == "tele organic " || tt.query == "blue organic iron"; r.Relaxed != relaxed {
			t.Errorf("%q: Relaxed is %v", tt.query, r.Relaxed)
		}
	}
	for _, bad := range [][][]string{{{"a", "--"}}, slices.Repeat([][]string{{strings.Repeat("a ", 1000)}}, 100)} {
		if err := cat.SetSynonyms(bad); !errors.Is(err, catalog.ErrInvalid) {
			t.Errorf("synonyms: %v", err)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]catalog.Query{
		"offset": {Offset: -1}, "limit": {Limit: -1}, "filter": {Filter: catalog.Not(nil)},
		"group": {GroupBy: "title"}, "facet": {Facets: []string{"stock"}}, "sort": {Sort: catalog.Sort{Field: "brand"}},
		"order of nothing": {Sort: catalog.Sort{Descending: true}},
	} {
		if r, err := catalog.New().Find(q); !errors.Is(err, catalog.ErrInvalid) || r != nil {
			t.Errorf("%s: %v, %v; want ErrInvalid", name, r, err)
		}
	}
}

// Orders, groups and counts must be what sorting all that is found by hand gives, in every part of a catalogue with gaps.
func TestFindAgainstSorting(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 12))
	cat := catalog.New()
	var items []catalog.Item
	for i := range 9000 {
		it := randomItem(rng, strconv.Itoa(i))
		it.Title = pick(rng, []string{"lamp", "vase", "lamp vase"})
		if rng.IntN(2) == 0 {
			it.Group = fmt.Sprint("g", rng.IntN(200))
		}
		mustUpsert(t, cat, it)
		items = append(items, it)
	}
	for i := range 3000 { // numbers change, items go
		it := &items[rng.IntN(len(items))]
		if i%7 == 0 && it.ID != "" {
			if err := cat.Delete(it.ID); err != nil {
				t.Fatal(err)
			}
			it.ID = ""
		} else if it.ID != "" {
			it.Price = catalog.Money{Minor: rng.Int64N(1 << (1 + rng.IntN(40))), Currency: "EUR"}
			if err := cat.Patch(it.ID, catalog.Patch{Price: &it.Price}); err != nil {
				t.Fatal(err)
			}
		}
	}
	number := map[string]func(it *catalog.Item) (float64, bool){
		"price":   func(it *catalog.Item) (float64, bool) { return float64(it.Price.Minor), it.Price.Currency != "" },
		"stock":   func(it *catalog.Item) (float64, bool) { return float64(it.Stock), true },
		"created": func(it *catalog.Item) (float64, bool) { return float64(it.Created.Unix()), !it.Created.IsZero() },
	}
	for range 60 {
		q := catalog.Query{Offset: rng.IntN(50), Limit: 1 + rng.IntN(50), Facets: []string{"colour", "brand"}}
		q.Facets[0] = "attr.colour"
		field := pick(rng, []string{"price", "stock", "created"})
		q.Sort = catalog.Sort{Field: field, Descending: rng.IntN(2) == 0}
		if rng.IntN(2) == 0 {
			q.GroupBy = "group"
		}
		text, word := pick(rng, []string{"", "lamp ", "vase "}), ""
		if q.Text = text; text != "" {
			word = strings.TrimSpace(text)
		}
		q.Filter = pick(rng, []catalog.Filter{nil, catalog.Available(), catalog.In("id", "5", "77", "8000")})
		m, err := cat.Compile(q.Filter)
		if err != nil {
			t.Fatal(err)
		}
		var want []int
		brands := map[string]int{}
		for i := range items {
			if items[i].ID != "" && m.Match(uint32(i)) && strings.Contains(items[i].Title, word) {
				want = append(want, i)
				if b := items[i].Brand; b != "" {
					brands[b]++
				}
			}
		}
		total := len(want)
		slices.SortStableFunc(want, func(a, b int) int {
			x, okX := number[field](&items[a])
			y, okY := number[field](&items[b])
			switch {
			case okX != okY && okX:
				return -1
			case okX != okY:
				return 1
			case q.Sort.Descending:
				return cmp.Compare(y, x)
			}
			return cmp.Compare(x, y)
		})
		if q.GroupBy != "" {
			seen := map[string]bool{}
			want = slices.DeleteFunc(want, func(i int) bool {
				g := items[i].Group
				had := g != "" && seen[g]
				seen[g] = true
				return had
			})
		}
		want = want[min(q.Offset, len(want)):]
		want = want[:min(q.Limit, len(want))]
		r := find(t, cat, q)
		var got []int
		for _, h := range r.Hits {
			got = append(got, int(h.Handle))
		}
		if diff := gocmp.Diff(want, got); !slices.Equal(want, got) || r.Total != total {
			t.Fatalf("%+v: %d found; want %d; -want +got:\n%s", q, r.Total, total, diff)
		}
		for _, n := range r.Facets["brand"] {
			if brands[n.Value] != n.Count {
				t.Fatalf("%+v: %d of brand %s; want %d", q, n.Count, n.Value, brands[n.Value])
			}
		}
		if len(r.Facets["brand"]) != len(brands) {
			t.Fatalf("%+v: brands %v; want %v", q, r.Facets["brand"], brands)
		}
	}
}

// Two halves of a hundredth apart, an order by an attribute must tell numbers apart that its index does not.
func TestFindByRating(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	for id, rating := range []string{"4.5", "3", "5", "none", "-1", "4.501", "1e12", "4.502"} {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(id), Title: "tea", Attributes: map[string][]string{"rating": {rating}}})
	}
	for _, tt := range []struct {
		descending bool
		want       string
	}{{true, "6 2 7 5 0 1 4 3"}, {false, "4 1 0 5 7 2 6 3"}} {
		r := find(t, cat, catalog.Query{Text: "tea", Sort: catalog.Sort{Field: "attr.rating", Descending: tt.descending}})
		if got := strings.Join(ids(r.Hits), " "); got != tt.want {
			t.Errorf("descending %v: %s; want %s", tt.descending, got, tt.want)
		}
	}
}

// A page of products that have many variants is as long as it may be.
func TestFindManyVariants(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	for i := range 500 {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i), Title: "tea", Group: fmt.Sprint("g", i/100)})
	}
	r := find(t, cat, catalog.Query{Text: "tea", GroupBy: "group", Limit: 5})
	if got := strings.Join(ids(r.Hits), " "); got != "0 100 200 300 400" || r.Total != 500 {
		t.Errorf("%s of %d", got, r.Total)
	}
}

// What is written apart and stands together in a title comes before what is strewn over the fields.
func TestFindApart(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	mustUpsert(t, cat,
		catalog.Item{ID: "strewn", Title: "Plant", Description: "in a pot"},
		catalog.Item{ID: "title", Title: "Plant pot"},
	)
	r := find(t, cat, catalog.Query{Text: "plantpot "})
	if got := strings.Join(ids(r.Hits), " "); got != "title strewn" {
		t.Errorf("plantpot finds %s", got)
	}
}

// Indexes follow a number that goes, and a time that changes by less than a second.
func TestNumbersFollow(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	it := catalog.Item{ID: "a", Price: catalog.Money{Minor: 500, Currency: "EUR"}, Created: epoch}
	mustUpsert(t, cat, it, catalog.Item{ID: "b", Price: it.Price})
	count := func(f catalog.Filter) int {
		m, err := cat.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		return m.Count()
	}
	later := catalog.Created(epoch.Add(1), time.Time{})
	if count(catalog.Less("price", 6)) != 2 || count(later) != 0 {
		t.Error("wrong before the change")
	}
	it.Created = epoch.Add(1)
	mustUpsert(t, cat, it)
	if err := cat.Patch("b", catalog.Patch{Price: new(catalog.Money)}); err != nil {
		t.Fatal(err)
	}
	if n := count(catalog.Less("price", 6)); n != 1 {
		t.Errorf("%d items have a price; want 1", n)
	}
	if n := count(later); n != 1 {
		t.Errorf("%d items are of later; want 1", n)
	}
	if n := count(catalog.Less("price", 5)); n != 0 {
		t.Errorf("%d items are below their own price", n)
	}
	r := find(t, cat, catalog.Query{Sort: catalog.Sort{Field: "price", Descending: true}})
	if got := strings.Join(ids(r.Hits), " "); got != "a b" {
		t.Errorf("by price: %s; want what has none last", got)
	}
}

func TestSimilar(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	red := map[string][]string{"colour": {"red"}}
	mustUpsert(t, cat,
		catalog.Item{ID: "a", Title: "Cast iron teapot", Brand: "Acme", Group: "g", Available: true},
		catalog.Item{ID: "a2", Title: "Cast iron teapot, small", Brand: "Acme", Group: "g", Available: true},
		catalog.Item{ID: "b", Title: "Iron teapot", Brand: "Bo", Available: true},
		catalog.Item{ID: "c", Title: "Glass teapot", Brand: "Acme", Group: "h"},
		catalog.Item{ID: "c2", Title: "Glass teapot for two", Brand: "Acme", Group: "h", Available: true},
		catalog.Item{ID: "d", Title: "Mug", Brand: "Acme", Attributes: red, Available: true},
		catalog.Item{ID: "e", Title: "Scarf", Attributes: red, Available: true},
		catalog.Item{ID: "f", Title: "Alone", Available: true},
	)
	for _, tt := range []struct {
		id, want string
		filter   catalog.Filter
		limit    int
	}{
		{"a", "b c d", nil, 10},
		{"a", "b", nil, 1},
		{"a", "b c2 d", catalog.Available(), 10},
		{"e", "d", nil, 10},
		{"f", "", nil, 10},
		{"a", "", nil, 0},
	} {
		h, _ := cat.Lookup(tt.id)
		hits, err := cat.Similar(h, tt.filter, tt.limit)
		if got := strings.Join(ids(hits), " "); got != tt.want || err != nil {
			t.Errorf("like %s: %s, %v; want %s", tt.id, got, err, tt.want)
		}
	}
	if _, err := cat.Similar(99, nil, 1); !errors.Is(err, catalog.ErrUnknownItem) {
		t.Errorf("no item: %v", err)
	}
	if _, err := cat.Similar(0, nil, -1); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("limit: %v", err)
	}
	if _, err := cat.Similar(0, catalog.Not(nil), 1); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("filter: %v", err)
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	for i := range 3 {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint("a", i), Title: "Green teapots", Available: i == 0})
	}
	mustUpsert(t, cat,
		catalog.Item{ID: "b", Title: "Black tea", Available: true},
		catalog.Item{ID: "c", Title: "Green teapot", Available: true},
		catalog.Item{ID: "d", Title: "Team shirt"},
	)
	for _, tt := range []struct {
		text   string
		filter catalog.Filter
		want   []catalog.Suggestion
	}{
		{"te", nil, []catalog.Suggestion{{"teapots", 4}, {"tea", 1}, {"team", 1}}},
		{"Te", catalog.Available(), []catalog.Suggestion{{"teapots", 2}, {"tea", 1}}},
		{"green te", nil, []catalog.Suggestion{{"green teapots", 4}}},
		{"green ", nil, nil},
		{"purple te", nil, nil},
		{"taepot", nil, []catalog.Suggestion{{"teapot", 4}}},
		{"--", nil, nil},
		{"", nil, nil},
	} {
		got, err := cat.Suggest(tt.text, tt.filter, 5)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q: -want +got:\n%s", tt.text, diff)
		}
	}
	if got, err := cat.Suggest("t", nil, 1); len(got) != 1 || err != nil {
		t.Errorf("one suggestion: %v, %v", got, err)
	}
	if _, err := cat.Suggest("t", catalog.Not(nil), 1); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("filter: %v", err)
	}
}

// Words of many items put in over time, with others gone, are completed as those of a catalogue that always had them.
func TestSuggestAfterManyChanges(t *testing.T) {
	t.Parallel()
	cat, want := catalog.New(), map[string]int{}
	if _, err := cat.Suggest("x", nil, 1); err != nil { // which makes the index
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 13))
	for range 6000 {
		i := rng.IntN(4000)
		it := catalog.Item{ID: fmt.Sprint(i), Title: fmt.Sprintf("w%d", rng.IntN(3000)), Created: epoch.Add(time.Hour)}
		if h, ok := cat.Lookup(it.ID); ok && cat.Item(h) != nil {
			want[cat.Item(h).Title]--
			if rng.IntN(3) == 0 {
				if err := cat.Delete(it.ID); err != nil {
					t.Fatal(err)
				}
				continue
			}
		}
		mustUpsert(t, cat, it)
		want[it.Title]++
	}
	for _, prefix := range []string{"w1", "w12", "w123", "w299"} {
		got, err := cat.Suggest(prefix, nil, 1000)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for w, count := range want {
			if strings.HasPrefix(w, prefix) && count > 0 {
				n++
			}
		}
		if n == 0 {
			continue // which is now taken for a slip
		}
		if len(got) != min(n, 40) {
			t.Errorf("%q: %d suggestions; want %d", prefix, len(got), min(n, 40))
		}
		for _, s := range got {
			if want[s.Text] != s.Count {
				t.Errorf("%q: %d of %q; want %d", prefix, s.Count, s.Text, want[s.Text])
			}
		}
	}
}
