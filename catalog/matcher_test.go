package catalog_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

// spec is a random filter together with what it says, written down a second time in the plainest way.
type spec struct {
	filter catalog.Filter
	text   string
	match  func(*catalog.Item) bool
}

var (
	brands     = []string{"Acme", "Bo", "Çelik", ""}
	categories = []string{"Home", "Home > Kitchen", "Home > Kitchen > Mugs", "Homeware", "Toys > Home", "Toys"}
	colours    = []string{"red", "blue", "green"}
	sizes      = []string{"1", "2.5", "2.500000001", "-3", "1e2", "large", "10 cm"}
	currencies = []string{"EUR", "USD", "JPY"}
	epoch      = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func pick[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }

func randomItem(rng *rand.Rand, id string) catalog.Item {
	it := catalog.Item{
		ID: id, Title: "Thing " + id, Brand: pick(rng, brands),
		Available: rng.IntN(3) > 0, Stock: rng.IntN(10), Attributes: map[string][]string{},
	}
	for range rng.IntN(3) {
		it.Categories = append(it.Categories, pick(rng, categories))
	}
	for range rng.IntN(3) {
		it.Attributes["colour"] = append(it.Attributes["colour"], pick(rng, colours))
	}
	if rng.IntN(2) == 0 {
		for range 1 + rng.IntN(2) {
			it.Attributes["size"] = append(it.Attributes["size"], pick(rng, sizes))
		}
	}
	if rng.IntN(2) == 0 { // another field of the same values
		it.Attributes["weight"] = []string{pick(rng, sizes)}
	}
	if rng.IntN(4) > 0 {
		it.Price = catalog.Money{Minor: rng.Int64N(100), Currency: pick(rng, currencies)}
	}
	if rng.IntN(4) > 0 {
		it.Created = epoch.Add(time.Duration(rng.IntN(100))*time.Hour + time.Duration(rng.IntN(2)))
	}
	return it
}

// values is what the filter language means by the values of a field.
func values(it *catalog.Item, field string) []string {
	switch field {
	case "id":
		return []string{it.ID}
	case "brand":
		return []string{it.Brand}
	case "currency":
		return []string{it.Price.Currency}
	}
	return it.Attributes[strings.TrimPrefix(field, "attr.")]
}

func has(it *catalog.Item, field, value string) bool {
	if value == "" {
		return false
	}
	if field != "category" {
		return slices.Contains(values(it, field), value)
	}
	return slices.ContainsFunc(it.Categories, func(path string) bool {
		return path == value || strings.HasPrefix(path, value+" > ")
	})
}

func randomValue(rng *rand.Rand, field string) string {
	if rng.IntN(8) == 0 {
		return "nothing has this"
	}
	switch field {
	case "id":
		return strconv.Itoa(rng.IntN(300))
	case "brand":
		return pick(rng, brands)
	case "category":
		return pick(rng, categories)
	case "currency":
		return pick(rng, currencies)
	case "attr.colour":
		return pick(rng, colours)
	}
	return pick(rng, sizes)
}

func randomSpec(rng *rand.Rand, depth int) spec {
	if depth > 0 && rng.IntN(2) == 0 {
		return randomTree(rng, depth)
	}
	field := pick(rng, []string{"id", "brand", "category", "currency", "attr.colour", "attr.size", "attr.none"})
	switch rng.IntN(9) {
	case 0:
		return spec{catalog.Available(), "available", func(it *catalog.Item) bool { return it.Available }}
	case 1:
		v := randomValue(rng, field)
		return spec{catalog.Equals(field, v), field + "=" + v, func(it *catalog.Item) bool { return has(it, field, v) }}
	case 2:
		var vs []string
		for range rng.IntN(14) {
			vs = append(vs, randomValue(rng, field))
		}
		if rng.IntN(2) == 0 { // many values are matched in another way than few
			for i := range 9 {
				vs = append(vs, fmt.Sprint("nothing has this ", i))
			}
		}
		return spec{catalog.In(field, vs...), fmt.Sprintf("%s in %q", field, vs), func(it *catalog.Item) bool {
			return slices.ContainsFunc(vs, func(v string) bool { return has(it, field, v) })
		}}
	case 3:
		lo := float64(rng.IntN(10))
		hi := pick(rng, []float64{lo, lo + 3, math.Inf(1)})
		return spec{catalog.Range("stock", lo, hi), fmt.Sprint("stock ", lo, hi), func(it *catalog.Item) bool {
			return lo <= float64(it.Stock) && float64(it.Stock) <= hi
		}}
	case 4:
		lo := float64(rng.IntN(8) - 4)
		hi := pick(rng, []float64{lo, lo + 3, math.Inf(1)})
		return spec{catalog.Range("attr.size", lo, hi), fmt.Sprint("size ", lo, hi), func(it *catalog.Item) bool {
			return slices.ContainsFunc(it.Attributes["size"], func(s string) bool {
				x, err := strconv.ParseFloat(s, 64)
				return err == nil && lo <= x && x <= hi
			})
		}}
	case 6:
		x := pick(rng, []float64{-3, 0, 1, 2.5, 2.500000001, 3, 9, 1e19, -1e19})
		field := pick(rng, []string{"stock", "attr.size"})
		f, is := catalog.Less(field, x), func(y float64) bool { return y < x }
		if rng.IntN(2) == 0 {
			f, is = catalog.Greater(field, x), func(y float64) bool { return y > x }
		}
		return spec{f, f.String(), func(it *catalog.Item) bool {
			if field == "stock" {
				return is(float64(it.Stock))
			}
			return slices.ContainsFunc(it.Attributes["size"], func(s string) bool {
				y, err := strconv.ParseFloat(s, 64)
				return err == nil && is(y)
			})
		}}
	case 7:
		n := rng.IntN(100)
		lo := float64(n) / 100
		hi := pick(rng, []float64{lo, float64(n+30) / 100, 50, math.Inf(1)})
		return spec{catalog.Range("price", lo, hi), fmt.Sprint("price of any currency ", lo, hi), func(it *catalog.Item) bool {
			major := float64(it.Price.Minor) / 100
			if it.Price.Currency == "JPY" {
				major *= 100
			}
			return it.Price.Currency != "" && lo-1e-9 <= major && major <= hi+1e-9
		}}
	case 5:
		cur, lo := pick(rng, currencies), rng.Int64N(100)
		hi := pick(rng, []int64{lo, lo + 30, math.MaxInt64})
		return spec{catalog.Price(cur, lo, hi), fmt.Sprint("price ", cur, lo, hi), func(it *catalog.Item) bool {
			return it.Price.Currency == cur && lo <= it.Price.Minor && it.Price.Minor <= hi
		}}
	}
	from := epoch.Add(time.Duration(rng.IntN(100)) * time.Hour)
	to := pick(rng, []time.Time{{}, from, from.Add(30 * time.Hour)})
	return spec{catalog.Created(from, to), fmt.Sprint("created ", from, to), func(it *catalog.Item) bool {
		return !it.Created.IsZero() && !it.Created.Before(from) && (to.IsZero() || it.Created.Before(to))
	}}
}

func randomTree(rng *rand.Rand, depth int) spec {
	var fs []catalog.Filter
	var specs []spec
	var text []string
	for range rng.IntN(4) {
		s := randomSpec(rng, depth-1)
		fs, specs, text = append(fs, s.filter), append(specs, s), append(text, s.text)
	}
	inside := "(" + strings.Join(text, ", ") + ")"
	switch {
	case rng.IntN(3) == 0 && len(specs) > 0:
		return spec{catalog.Not(fs[0]), "not(" + text[0] + ")", func(it *catalog.Item) bool { return !specs[0].match(it) }}
	case rng.IntN(2) == 0:
		return spec{catalog.And(fs...), "and" + inside, func(it *catalog.Item) bool {
			return !slices.ContainsFunc(specs, func(s spec) bool { return !s.match(it) })
		}}
	}
	return spec{catalog.Or(fs...), "or" + inside, func(it *catalog.Item) bool {
		return slices.ContainsFunc(specs, func(s spec) bool { return s.match(it) })
	}}
}

// mutate does one random change to the catalogue and to the plain map that says what it should hold.
func mutate(t *testing.T, rng *rand.Rand, cat *catalog.Catalog, want map[string]catalog.Item, ids int) {
	t.Helper()
	id := strconv.Itoa(rng.IntN(ids))
	old, had := want[id]
	var err error
	switch rng.IntN(6) {
	case 0:
		err = cat.Delete(id)
		delete(want, id)
	case 1:
		err = cat.Patch(id, catalog.Patch{Stock: new(7), Available: new(!old.Available)})
		old.Stock, old.Available = 7, !old.Available
	case 2:
		price := catalog.Money{Minor: rng.Int64N(100), Currency: pick(rng, currencies)}
		err = cat.Patch(id, catalog.Patch{Price: &price})
		old.Price = price
	default:
		had, old = true, randomItem(rng, id)
		_, err = cat.Upsert(old)
		want[id] = old
	}
	if (err == nil) != had {
		t.Fatalf("item %q, there before: %v, error: %v", id, had, err)
	}
	if _, still := want[id]; still {
		want[id] = old
	}
}

// One random history under many random filters: Match, Bitmap, Count, CountMax and Facets must agree with a look at
// every item, at every time, in matchers compiled at any time before.
func TestMatcherAgainstBruteForce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 2))
			cat, want := catalog.New(), map[string]catalog.Item{}
			var specs []spec
			var matchers []*catalog.Matcher
			for range 8 {
				for range 10 {
					s := randomSpec(rng, 4)
					m, err := cat.Compile(s.filter)
					if err != nil {
						t.Fatalf("%s: %v", s.text, err)
					}
					specs, matchers = append(specs, s), append(matchers, m)
				}
				for range 150 {
					mutate(t, rng, cat, want, 300)
				}
				checkItems(t, cat, want)
				for i, s := range specs {
					checkMatcher(t, cat, want, s, matchers[i])
				}
			}
		})
	}
}

