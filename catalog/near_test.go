package catalog_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/codec"
)

// plainDistance is the distance of optimal string alignment, from its recursive definition.
func plainDistance(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	other := 1
	if a[len(a)-1] == b[len(b)-1] {
		other = 0
	}
	d := min(plainDistance(a[:len(a)-1], b)+1, plainDistance(a, b[:len(b)-1])+1, plainDistance(a[:len(a)-1], b[:len(b)-1])+other)
	if len(a) > 1 && len(b) > 1 && a[len(a)-1] == b[len(b)-2] && a[len(a)-2] == b[len(b)-1] {
		d = min(d, plainDistance(a[:len(a)-2], b[:len(b)-2])+1)
	}
	return d
}

func TestNearWithin2(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 15))
	for range 3000 {
		var words [2]string
		for i := range words {
			for range rng.IntN(7) {
				words[i] += string("abc"[rng.IntN(3)])
			}
		}
		if got, d := catalog.Within2(words[0], words[1]), plainDistance(words[0], words[1]); got != (d <= 2) {
			t.Fatalf("%q and %q are %d apart; Within2 is %v", words[0], words[1], d, got)
		}
	}
}

// Each single slip in a word finds it, in every script that has letters for it.
func TestNearSlips(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"teapot", "чайник", "τσαγιερα"} {
		cat := catalog.New()
		mustUpsert(t, cat, catalog.Item{ID: "x", Title: word})
		w := []rune(word)
		try := func(slip []rune) {
			if _, total, err := cat.Search(string(slip)+" ", nil, 0, 1); total != 1 || err != nil {
				t.Errorf("%q does not find %q", string(slip), word)
			}
		}
		for i := range w {
			try(slices.Delete(slices.Clone(w), i, i+1))
			try(slices.Insert(slices.Clone(w), i, w[1]))
			other := slices.Clone(w)
			other[i] = w[1]
			try(other)
			if i > 0 {
				other = slices.Clone(w)
				other[i], other[i-1] = other[i-1], other[i]
				try(other)
			}
		}
		try(append(slices.Clone(w), w[0]))
	}
}

// Of the ways to take a word apart, the one counts whose words both are frequent.
func TestNearApart(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	mustUpsert(t, cat,
		catalog.Item{ID: "1", Title: "wind breaker"}, catalog.Item{ID: "2", Title: "wind breaker"},
		catalog.Item{ID: "3", Title: "window", Description: "reaker"}, catalog.Item{ID: "4", Title: "windb reaker"},
		catalog.Item{ID: "5", Title: "windb"}, catalog.Item{ID: "6", Title: "windb"}, catalog.Item{ID: "7", Title: "windb"},
	)
	hits, _, err := cat.Search("windbreaker ", nil, 0, 10)
	if got := strings.Join(ids(hits), " "); got != "1 2" && got != "1 2 4" || err != nil {
		t.Errorf("windbreaker finds %s, %v", got, err)
	}
}

// The words are in order, in runs of which each is twice the next, and those that have gone do not pile up.
func TestLexicon(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	if _, err := cat.Suggest("x", nil, 1); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 15))
	for i := range 20_000 {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i % 700), Title: fmt.Sprintf("w%x", rng.Uint32())})
	}
	runs, dead := cat.Lexicon()
	n := 0
	for i, run := range runs[:len(runs)-1] {
		n += len(run)
		if !slices.IsSorted(run) {
			t.Errorf("run %d is not in order", i)
		}
		if i > 0 && len(runs[i-1]) < len(run) {
			t.Errorf("run %d of %d words behind one of %d", i, len(run), len(runs[i-1]))
		}
	}
	if n > 4*700+1000 || dead > n {
		t.Errorf("%d words in runs, %d of all have gone; 700 are there", n, dead)
	}
	for i := range 700 {
		if err := cat.Delete(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, dead := cat.Lexicon(); dead > 700 {
		t.Errorf("%d words have gone and are kept, of none that are there", dead)
	}
}

// Words that only come are merged in order.
func TestLexiconInOrder(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	if _, err := cat.Suggest("x", nil, 1); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 15))
	for i := range 5000 {
		mustUpsert(t, cat, catalog.Item{ID: fmt.Sprint(i), Title: fmt.Sprintf("w%x", rng.Uint32())})
	}
	runs, _ := cat.Lexicon()
	for i, run := range runs[:len(runs)-1] {
		if !slices.IsSorted(run) {
			t.Errorf("run %d of %d is not in order", i, len(run))
		}
	}
}

