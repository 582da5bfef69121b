// Package stagetest is the suite that every stage and source passes. A stage's own test is a few lines:
//
//	func TestStage(t *testing.T) {
//		stagetest.Run(t, func() stage.Stage { return &stage.Cap{Field: "brand", Max: 2} })
//	}
//
// It asks what package stage promises: that a stage keeps the items it got, each once, and takes in none that is not
// allowed; that Fixed candidates stay as and where they are; that it does the same again with the same draws, from many
// goroutines and with scores, lists and queries that a caller can hand it; that it leaves the query alone. What a stage is
// there for is for its own tests. Run it with -race.
package stagetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// Items is how many items Catalog has.
const Items = 200

// Catalog makes the catalogue that the suite asks about: items "item0" to "item199", of which every second (odd) has the brand
// "Acme" or "Bolt" or "Cord", every third (divisible by 3) the category "Home > Kitchen", others "Garden" or none; all but the
// last twenty have the attributes "seller" ("s0" to "s9") and "product" ("p0" to "p49", each the name of several items), and
// a price. Every item was created a day after the one before.
func Catalog() *catalog.Catalog {
	c := catalog.New()
	for i := range Items {
		it := catalog.Item{ID: fmt.Sprintf("item%d", i), Available: true, Created: time.Unix(1.7e9, 0).UTC().AddDate(0, 0, i)}
		if i%2 == 1 {
			it.Brand = []string{"Acme", "Bolt", "Cord"}[i/2%3]
		}
		if i%3 == 0 {
			it.Categories = []string{"Home > Kitchen", "Gifts"}
		} else if i%3 == 1 {
			it.Categories = []string{"Garden"}
		}
		if i < Items-20 {
			it.Attributes = map[string][]string{"seller": {fmt.Sprintf("s%d", i%10)}, "product": {fmt.Sprintf("p%d", i%50)}}
			it.Price = catalog.Money{Minor: int64(100 + i), Currency: "EUR"}
		}
		if _, err := c.Upsert(it); err != nil {
			panic(err)
		}
	}
	return c
}

// Run runs the suite as subtests of t, which must not be parallel. newStage makes the stage under test, the same each time.
func Run(t *testing.T, newStage func() stage.Stage) {
	t.Helper()
	s := &suite{newStage: newStage, catalog: Catalog()}
	t.Run("valid", s.valid)
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"items", s.items},
		{"allowed", s.allowed},
		{"fixed", s.fixed},
		{"numbers", s.numbers},
		{"edges", s.edges},
		{"without draws", s.withoutDraws},
		{"deterministic", s.deterministic},
		{"idle", s.idle},
		{"query unchanged", s.queryUnchanged},
		{"concurrent", s.concurrent},
		{"allocations", s.allocations},
	} {
		t.Run(test.name, test.run)
	}
}

type suite struct {
	newStage func() stage.Stage
	catalog  *catalog.Catalog
}

// rounds is how many random lists a test makes.
const rounds = 120

// trial makes a query and a list of it from a seed, the same each time: ranked, inside Allow, with some Fixed candidates, equal
// scores, and lengths on both sides of N.
func (s *suite) trial(seed uint64) ([]stage.Candidate, *stage.Query) {
	rng := rand.New(rand.NewPCG(seed, 1))
	q := s.query(seed, rng)
	var list []stage.Candidate
	length, sames, score := rng.IntN(120), 1+rng.IntN(9), float32(3)
	for _, h := range rng.Perm(Items) {
		if len(list) == length {
			break
		}
		if !allowed(uint32(h)) {
			continue
		}
		if rng.IntN(sames) == 0 {
			score -= rng.Float32() / 10
		}
		list = append(list, stage.Candidate{
			Item: uint32(h), Score: score, Propensity: 1, Source: uint8(rng.IntN(2)), Fixed: rng.IntN(8) == 0,
		})
	}
	return list, q
}

// query makes a query of somebody with a history and, often, a profile.
func (s *suite) query(seed uint64, rng *rand.Rand) *stage.Query {
	q := &stage.Query{
		Catalog: s.catalog, N: 1 + rng.IntN(25), Now: time.Unix(1.72e9, 0).UTC(),
		Rand:    rand.New(rand.NewPCG(seed, 2)),
		Sources: []string{"blend", "trending", "of the next page"}[:2],
		Allow:   model.AllowFunc(allowed),
		User:    model.User{Now: 1.72e9, History: []model.Event{{Item: 3, Weight: 1, Time: 1.71e9, Kind: store.View}}},
	}
	if rng.IntN(3) > 0 {
		q.Profile = profile()
	}
	return q
}