func checkItems(t *testing.T, cat *catalog.Catalog, want map[string]catalog.Item) {
	t.Helper()
	got := map[string]catalog.Item{}
	for h, it := range cat.All() {
		got[it.ID] = *it
		if found, ok := cat.Lookup(it.ID); !ok || found != h || cat.ID(h) != it.ID || cat.Available(h) != it.Available {
			t.Errorf("item %q: handle %d, Lookup %d, ID %q, Available %v", it.ID, h, found, cat.ID(h), cat.Available(h))
		}
	}
	for id, it := range got {
		if len(it.Attributes) == 0 {
			it.Attributes = map[string][]string{}
			got[id] = it
		}
	}
	checkColumns(t, cat)
	if diff := cmp.Diff(want, got); diff != "" || cat.Len() != len(want) {
		t.Fatalf("Len = %d, want %d; items (-want +got):\n%s", cat.Len(), len(want), diff)
	}
}

// checkColumns compares what is asked for without making an item with the item.
func checkColumns(t *testing.T, cat *catalog.Catalog) {
	t.Helper()
	for _, field := range []string{"brand", "currency", "category", "attr.colour", "attr.size", "attr.none"} {
		col, err := cat.Column(field)
		if err != nil {
			t.Fatal(err)
		}
		numbers := map[string]uint32{}
		for h, it := range cat.All() {
			want := values(it, field)
			if field == "category" {
				want = it.Categories
			}
			var got []string
			for _, v := range col.Values([]uint32{9}, h)[1:] {
				name := col.Name(v)
				if known, ok := numbers[name]; ok && known != v {
					t.Fatalf("%s: %q is %d and %d", field, name, known, v)
				}
				numbers[name], got = v, append(got, name)
			}
			if want = slices.DeleteFunc(slices.Clone(want), func(v string) bool { return v == "" }); !slices.Equal(want, got) {
				t.Fatalf("item %q has in column %s %q; want %q", it.ID, field, got, want)
			}
			if cat.Price(h) != it.Price || !cat.Created(h).Equal(it.Created) {
				t.Fatalf("item %+v: price %v, created %v", it, cat.Price(h), cat.Created(h))
			}
		}
	}
}

