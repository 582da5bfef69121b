package linear_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/goldrec/gold/internal/heaptest"
	"github.com/goldrec/gold/recommend/linear"
	"github.com/goldrec/gold/recommend/model"
)

// books is a made-up dataset of the shape of Amazon-book, or a part of it: users of log-normal histories, items of a
// popularity that falls with a power of their rank, tastes that share a twentieth of the items each.
func books(users, items, events int) *model.Dataset {
	rng := rand.New(rand.NewPCG(31, 32))
	var b model.Builder
	names := make([]string, items)
	for i := range names {
		names[i] = fmt.Sprint("b", i)
		b.Item(names[i])
	}
	for u := range users {
		user, taste := fmt.Sprint("u", u), rng.IntN(20)
		n := int(float64(events) / float64(users) * math.Exp(rng.NormFloat64()*0.9-0.405))
		for range max(3, n) {
			i := min(int(float64(items)*math.Pow(rng.Float64(), 2.2)), items-1)
			if rng.IntN(4) > 0 {
				i = min(i/20*20+taste, items-1)
			}
			b.Add(user, names[i], 1, 0)
		}
	}
	return b.Build()
}

// BenchmarkTrain trains the sparse form on a tenth of Amazon-book's shape, and with GOLD_LARGE=1 on all of it.
func BenchmarkTrain(b *testing.B) {
	for _, part := range []int{10, 1} {
		b.Run(fmt.Sprintf("sparse/items=%d", 91_599/part), func(b *testing.B) {
			if part == 1 && os.Getenv("GOLD_LARGE") == "" {
				b.Skip("GOLD_LARGE is not set")
			}
			d := books(52_643/part, 91_599/part, 2_400_000/part)
			var m model.Model
			b.ResetTimer()
			for b.Loop() {
				peak := heaptest.Peak(func() { m = train(b, linear.Trainer{ExactMax: -1}, d) })
				b.ReportMetric(float64(peak)/(1<<20), "MiB")
			}
			b.ReportMetric(float64(d.Len()), "events")
			b.ReportMetric(float64(m.(*linear.Model).Len()), "links")
		})
	}
}