// allowed refuses every seventh item.
func allowed(item uint32) bool { return item%7 != 3 && item < Items }

func profile() *store.Profile {
	return &store.Profile{
		User: "u", Segments: []string{"vip"}, Attributes: map[string]string{"seller": "s3"},
		Preferences: map[string][]string{"brand": {"Acme"}, "category": {"Home"}, "not:brand": {"Bolt"}, "language": {"fr"}, "attr.seller": nil},
	}
}

// apply runs the stage on a copy of the list.
func apply(st stage.Stage, list []stage.Candidate, q *stage.Query) []stage.Candidate {
	return st.Apply(slices.Clone(list), q)
}

// each runs check on random lists, and says which seed failed.
func (s *suite) each(t *testing.T, check func(list, got []stage.Candidate, q *stage.Query) error) {
	t.Helper()
	st := s.newStage()
	for seed := range uint64(rounds) {
		list, q := s.trial(seed)
		got := apply(st, list, q)
		if err := check(list, got, q); err != nil {
			t.Fatalf("seed %d: %v\nlist %v\ngot  %v", seed, err, list, got)
		}
	}
}

func (s *suite) valid(t *testing.T) {
	if c, ok := s.newStage().(stage.Checked); ok {
		if err := c.Validate(); err != nil {
			t.Fatalf("the stage under test is not valid: %v", err)
		}
	}
}

// items: each once, and as many as there were, or N.
func (s *suite) items(t *testing.T) {
	s.each(t, func(list, got []stage.Candidate, q *stage.Query) error {
		seen := map[uint32]bool{}
		for _, c := range got {
			if seen[c.Item] {
				return fmt.Errorf("item %d twice", c.Item)
			}
			seen[c.Item] = true
		}
		if len(got) < min(len(list), q.N) {
			return fmt.Errorf("%d of %d left for a page of %d", len(got), len(list), q.N)
		}
		if len(list) >= q.N {
			return nil
		}
		for _, c := range list {
			if !seen[c.Item] {
				return fmt.Errorf("item %d is gone from a list shorter than the page of %d", c.Item, q.N)
			}
		}
		return nil
	})
}

// allowed: whatever a stage takes in has been asked about.
func (s *suite) allowed(t *testing.T) {
	s.each(t, func(list, got []stage.Candidate, q *stage.Query) error {
		for _, c := range got {
			if !allowed(c.Item) {
				return fmt.Errorf("item %d is not allowed", c.Item)
			}
		}
		return nil
	})
}

// fixed: as it was, and where it was, as long as the list reaches there.
func (s *suite) fixed(t *testing.T) {
	s.each(t, func(list, got []stage.Candidate, q *stage.Query) error {
		if len(got) < len(list) { // something was dropped: those behind may have come forward
			got = append(slices.Clone(got), make([]stage.Candidate, len(list)-len(got))...)
		}
		for i, c := range list {
			if c.Fixed && got[i] != c && (i < q.N || !slices.Contains(got[:i], c)) {
				return fmt.Errorf("candidate %v, Fixed at %d, is %v", c, i, got[i])
			}
		}
		return nil
	})
}

// numbers: scores finite, propensities chances, sources in the table.
func (s *suite) numbers(t *testing.T) {
	check := func(_, got []stage.Candidate, q *stage.Query) error {
		for i, c := range got {
			switch {
			case math.IsNaN(float64(c.Score)) || math.IsInf(float64(c.Score), 0):
				return fmt.Errorf("score %v at %d", c.Score, i)
			case !(c.Propensity > 0 && c.Propensity <= 1):
				return fmt.Errorf("propensity %v at %d", c.Propensity, i)
			case int(c.Source) >= len(q.Sources):
				return fmt.Errorf("source %d of %v at %d", c.Source, q.Sources, i)
			}
		}
		return nil
	}
	s.each(t, check)
	st := s.newStage()
	for seed := range uint64(rounds) {
		list, q := s.trial(seed)
		for i := range list { // all the numbers that a score may be, sorted
			list[i].Score = []float32{math.MaxFloat32, 1e30, 1, 1e-45, 0, -1e-45, -1e30, -math.MaxFloat32}[8*i/len(list)]
			list[i].Propensity = 1e-44
		}
		got := apply(st, list, q)
		if err := check(list, got, q); err != nil {
			t.Fatalf("seed %d, great scores: %v\ngot  %v", seed, err, got)
		}
	}
}

