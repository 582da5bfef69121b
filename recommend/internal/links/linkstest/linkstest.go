// Package linkstest is what the tests of the models of links between items share.
package linkstest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

// Shop is a data set of users who have had up to 2·each events of items, a few of which are popular, with weights of either
// sign, some beyond where confidence is linear.
func Shop(users, items, each int) *model.Dataset {
	rng := rand.New(rand.NewPCG(21, 22))
	var b model.Builder
	for u := range users {
		for range 1 + rng.IntN(2*each) {
			i := min(int(rng.ExpFloat64()*float64(items)/4), items-1)
			weight := float32(rng.IntN(5) - 1)
			if rng.IntN(20) == 0 {
				weight = 50 // beyond where confidence is linear
			}
			b.Add(fmt.Sprintf("u%04d", u), fmt.Sprintf("i%04d", i), weight, int64(rng.IntN(100)))
		}
	}
	return b.Build()
}

// Train trains a model of type M with two workers, or fails the test.
func Train[M model.Model](t testing.TB, tr model.Trainer, d *model.Dataset) M {
	t.Helper()
	m, err := tr.Train(t.Context(), d, model.TrainOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return m.(M)
}

// Scores is what the model says of all items to a user of the data.
func Scores(m model.Scorer, d *model.Dataset, user int) []float32 {
	all, out := make([]uint32, d.ItemCount()), make([]float32, d.ItemCount())
	for i := range all {
		all[i] = uint32(i)
	}
	m.Score(out, &model.User{History: d.History(uint32(user))}, all)
	return out
}

// Eliminate solves equations, of each the right side last, which it works on in place.
func Eliminate(system [][]float64) []float64 {
	n := len(system)
	for i := range n {
		for k := i + 1; k < n; k++ {
			f := system[k][i] / system[i][i]
			for j := i; j <= n; j++ {
				system[k][j] -= f * system[i][j]
			}
		}
	}
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		x[i] = system[i][n]
		for j := i + 1; j < n; j++ {
			x[i] -= system[i][j] * x[j]
		}
		x[i] /= system[i][i]
	}
	return x
}

// Forged loads files of no links that say how soon events fade, some as no training would: sound says which are to be taken.
func Forged(t *testing.T, tr model.Trainer, sound map[float64]bool) {
	t.Helper()
	for recency, sound := range sound {
		var file bytes.Buffer
		w := codec.NewWriter(&file)
		w.Section(tr.Name(), 1)
		w.Float64(recency)
		w.Uint32s([]uint32{0})
		w.Uint32s([]uint32{0})
		w.Uint32s(nil)
		w.Float32s(nil)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := codec.NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Load(r, []uint32{0}); (err == nil) != sound || !sound && !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("a recency of %v: %v", recency, err)
		}
	}
}
