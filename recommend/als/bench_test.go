package als_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
)

// made is a model of random vectors around some centres, as factorisations have them, without a training.
func made(b *testing.B, items, dim int) model.Model {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	centres := make([]float32, 64*dim)
	for i := range centres {
		centres[i] = float32(rng.NormFloat64())
	}
	vectors := make([]float32, 0, items*dim)
	for range items {
		c, long := rng.IntN(64), float32(0.1+rng.ExpFloat64()/10)
		for f := range dim {
			vectors = append(vectors, long*(centres[c*dim+f]+float32(rng.NormFloat64())))
		}
	}
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	w.Section("als", 1)
	w.Uint32(uint32(dim))
	w.Float64(0.005)
	w.Float64(0.1)
	w.Uint64(1)
	w.Uint32(1)
	w.Float32s(make([]float32, dim*dim))
	w.Uint32(uint32(items))
	at := make([]uint32, items)
	for i := range at {
		at[i] = uint32(i)
	}
	w.Uint32s(at)
	w.Float32s(append(vectors, make([]float32, dim)...))
	w.Uint32(0) // no index
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		b.Fatal(err)
	}
	m, err := als.Trainer{}.Load(r, at)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// visitors have histories of thirty items.
func visitors(m model.Model, items uint32) []*model.User {
	rng := rand.New(rand.NewPCG(3, 4))
	us := make([]*model.User, 256)
	for i := range us {
		us[i] = &model.User{}
		for range 30 {
			us[i].History = append(us[i].History, model.Event{Item: rng.Uint32N(items), Weight: 1})
		}
		us[i].Vector = m.(*als.Model).Embed(nil, us[i].History, 0)
	}
	return us
}

func BenchmarkTrain(b *testing.B) {
	d := clusters(5000, 5000, 30)
	for _, dim := range []int{64, 192} {
		b.Run(fmt.Sprintf("users=5000/items=5000/pairs=150k/dim=%d", dim), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (als.Trainer{Factors: dim, Iterations: 1}).Train(b.Context(), d, model.TrainOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkServe(b *testing.B) {
	const items = 100_000
	for _, dim := range []int{64, 192} {
		m := made(b, items, dim)
		us := visitors(m, items)
		name := func(what string) string { return fmt.Sprintf("%s/items=%d/dim=%d", what, items, dim) }
		b.Run(name("embed/history=30"), func(b *testing.B) {
			b.ReportAllocs()
			var vector []float32
			i := 0
			for b.Loop() {
				vector = m.(*als.Model).Embed(vector[:0], us[i%len(us)].History, 0)
				i++
			}
		})
		b.Run(name("score"), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(5, 6))
			list, dst := make([]uint32, 300), make([]float32, 300)
			for i := range list {
				list[i] = rng.Uint32N(items)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				m.Score(dst, us[i%len(us)], list)
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/item")
		})
		propose := func(m model.Model) func(*testing.B) {
			return func(b *testing.B) {
				var dst []model.Scored
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					dst = m.Propose(dst[:0], us[i%len(us)], 100, nil, model.Thorough)
					i++
				}
			}
		}
		b.Run(name("propose/n=100/scan"), propose(m))
		if testing.Short() || dim > 64 {
			continue // building the index takes up to half a minute, and longer for more
		}
		indexed := als.Unindexed(m)
		if err := als.Index(indexed); err != nil {
			b.Fatal(err)
		}
		b.Run(name("propose/n=100/index"), func(b *testing.B) {
			propose(indexed)(b)
			b.ReportMetric(overlap(m, indexed, us), "recall@100")
		})
	}
}

// overlap is the part of the best hundred that the index finds.
func overlap(exact, indexed model.Model, us []*model.User) float64 {
	found, due := 0, 0
	for _, u := range us {
		in := map[uint32]bool{}
		for _, c := range exact.Propose(nil, u, 100, nil, model.Thorough) {
			in[c.Item] = true
		}
		due += len(in)
		for _, c := range indexed.Propose(nil, u, 100, nil, model.Thorough) {
			if in[c.Item] {
				found++
			}
		}
	}
	return float64(found) / float64(due)
}
