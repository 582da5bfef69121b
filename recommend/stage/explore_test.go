package stage_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
)

// TestExplorePropensities draws 200,000 pages of each kind and compares how often items came to a place behind the same
// items with the propensity that they were given there: for each beginning of a page that was drawn, its frequency is to be
// the product of its propensities.
//
// Of n pages a beginning of chance p comes n·p times, with a standard deviation of sqrt(n·p·(1-p)) < sqrt(n·p). There are some
// 200 beginnings in all; a deviation of five standard deviations has a chance of 6e-7 each, for those of n·p > 100, where the
// normal law holds; with half a count for rounding to whole numbers. Rarer ones are given 5·sqrt(100).
func TestExplorePropensities(t *testing.T) {
	t.Parallel()
	const pages = 200_000
	for _, tt := range []struct {
		name    string
		explore *stage.Explore
		list    string
	}{
		{"epsilon", &stage.Explore{Epsilon: 0.3}, "a b c d e"},
		{"epsilon of one", &stage.Explore{Epsilon: 1}, "a b c d e"},
		{"temperature", &stage.Explore{Temperature: 1.5}, "a b c d e"},
		{"low temperature", &stage.Explore{Temperature: 0.001}, "a:5 b:5 c:4.9995 d:1 e:-1000"},
		{"both", &stage.Explore{Epsilon: 0.2, Temperature: 0.7}, "a b c d e"},
		{"depth", &stage.Explore{Epsilon: 0.5, Depth: 4}, "a b c d e"},
		{"around fixed", &stage.Explore{Epsilon: 0.5, Temperature: 1}, "a b! c d e"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := shop(t, "", "", "", "", "")
			q := &stage.Query{Catalog: c, N: 3, Rand: rand.New(rand.NewPCG(1, 9))}
			counts, chances := map[string]float64{}, map[string]float64{}
			list, page := ranked(c, tt.list), []stage.Candidate(nil)
			for range pages {
				page = tt.explore.Apply(append(page[:0], list...), q)
				chance := 1.0
				for i, e := range page[:q.N] {
					key := letters(c, page[:i+1])
					chance *= float64(e.Propensity)
					counts[key]++
					if old, ok := chances[key]; ok && math.Abs(old-chance) > 1e-6*chance {
						t.Fatalf("page %q has chances %v and %v", key, old, chance)
					}
					chances[key] = chance
				}
				for _, e := range page[q.N:] {
					if e.Propensity != 1 {
						t.Fatalf("propensity %v behind the page", e.Propensity)
					}
				}
			}
			total := map[int]float64{}
			for key, chance := range chances {
				expected := chance * pages
				if diff := math.Abs(counts[key] - expected); diff > 5*math.Sqrt(max(100, expected))+0.5 {
					t.Errorf("%q came %v times, its propensities say %v", key, counts[key], expected)
				}
				total[len(key)] += chance
			}
			// Pages that never came have a chance of few counts in all.
			for n, sum := range total {
				if sum > 1+1e-5 || sum < 0.999 {
					t.Errorf("the chances of what came to the first %d places add up to %v", n, sum)
				}
			}
		})
	}
}

// letters is the items of a page as one word.
func letters(c *catalog.Catalog, page []stage.Candidate) string {
	var word [8]byte
	for i, e := range page {
		word[i] = c.ID(e.Item)[0]
	}
	return string(word[:len(page)])
}

// Epsilon-greedy, Plackett and Luce: the chances themselves, in two cases worked out by hand.
func TestExploreFormula(t *testing.T) {
	t.Parallel()
	c := shop(t, "", "", "")
	for _, tt := range []struct {
		name    string
		explore *stage.Explore
		list    string
		want    map[string]float64 // of the first place, and behind it of the second
	}{
		{"epsilon", &stage.Explore{Epsilon: 0.3}, "a b c", map[string]float64{"a": 0.8, "b": 0.1, "c": 0.1}},
		{"temperature", &stage.Explore{Temperature: 0.5}, "a:1 b:0.5 c:0", // e² : e : 1
			map[string]float64{"a": 0.66524096, "b": 0.24472847, "c": 0.09003057}},
		{"both", &stage.Explore{Epsilon: 0.3, Temperature: 0.5}, "a:1 b:0.5 c:0",
			map[string]float64{"a": 0.1 + 0.7*0.66524096, "b": 0.1 + 0.7*0.24472847, "c": 0.1 + 0.7*0.09003057}},
		{"great scores", &stage.Explore{Temperature: 0.5}, "a:1000 b:999.5 c:999", map[string]float64{"a": 0.66524096, "b": 0.24472847, "c": 0.09003057,
			"ab": 0.73105858, "ac": 0.26894142, "ba": 0.88079708, "bc": 0.11920292, "ca": 0.73105858, "cb": 0.26894142}},
		{"depth and one place", &stage.Explore{Epsilon: 1, Depth: 2}, "a b c", map[string]float64{"a": 0.5, "b": 0.5}},
		{"depth", &stage.Explore{Epsilon: 1, Depth: 2}, "a b c", map[string]float64{"a": 0.5, "b": 0.5, "ab": 1, "ba": 1}},
	} {
		places := 0
		for page := range tt.want {
			places = max(places, len(page))
		}
		q := &stage.Query{Catalog: c, N: places, Rand: rand.New(rand.NewPCG(1, 9))}
		seen := map[string]bool{}
		for range 300 {
			list := ranked(c, tt.list)
			for i := range list {
				list[i].Propensity = 0.5
			}
			got := tt.explore.Apply(list, q)
			for i, e := range got[:q.N] {
				page := letters(c, got[:i+1])
				seen[page] = true
				if math.Abs(2*float64(e.Propensity)-tt.want[page]) > 1e-6 {
					t.Fatalf("%s: %s has %v, want half of %v", tt.name, page, e.Propensity, tt.want[page])
				}
			}
			if tt.explore.Depth == 2 && got[2].Item != 2 {
				t.Fatalf("%s: %v is below the depth", tt.name, got[2])
			}
		}
		if len(seen) != len(tt.want) {
			t.Errorf("%s: %v came", tt.name, seen)
		}
	}
}

// A propensity that a source left 0 counts as 1; where one item has all the chance it is 1, and what is left behind it is
// drawn by the chances that it has among itself.
func TestExploreAll(t *testing.T) {
	t.Parallel()
	c := shop(t, "", "", "", "")
	q := &stage.Query{Catalog: c, N: 4, Rand: rand.New(rand.NewPCG(1, 9))}
	seen := map[string]int{}
	for range 100 {
		list := ranked(c, "a:1 b:-1000 c:-1000 d:-100000")
		for i := range list {
			list[i].Propensity = 0
		}
		got := (&stage.Explore{Temperature: 0.1}).Apply(list, q)
		seen[spell(c, got)]++
		for i, want := range []float32{1, 0.5, 1, 1} {
			if got[i].Propensity != want {
				t.Fatalf("%v", got)
			}
		}
	}
	if seen["a b c d"] < 20 || seen["a c b d"] < 20 || len(seen) != 2 { // of 100 even draws, six standard deviations off
		t.Errorf("pages %v", seen)
	}
}
