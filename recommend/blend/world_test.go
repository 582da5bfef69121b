package blend_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
)

const (
	shelf = 200 // items that parts score
	known = 100 // and such that only histories have
)

// world is users with histories, and what they turned to next: the three items of the shelf that taste puts first.
type world struct {
	data  *model.Dataset
	truth []blend.Withheld
}

// newWorld makes users number from to from+n-1, of histories as long as length says.
func newWorld(t testing.TB, from, n int, length func(u int) int, taste func(u, item uint64) float64) world {
	t.Helper()
	var b model.Builder
	for i := range shelf + known {
		b.Item(fmt.Sprint("item", i))
	}
	w := world{}
	for u := from; u < from+n; u++ {
		for _, e := range events(uint64(u), shelf, length(u)) {
			b.AddEvent(fmt.Sprint("user", u), e)
		}
		items, tastes := handles(shelf), make([]float64, shelf)
		for i := range tastes {
			tastes[i] = taste(uint64(u), uint64(i))
		}
		slices.SortFunc(items, func(x, y uint32) int { return cmp.Compare(tastes[y], tastes[x]) })
		w.truth = append(w.truth, blend.Withheld{User: uint32(u - from), Items: items[:3]})
	}
	w.data = b.Build()
	if w.data.UserCount() != n {
		t.Fatalf("%d users, want %d", w.data.UserCount(), n)
	}
	return w
}

func always(n int) func(int) int { return func(int) int { return n } }

// voice is what the part of a number says of a user and an item: normally distributed, and nothing to do with others.
func voice(part, u, item uint64) float64 { return normal(100+part, u, item) }

// speaker is a part that says it, multiplied by size.
func speaker(name string, part uint64, size float32) scaled {
	return scaled{plain(name, func(u, item uint64) float64 { return float64(size) * voice(part, u, item) })}
}

func plain(name string, score func(u, item uint64) float64) part {
	return part{name: name, items: shelf, score: func(u *model.User, i uint32) float32 {
		return float32(score(who(u), uint64(i)))
	}}
}

func (w world) learn(t testing.TB, opt blend.Options, parts ...model.Model) (*blend.Weights, blend.Report) {
	t.Helper()
	got, report, err := blend.Learn(t.Context(), parts, w.data, w.truth, opt)
	if err != nil {
		t.Fatal(err)
	}
	for c, ws := range got.ByClass {
		var sum float64
		for _, v := range ws {
			sum += float64(v)
		}
		if math.Abs(sum-1) > 1e-3 || slices.Min(ws) < 0 {
			t.Fatalf("weights of class %d are %v", c, ws)
		}
	}
	return got, report
}

// gains is each user's nDCG@50 from weights that are the same for all classes.
func (w world) gains(t testing.TB, parts []model.Model, ws []float32) []float64 {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.Name()
	}
	return w.gainsOf(t, mustNew(t, weights(shelf, names, ws...), parts...))
}

func (w world) gainsOf(t testing.TB, b *blend.Blend) []float64 {
	t.Helper()
	out := make([]float64, len(w.truth))
	var ideal float64
	for r := range 3 {
		ideal += 1 / math.Log2(float64(r+2))
	}
	for i, truth := range w.truth {
		for r, s := range b.Rank(nil, &model.User{History: w.data.History(truth.User)}, handles(shelf)) {
			if r < 50 && slices.Contains(truth.Items, s.Item) {
				out[i] += 1 / math.Log2(float64(r+2)) / ideal
			}
		}
	}
	return out
}

func average(of []float64) float64 {
	var sum float64
	for _, v := range of {
		sum += v
	}
	return sum / float64(len(of))
}

// pairedError is the standard error of the mean difference.
func pairedError(a, b []float64) float64 {
	mean := average(a) - average(b)
	var squares float64
	for i := range a {
		squares += (a[i] - b[i] - mean) * (a[i] - b[i] - mean)
	}
	return math.Sqrt(squares) / float64(len(a))
}