func TestNeed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		weights []float64
		least   float64
		want    int
	}{
		{[]float64{5, 3, 2}, 5, 2}, // without the first two, 2 are left
		{[]float64{5, 3, 2}, 5.5, 1},
		{[]float64{5, 3, 2}, 0.1, 3},
		{[]float64{5}, 2.5, 1},
	} {
		if got := catalog.Needed(tt.weights, tt.least); got != tt.want {
			t.Errorf("of %v, %v needed: %d; want %d", tt.weights, tt.least, got, tt.want)
		}
	}
}

// Clauses that have nothing to do with one another are foretold within a few hundredths.
func TestEstimate(t *testing.T) {
	t.Parallel()
	cat := load(t, 50_000)
	for _, text := range []string{
		`available`, `not available`, `category:"Dep 3"`, `price<80`, `price<80 EUR`, `20<=attr.size<30`, `stock>=10`,
		`available and category:"Dep 3" and price<50`, `category:"Dep 3" or category:"Dep 4"`, `not (price<30 or attr.colour:red)`,
		`brand:nobody`, `all`, `none`, `stock>1e6`,
	} {
		f, err := catalog.ParseExpression(text)
		if err != nil {
			t.Fatal(err)
		}
		m, err := cat.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		e, n := m.Estimate(), m.Count()
		if e.Min > n || e.Max < n {
			t.Errorf("%s: %+v; there are %d", text, e, n)
		}
		if d := float64(e.Likely - n); d*d > float64(n*n)/100+100 {
			t.Errorf("%s: about %d foretold; there are %d", text, e.Likely, n)
		}
	}
}

// What cannot be is refused by its own check, with sums that are right.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	write := func(n uint32, ids []string, items []byte) []byte {
		var file bytes.Buffer
		w := codec.NewWriter(&file)
		w.Section("catalog", 1)
		w.Uint64(1)
		w.Uint32(n)
		w.Strings(len(ids), func(i int) string { return ids[i] })
		w.Bytes(items)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	const available = 1
	there := []byte{0x80 | available, 2} // flags of an item that is there, as a number
	price := []byte{0x80 | 2, 2, 5, 0, 8}
	for name, tt := range map[string]struct {
		n     uint32
		ids   []string
		items []byte
	}{
		"fewer identifiers":     {2, []string{"a"}, nil},
		"an identifier twice":   {2, []string{"a", "a"}, nil},
		"no identifier":         {1, []string{""}, nil},
		"item of no identifier": {1, []string{"a"}, append([]byte{1, 1}, there...)},
		"item twice":            {1, []string{"a"}, slices.Concat([]byte{0, 1}, there, []byte{0, 2}, there)},
		"no version":            {1, []string{"a"}, append([]byte{0, 0}, there...)},
		"cut short":             {1, []string{"a"}, []byte{0, 1}},
		"value of no number":    {1, []string{"a"}, []byte{0, 1, 0x80 | 8, 2, 1}},
		"no currency":           {1, []string{"a"}, slices.Concat([]byte{0, 1}, price, []byte("currency"), []byte{2}, []byte("eu"))},
		"another field's value": {1, []string{"a"}, slices.Concat([]byte{0, 1}, []byte{0x80 | 2, 2, 5, 0, 5}, []byte("brand"), []byte{3}, []byte("EUR"))},
	} {
		if cat, err := reload(write(tt.n, tt.ids, tt.items)); !errors.Is(err, codec.ErrCorrupt) || cat != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := slices.Concat([]byte{0, 1}, price, []byte("currency"), []byte{3}, []byte("EUR"))
	if cat, err := reload(write(1, []string{"a"}, good)); err != nil || cat.Price(0) != (catalog.Money{Minor: 5, Currency: "EUR"}) {
		t.Errorf("what can be: %v", err)
	}
}
