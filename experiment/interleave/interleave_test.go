package interleave_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment/interleave"
)

func mix(t testing.TB, m interleave.Method, rng *rand.Rand, length int, rankings ...[]string) *interleave.List {
	t.Helper()
	l, err := interleave.Mix(m, rng, length, rankings...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestPossibleLists draws until every list that a method can give has come up.
func TestPossibleLists(t *testing.T) {
	t.Parallel()
	a, b := []string{"1", "2"}, []string{"3", "4"}
	for m, want := range map[interleave.Method][]string{
		interleave.TeamDraft: {"1 3 2", "1 3 4", "3 1 2", "3 1 4"},
		interleave.Balanced:  {"1 3 2", "3 1 4"},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		got := map[string]bool{}
		for range 10_000 {
			got[strings.Join(mix(t, m, rng, 3, a, b).Items, " ")] = true
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s: %s", m, diff)
		}
	}
}

// TestEqualRankersTie lets users click at random: either side wins half of the duels that are no ties, within four
// standard deviations, which chance breaks once in 16,000.
func TestEqualRankersTie(t *testing.T) {
	t.Parallel()
	draws := 1_000_000
	if testing.Short() || raceEnabled {
		draws = 50_000
	}
	tests := []struct {
		name   string
		method interleave.Method
		n      int
		a, b   []string
	}{
		{"team-draft", interleave.TeamDraft, draws, []string{"1", "2"}, []string{"3", "4"}},
		{"team-draft, shared items", interleave.TeamDraft, draws, []string{"1", "2", "3", "4"}, []string{"2", "4", "1", "5"}},
		{"balanced", interleave.Balanced, draws, []string{"1", "2"}, []string{"3", "4"}},
		{"probabilistic", interleave.Probabilistic, draws, []string{"1", "2", "3"}, []string{"3", "4", "1"}},
		{"optimized", interleave.Optimized, draws / 20, []string{"1", "2", "3", "4"}, []string{"2", "4", "1", "3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 2))
			var tally interleave.Tally
			sum, squares := 0.0, 0.0
			for range test.n {
				l := mix(t, test.method, rng, 3, test.a, test.b)
				credit, err := l.Credit(rng.IntN(len(l.Items)))
				if err != nil {
					t.Fatal(err)
				}
				if err := tally.Add(credit); err != nil {
					t.Fatal(err)
				}
				d := credit[0] - credit[1]
				sum, squares = sum+d, squares+d*d
			}
			// What is unbiased is the credit; who wins follows where credit is all or nothing.
			if n := float64(test.n); math.Abs(sum) > 4*math.Sqrt(squares) {
				t.Errorf("credit differs by %v a list, 4 deviations are %v", sum/n, 4*math.Sqrt(squares)/n)
			}
			s := tally.Duel(0, 1)
			n := float64(s.Wins + s.Losses)
			if test.method == interleave.TeamDraft || test.method == interleave.Balanced {
				if math.Abs(float64(s.Wins)-n/2) > 4*math.Sqrt(n/4) {
					t.Errorf("%d wins of %v", s.Wins, n)
				}
			}
			if n == 0 {
				t.Error("no duel was decided")
			}
		})
	}
}

// TestBetterRankerWins lets users look for relevant items: the ranker that has them further up wins under each method.
func TestBetterRankerWins(t *testing.T) {
	t.Parallel()
	good := []string{"r1", "r2", "r3", "x1", "x2", "x3", "x4", "x5"}
	bad := []string{"x5", "x1", "r1", "x2", "x3", "r2", "x4", "r3"}
	for _, m := range []interleave.Method{interleave.TeamDraft, interleave.Balanced, interleave.Probabilistic, interleave.Optimized} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(3, 4))
			var tally interleave.Tally
			for range 300 {
				l := mix(t, m, rng, 5, good, bad)
				var clicks []int
				for i, item := range l.Items {
					if strings.HasPrefix(item, "r") && rng.Float64() < 0.6 {
						clicks = append(clicks, i)
					}
				}
				credit, err := l.Credit(clicks...)
				if err != nil {
					t.Fatal(err)
				}
				if err := tally.Add(credit); err != nil {
					t.Fatal(err)
				}
			}
			if s := tally.Duel(0, 1); s.PValue() > 1e-6 || s.Wins < s.Losses {
				t.Errorf("%+v, p = %v", s, s.PValue())
			}
			if s := tally.Duel(1, 0); s.Wins > s.Losses {
				t.Errorf("the other way round: %+v", s)
			}
		})
	}
}

