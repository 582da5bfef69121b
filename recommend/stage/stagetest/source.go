package stagetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// RunSource runs the suite for sources as subtests of t, which must not be parallel. newSource makes the source under test over
// what [Catalog] made, the same each time; it is best one that has something to propose.
func RunSource(t *testing.T, newSource func(c *catalog.Catalog) stage.Source) {
	t.Helper()
	s := &sourceSuite{newSource, Catalog()}
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"valid", s.valid},
		{"proposals", s.proposals},
		{"numbers of items", s.counts},
		{"deterministic", s.deterministic},
		{"query unchanged", s.queryUnchanged},
		{"concurrent", s.concurrent},
	} {
		t.Run(test.name, test.run)
	}
}

type sourceSuite struct {
	newSource func(c *catalog.Catalog) stage.Source
	catalog   *catalog.Catalog
}

// query makes a query from a seed, the same each time, of all kinds of Allow.
func (s *sourceSuite) query(seed uint64) (*stage.Query, int) {
	rng := rand.New(rand.NewPCG(seed, 7))
	q := (&suite{catalog: s.catalog}).query(seed, rng)
	bitmap := roaring.New()
	for item := range uint32(Items) {
		if item%7 != 3 && rng.IntN(4) > 0 {
			bitmap.Add(item)
		}
	}
	switch seed % 4 {
	case 0:
		q.Allow = nil
	case 1:
		q.Allow = bitmap
	case 2:
		q.Allow = model.AllowFunc(func(item uint32) bool { return item%13 == 2 })
	}
	return q, rng.IntN(60)
}

func (s *sourceSuite) valid(t *testing.T) {
	src := s.newSource(s.catalog)
	if src.Name() == "" || src.Name() != s.newSource(s.catalog).Name() {
		t.Errorf("name %q and then %q", src.Name(), s.newSource(s.catalog).Name())
	}
	if c, ok := src.(stage.Checked); ok {
		if err := c.Validate(); err != nil {
			t.Errorf("the source under test is not valid: %v", err)
		}
	}
}

// proposals: allowed, each once, the best first, appended.
func (s *sourceSuite) proposals(t *testing.T) {
	src, any := s.newSource(s.catalog), false
	for seed := range uint64(rounds) {
		q, n := s.query(seed)
		before := []stage.Candidate{{Item: 1, Score: -5, Propensity: 1}, {Item: 2, Score: 5, Propensity: 1}}
		got := src.Propose(slices.Clone(before), q, n)
		if len(got) < len(before) || !slices.Equal(got[:len(before)], before) {
			t.Fatalf("seed %d: not appended: %v", seed, got)
		}
		got = got[len(before):]
		any = any || len(got) > 0
		if err := s.check(got, q, n); err != nil {
			t.Fatalf("seed %d, n %d: %v\n%v", seed, n, err, got)
		}
	}
	if !any {
		t.Error("it never proposes anything")
	}
}

func (s *sourceSuite) check(got []stage.Candidate, q *stage.Query, n int) error {
	if len(got) > max(0, n) {
		return fmt.Errorf("%d proposals of %d asked for", len(got), n)
	}
	seen := map[uint32]bool{}
	for i, c := range got {
		switch {
		case seen[c.Item]:
			return fmt.Errorf("item %d twice", c.Item)
		case !q.Allows(c.Item):
			return fmt.Errorf("item %d is not allowed", c.Item)
		case int(c.Item) >= s.catalog.Handles():
			return fmt.Errorf("item %d of %d", c.Item, s.catalog.Handles())
		case math.IsNaN(float64(c.Score)) || math.IsInf(float64(c.Score), 0):
			return fmt.Errorf("score %v", c.Score)
		case i > 0 && c.Score > got[i-1].Score:
			return fmt.Errorf("score %v behind %v", c.Score, got[i-1].Score)
		case c.Fixed:
			return fmt.Errorf("item %d is Fixed", c.Item)
		}
		seen[c.Item] = true
	}
	return nil
}

// counts: no number of items is too odd, and asking for fewer gives the first of those.
func (s *sourceSuite) counts(t *testing.T) {
	src := s.newSource(s.catalog)
	for seed := range uint64(8) {
		q, _ := s.query(seed)
		all := items(src.Propose(nil, q, 1<<30))
		for _, n := range []int{math.MinInt, -1, 0, 1, 2, 50, Items, math.MaxInt} {
			q, _ := s.query(seed)
			if got, want := items(src.Propose(nil, q, n)), all[:min(max(0, n), len(all))]; !slices.Equal(want, got) {
				t.Errorf("seed %d: of %d asked for come %v, of many %v", seed, n, got, want)
			}
		}
	}
}

func items(list []stage.Candidate) []uint32 {
	var items []uint32
	for _, c := range list {
		items = append(items, c.Item)
	}
	return items
}

func (s *sourceSuite) deterministic(t *testing.T) {
	src, other := s.newSource(s.catalog), s.newSource(s.catalog)
	for seed := range uint64(rounds) {
		q, n := s.query(seed)
		want := src.Propose(nil, q, n)
		for _, src := range []stage.Source{src, other} {
			q, n := s.query(seed)
			if got := src.Propose(nil, q, n); !slices.Equal(want, got) {
				t.Fatalf("seed %d: the same again gives\n%v, not\n%v", seed, got, want)
			}
		}
	}
}

func (s *sourceSuite) queryUnchanged(t *testing.T) {
	src := s.newSource(s.catalog)
	for seed := range uint64(rounds) {
		q, n := s.query(seed)
		want, _ := s.query(seed)
		src.Propose(nil, q, n)
		q.Rand, q.Allow, want.Allow = want.Rand, nil, nil
		if !reflect.DeepEqual(q, want) {
			t.Fatalf("seed %d: the query is %+v, was %+v", seed, q, want)
		}
	}
}

func (s *sourceSuite) concurrent(t *testing.T) {
	want := make([][]stage.Candidate, 40)
	for seed := range want {
		q, n := s.query(uint64(seed))
		want[seed] = s.newSource(s.catalog).Propose(nil, q, n)
	}
	src := s.newSource(s.catalog)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for seed := range want {
				q, n := s.query(uint64(seed))
				if got := src.Propose(nil, q, n); !slices.Equal(want[seed], got) {
					t.Errorf("seed %d: among others it gives %v, alone %v", seed, got, want[seed])
				}
			}
		})
	}
	wg.Wait()
}
