package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend/graph"
	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/model"
	"gonum.org/v1/gonum/mat"
)

// clubs is a shop whose users keep mostly to one of six kinds of items, so that six singular vectors stand out.
func clubs(users, items int) *model.Dataset {
	rng := rand.New(rand.NewPCG(23, 24))
	var b model.Builder
	for u := range users {
		for range 5 + rng.IntN(10) {
			i := min(int(rng.ExpFloat64()*float64(items)/12), items/6-1)*6 + u%6
			if rng.IntN(20) == 0 {
				i = rng.IntN(items)
			}
			b.Add(fmt.Sprintf("u%04d", u), fmt.Sprintf("i%04d", i), 1, 0)
		}
	}
	return b.Build()
}

func train(t testing.TB, tr graph.Trainer, d *model.Dataset) *graph.Model {
	t.Helper()
	return linkstest.Train[*graph.Model](t, tr, d)
}

// bruteForce is W + low·L by the definition in the package's document, and x.
func bruteForce(d *model.Dataset, u, h, c, low float64, rank int) (b [][]float64, x [][]float64) {
	nu, ni := d.UserCount(), d.ItemCount()
	x = make([][]float64, nu)
	users, items := make([]float64, nu), make([]float64, ni)
	total := 0.0
	for v := range x {
		x[v] = make([]float64, ni)
		for _, e := range d.History(uint32(v)) {
			x[v][e.Item] += float64(e.Weight)
		}
		for i, sum := range x[v] {
			if x[v][i] = math.Sqrt(float64(model.Confidence(float32(max(sum, 0))))); x[v][i] > 0 {
				users[v]++
				items[i]++
				total++
			}
		}
	}
	mean := func(degrees []float64) float64 {
		return total / float64(len(slices.DeleteFunc(slices.Clone(degrees), func(d float64) bool { return d == 0 })))
	}
	userMean, itemMean := mean(users), mean(items)
	r := mat.NewDense(nu, ni, nil)
	for v := range x {
		for i, value := range x[v] {
			if value > 0 {
				r.Set(v, i, value/math.Sqrt(users[v]/userMean*items[i]/itemMean))
			}
		}
	}
	var svd mat.SVD
	svd.Factorize(r, mat.SVDThin)
	var vectors mat.Dense
	svd.VTo(&vectors)
	b = make([][]float64, ni)
	for j := range b {
		b[j] = make([]float64, ni)
		for i := range ni {
			walks := 0.0
			for v := range x {
				if x[v][i]*x[v][j] > 0 {
					walks += x[v][i] * x[v][j] * math.Pow(users[v]/userMean, -u)
				}
			}
			if walks == 0 || i == j {
				continue
			}
			b[j][i] = walks * math.Pow(items[j]/itemMean, -h) * math.Pow(items[i]/itemMean, -c) / userMean / itemMean
			for e := range rank {
				b[j][i] += low * vectors.At(j, e) * vectors.At(i, e) * math.Sqrt(items[i]/items[j])
			}
		}
	}
	return b, x
}

func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	weighted, clubs := linkstest.Shop(80, 40, 8), clubs(120, 42)
	for _, tt := range []struct {
		name         string
		data         *model.Dataset
		trainer      graph.Trainer
		u, h, c, low float64
		rank         int
	}{
		{"defaults", clubs, graph.Trainer{Rank: 6}, 0.7, 0.6, 0.3, 0.3, 6},
		{"walks alone", weighted, graph.Trainer{UserExponent: -1, HistoryExponent: 1, CandidateExponent: -1, Rank: -1}, 0, 1, 0, 0, 0},
		{"gf-cf", clubs, graph.Trainer{UserExponent: 1, HistoryExponent: 0.5, CandidateExponent: 0.5, Rank: 6, Low: 2}, 1, 0.5, 0.5, 2, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.data
			b, x := bruteForce(d, tt.u, tt.h, tt.c, tt.low, tt.rank)
			m := train(t, tt.trainer, d)
			within := 1e-5
			if tt.rank > 0 {
				within = 1e-2 // singular vectors are approximate
			}
			for u := range x {
				got := linkstest.Scores(m, d, u)
				for i := range got {
					want := 0.0
					for j, v := range x[u] {
						want += v * max(b[j][i], 0) // what speaks against is not kept
					}
					if math.Abs(float64(got[i])-want) > within*max(1, want) {
						t.Fatalf("user %d, item %d: %v, want %v", u, i, got[i], want)
					}
				}
			}
		})
	}
}