// edges: lists and pages that are hardly there, items that the catalogue does not know.
func (s *suite) edges(t *testing.T) {
	st := s.newStage()
	for _, n := range []int{1, 2, 1000} {
		for _, length := range []int{0, 1, 2} {
			for _, fixed := range []bool{false, true} {
				_, q := s.trial(1)
				q.N = n
				list := []stage.Candidate{{Item: 5, Score: 1, Propensity: 1, Fixed: fixed}, {Item: 1e9, Propensity: 1, Fixed: fixed}}[:length]
				got := apply(st, list, q)
				if len(got) < length || fixed && length > 0 && !slices.ContainsFunc(got, func(c stage.Candidate) bool { return c == list[0] }) {
					t.Errorf("%v of %v for a page of %d", got, list, n)
				}
			}
		}
	}
	list, q := s.trial(2)
	q.Allow, q.Profile, q.User, q.Sources = nil, nil, model.User{}, []string{"blend", "trending"}
	if got := apply(st, list, q); len(got) < min(q.N, len(list)) {
		t.Errorf("%d of %d for a query of nobody", len(got), len(list))
	}
}

// withoutDraws: with no Rand, propensities stay as they are.
func (s *suite) withoutDraws(t *testing.T) {
	st := s.newStage()
	for seed := range uint64(rounds) {
		list, q := s.trial(seed)
		q.Rand = nil
		for _, c := range apply(st, list, q) {
			if c.Propensity != 1 {
				t.Fatalf("seed %d: propensity %v of %v without Rand", seed, c.Propensity, c)
			}
		}
	}
}

func (s *suite) deterministic(t *testing.T) {
	st, other := s.newStage(), s.newStage()
	for seed := range uint64(rounds) {
		list, q := s.trial(seed)
		want := apply(st, list, q)
		for _, st := range []stage.Stage{st, other} {
			_, q := s.trial(seed)
			if got := apply(st, list, q); !slices.Equal(want, got) {
				t.Fatalf("seed %d: the same again gives\n%v, not\n%v", seed, got, want)
			}
		}
	}
}

// queryUnchanged: nothing is written into the query but names behind Sources, in an array of their own.
func (s *suite) queryUnchanged(t *testing.T) {
	st := s.newStage()
	for seed := range uint64(rounds) {
		list, q := s.trial(seed)
		_, want := s.trial(seed)
		shared := q.Sources[:3:3] // of which the last is another page's
		apply(st, list, q)
		if len(q.Sources) < 2 || !slices.Equal(q.Sources[:2], want.Sources) || shared[2] != want.Sources[:3][2] {
			t.Fatalf("seed %d: sources %q, and %q behind them, were %q", seed, q.Sources, shared, want.Sources)
		}
		q.Sources, q.Rand, q.Allow, want.Allow = want.Sources, want.Rand, nil, nil
		if !reflect.DeepEqual(q, want) {
			t.Fatalf("seed %d: the query is %+v, was %+v", seed, q, want)
		}
	}
}

// idle holds a stage that says it has nothing to do to that.
func (s *suite) idle(t *testing.T) {
	st := s.newStage()
	idler, ok := st.(stage.Idler)
	if !ok {
		t.Skip("the stage does not say when it has nothing to do")
	}
	for seed := range uint64(rounds) {
		list, q := s.trial(seed)
		if !idler.Idle(q) {
			continue
		}
		want := slices.Clone(list)
		if got := apply(st, list, q); !slices.Equal(got, want) {
			t.Fatalf("seed %d: an idle stage makes %v of %v", seed, got, want)
		}
	}
}

func (s *suite) concurrent(t *testing.T) {
	st := s.newStage()
	want := make([][]stage.Candidate, 40)
	for seed := range want {
		list, q := s.trial(uint64(seed))
		want[seed] = slices.Clone(apply(s.newStage(), list, q))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for seed := range want {
				list, q := s.trial(uint64(seed))
				if got := apply(st, list, q); !slices.Equal(want[seed], got) {
					t.Errorf("seed %d: among others it gives %v, alone %v", seed, got, want[seed])
				}
			}
		})
	}
	wg.Wait()
}

// allocations: a stage may allocate for a page, not for each candidate.
func (s *suite) allocations(t *testing.T) {
	st := s.newStage()
	_, q := s.trial(1)
	q.Profile, q.N = profile(), 20
	var list, scratch []stage.Candidate
	for h := range uint32(Items) {
		if allowed(h) {
			list = append(list, stage.Candidate{Item: h, Score: -float32(h), Propensity: 1})
		}
	}
	scratch = make([]stage.Candidate, 0, 2*Items)
	n := testing.AllocsPerRun(20, func() { st.Apply(append(scratch[:0], list...), q) })
	if most := float64(len(list) / 2); n > most {
		t.Errorf("%v allocations for %d candidates, of which %v are too many", n, len(list), most)
	}
}
