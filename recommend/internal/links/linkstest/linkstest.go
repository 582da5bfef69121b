// Package linkstest is what the tests of the models of links between items share.
package linkstest

import (
	"fmt"
	"math/rand/v2"
	"testing"

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