// TestNeighbors wants the links of the highest weight kept, and no more.
func TestNeighbors(t *testing.T) {
	t.Parallel()
	d := linkstest.Shop(100, 50, 10)
	few, all := train(t, graph.Trainer{Neighbors: 5}, d), train(t, graph.Trainer{}, d)
	for i := range uint32(d.ItemCount()) {
		u := &model.User{History: []model.Event{{Item: i, Weight: 1}}}
		got, want := few.Propose(nil, u, 100, nil, model.Quick), all.Propose(nil, u, 5, nil, model.Quick)
		if !slices.Equal(got, want) {
			t.Fatalf("item %d keeps %v, want %v", i, got, want)
		}
	}
}

// TestAgainst wants no links of what the low pass speaks against.
func TestAgainst(t *testing.T) {
	t.Parallel()
	d := clubs(120, 42)
	m := train(t, graph.Trainer{Rank: 6, Low: 1000}, d)
	n := 0
	for row := range uint32(d.ItemCount()) {
		items, weights := m.Of(row)
		n += len(items)
		for k, v := range weights {
			if v <= 0 {
				t.Fatalf("item %d is linked to %d by %v", row, items[k], v)
			}
		}
	}
	if all := train(t, graph.Trainer{Rank: -1}, d).Len(); n == 0 || n >= all {
		t.Errorf("%d links of %d walks", n, all)
	}
}

// TestUserMax wants a user beyond it to count with a sample, and the work to be bounded.
func TestUserMax(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i := range 400 {
		b.Add("everything", fmt.Sprintf("i%03d", i), 1, 1)
	}
	d := b.Build()
	m := train(t, graph.Trainer{UserMax: 10}, d)
	if got := len(m.Propose(nil, &model.User{History: d.History(0)}, 1000, nil, model.Thorough)); got != 10 {
		t.Errorf("%d items are linked, want the sample of 10", got)
	}
}

// TestSeed wants the vectors of the low pass drawn by the seed, and what they span to depend on it little.
func TestSeed(t *testing.T) {
	t.Parallel()
	d := clubs(200, 84)
	scores := func(seed uint64) []float32 {
		m, err := graph.Trainer{Rank: 6}.Train(t.Context(), d, model.TrainOptions{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return linkstest.Scores(m, d, 0)
	}
	one, two := scores(1), scores(2)
	if slices.Equal(one, two) {
		t.Error("the seed draws nothing")
	}
	for i := range one {
		if math.Abs(float64(one[i]-two[i])) > 0.02*float64(slices.Max(one)) {
			t.Errorf("item %d scores %v and, by another seed, %v", i, one[i], two[i])
		}
	}
}

func TestTrainerRefuses(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, tr := range map[string]graph.Trainer{
		"user": {UserExponent: 2.1}, "history": {HistoryExponent: nan}, "candidate": {CandidateExponent: 3}, "low": {Low: -1},
		"low NaN": {Low: nan}, "rank": {Rank: 4096}, "neighbours": {Neighbors: -1}, "user max": {UserMax: 1},
	} {
		if _, err := tr.Train(t.Context(), linkstest.Shop(3, 3, 2), model.TrainOptions{}); err == nil {
			t.Errorf("%s: %+v was taken", name, tr)
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	d := linkstest.Shop(5000, 3000, 20)
	for _, rank := range []int{-1, 128} {
		b.Run(fmt.Sprintf("rank=%d", rank), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				train(b, graph.Trainer{Rank: rank}, d)
			}
		})
	}
}