func TestMultileaving(t *testing.T) {
	t.Parallel()
	rankings := [][]string{
		{"r1", "r2", "x1", "x2", "x3"}, {"x1", "r1", "x2", "r2", "x4"}, {"x2", "x3", "x4", "x5", "r1"},
	}
	for _, m := range []interleave.Method{interleave.TeamDraft, interleave.Probabilistic} {
		rng := rand.New(rand.NewPCG(5, 6))
		var tally interleave.Tally
		for range 2_000 {
			l := mix(t, m, rng, 4, rankings...)
			for i, item := range l.Items {
				if !strings.HasPrefix(item, "r") {
					continue
				}
				credit, err := l.Credit(i)
				if err != nil {
					t.Fatal(err)
				}
				if sum := credit[0] + credit[1] + credit[2]; math.Abs(sum-1) > 1e-12 {
					t.Fatalf("%s: credit %v of one click", m, credit)
				}
				if err := tally.Add(credit); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, pair := range [][2]int{{0, 1}, {1, 2}, {0, 2}} {
			if s := tally.Duel(pair[0], pair[1]); s.PValue() > 1e-6 || s.Wins < s.Losses {
				t.Errorf("%s: %v: %+v", m, pair, s)
			}
		}
	}
}

// TestLists holds for every method what users may rely on.
func TestLists(t *testing.T) {
	t.Parallel()
	long := make([]string, 40)
	for i := range long {
		long[i] = fmt.Sprint(i)
	}
	reversed := slices.Clone(long)
	slices.Reverse(reversed)
	tests := []struct {
		name     string
		a, b     []string
		length   int
		wantItem int
	}{
		{"same", long, long, 10, 10},
		{"reversed", long, reversed, 12, 12},
		{"too long", []string{"1", "2"}, []string{"2", "3"}, 10, 3},
		{"one empty", nil, []string{"2", "3"}, 2, 2},
		{"both empty", nil, nil, 5, 0},
		{"twice the same", []string{"1", "1", "1", "2"}, []string{"1", "3"}, 5, 3},
		{"one item", []string{"1"}, []string{"1"}, 1, 1},
	}
	for _, test := range tests {
		for _, m := range []interleave.Method{interleave.TeamDraft, interleave.Balanced, interleave.Probabilistic, interleave.Optimized} {
			rng := rand.New(rand.NewPCG(1, 2))
			for range 20 {
				l := mix(t, m, rng, test.length, test.a, test.b)
				if len(l.Items) != test.wantItem {
					t.Fatalf("%s, %s: %v, want %d items", test.name, m, l.Items, test.wantItem)
				}
				seen := map[string]bool{}
				for _, item := range l.Items {
					if seen[item] || !slices.Contains(test.a, item) && !slices.Contains(test.b, item) {
						t.Fatalf("%s, %s: %v", test.name, m, l.Items)
					}
					seen[item] = true
				}
				if credit, err := l.Credit(); err != nil || credit[0] != 0 || credit[1] != 0 {
					t.Fatalf("%s, %s: credit %v, %v without clicks", test.name, m, credit, err)
				}
			}
		}
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	two := [][]string{{"1"}, {"2"}}
	for name, f := range map[string]func() error{
		"one ranking": func() error { _, err := interleave.Mix(interleave.TeamDraft, rng, 3, two[0]); return err },
		"three balanced": func() error {
			_, err := interleave.Mix(interleave.Balanced, rng, 3, two[0], two[1], two[0])
			return err
		},
		"no length":     func() error { _, err := interleave.Mix(interleave.TeamDraft, rng, 0, two...); return err },
		"method":        func() error { _, err := interleave.Mix("dice", rng, 3, two...); return err },
		"click outside": func() error { _, err := mix(t, interleave.TeamDraft, rng, 2, two...).Credit(2); return err },
		"click below":   func() error { _, err := mix(t, interleave.Balanced, rng, 2, two...).Credit(-1); return err },
		"one credit":    func() error { return new(interleave.Tally).Add([]float64{1}) },
	} {
		if err := f(); !errors.Is(err, interleave.ErrInvalid) {
			t.Errorf("%s: error = %v, want ErrInvalid", name, err)
		}
	}
}