func checkMatcher(t *testing.T, cat *catalog.Catalog, want map[string]catalog.Item, s spec, m *catalog.Matcher) {
	t.Helper()
	var wanted []uint32
	for id, it := range want {
		if s.match(&it) {
			h, _ := cat.Lookup(id)
			wanted = append(wanted, h)
		}
	}
	slices.Sort(wanted)
	var matched []uint32
	for h := range uint32(cat.Handles() + 3) {
		if m.Match(h) {
			matched = append(matched, h)
		}
	}
	if diff := cmp.Diff(wanted, matched); diff != "" {
		t.Fatalf("%s: Match (-want +got):\n%s", s.text, diff)
	}
	if got := m.Bitmap().ToArray(); !slices.Equal(got, wanted) {
		t.Fatalf("%s: Bitmap = %v; want %v", s.text, got, wanted)
	}
	if n := m.Count(); n != len(wanted) {
		t.Fatalf("%s: Count = %d; want %d", s.text, n, len(wanted))
	}
	if n := m.CountMax(); n < len(wanted) || n > cat.Len() {
		t.Fatalf("%s: CountMax = %d of %d items; Count is %d", s.text, n, cat.Len(), len(wanted))
	}
	if e := m.Estimate(); e.Min > len(wanted) || e.Max < len(wanted) || e.Likely < e.Min || e.Likely > e.Max {
		t.Fatalf("%s: Estimate = %+v; Count is %d", s.text, e, len(wanted))
	}
	checkAppend(t, s, m, wanted)
	checkFacets(t, cat, want, s)
}

