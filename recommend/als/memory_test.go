package als_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/internal/heaptest"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
)

// TestTrainingMemory holds training to 24 bytes an interaction besides the data, the users' vectors and the model. It takes
// 16 for the pairs by user and by item, and the rest is garbage not collected yet.
func TestTrainingMemory(t *testing.T) {
	const users, items, each, factors = 10_000, 2_000, 60, 8
	rng := rand.New(rand.NewPCG(51, 52))
	var b model.Builder
	for u := range users {
		for range each {
			b.Add(fmt.Sprint(u), fmt.Sprint(rng.IntN(items)), 1, 1)
		}
	}
	d := b.Build()
	var m model.Model
	peak := heaptest.Peak(func() { m = train(t, als.Trainer{Factors: factors, Iterations: 2}, d, model.TrainOptions{Workers: 2}) })
	if m == nil {
		t.Fatal("no model")
	}
	vectors := 4 * factors * (users + items)
	got := float64(peak-vectors) / float64(d.Len())
	t.Logf("%.1f bytes an interaction besides %d of vectors", got, vectors)
	if got > 24 {
		t.Errorf("%.1f bytes an interaction, want 24 at most", got)
	}
}