func checkAppend(t *testing.T, s spec, m *catalog.Matcher, wanted []uint32) {
	t.Helper()
	before := []uint32{7, 7, 3}
	for _, max := range []int{len(wanted) - 1, len(wanted), len(wanted) + 1, math.MaxInt} {
		want := before
		if len(wanted) <= max {
			want = slices.Concat(before, wanted)
		}
		got, ok := m.AppendHandles(slices.Clone(before), max)
		if !slices.Equal(got, want) || ok != (len(wanted) <= max) {
			t.Fatalf("%s: AppendHandles of %d at most = %v, %v; want %v", s.text, max, got, ok, want)
		}
	}
}

func checkFacets(t *testing.T, cat *catalog.Catalog, want map[string]catalog.Item, s spec) {
	t.Helper()
	for field, vs := range map[string][]string{"brand": brands, "category": categories, "attr.colour": colours} {
		counts := map[string]int{}
		for _, it := range want {
			for _, v := range vs {
				if has(&it, field, v) && s.match(&it) {
					counts[v]++
				}
			}
		}
		facets, err := cat.Facets(field, s.filter)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for i, f := range facets {
			got[f.Value] = f.Count
			if i > 0 && (facets[i-1].Count < f.Count || facets[i-1].Count == f.Count && facets[i-1].Value >= f.Value) {
				t.Fatalf("Facets(%s, %s) out of order: %v", field, s.text, facets)
			}
		}
		if diff := cmp.Diff(counts, got); diff != "" {
			t.Fatalf("Facets(%s, %s) (-want +got):\n%s", field, s.text, diff)
		}
	}
}
