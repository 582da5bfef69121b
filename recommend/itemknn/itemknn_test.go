package itemknn_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func train(t testing.TB, tr itemknn.Trainer, d *model.Dataset) *itemknn.Model {
	t.Helper()
	return linkstest.Train[*itemknn.Model](t, tr, d)
}

// bruteForce is every user's score of every item, by the definition in the package's document.
func bruteForce(d *model.Dataset, weighting itemknn.Weighting, k int, shrink, a float64) [][]float64 {
	nu, ni := d.UserCount(), d.ItemCount()
	c := make([][]float64, nu)
	total, lengths, occupied := 0.0, make([]float64, ni), 0.0
	for u := range c {
		c[u] = make([]float64, ni)
		for _, e := range d.History(uint32(u)) {
			c[u][e.Item] += float64(e.Weight)
		}
		for i := range c[u] {
			c[u][i] = float64(model.Confidence(float32(max(c[u][i], 0))))
			total += c[u][i]
			lengths[i] += c[u][i]
		}
	}
	for _, l := range lengths {
		if l > 0 {
			occupied++
		}
	}
	w := make([][]float64, nu)
	for u := range w {
		w[u] = slices.Clone(c[u])
		n := 0.0
		for _, v := range c[u] {
			if v > 0 {
				n++
			}
		}
		idf := math.Log(1 + occupied/max(n, 1))
		for i, v := range c[u] {
			switch weighting {
			case itemknn.TFIDF:
				w[u][i] = math.Sqrt(v) * idf
			case itemknn.BM25:
				if v > 0 {
					w[u][i] = v * 101 / (100*(0.2+0.8*lengths[i]*occupied/total) + v) * idf
				}
			}
		}
	}
	square := func(i int) (sum float64) {
		for u := range w {
			sum += w[u][i] * w[u][i]
		}
		return sum
	}
	scores := make([][]float64, nu)
	for u := range scores {
		scores[u] = make([]float64, ni)
	}
	type neighbor struct {
		j int
		s float64
	}
	for i := range ni {
		var neighbors []neighbor
		for j := range ni {
			dot, n := 0.0, 0.0
			for u := range w {
				if w[u][i]*w[u][j] > 0 {
					n++
					dot += w[u][i] * w[u][j]
				}
			}
			if i != j && n > 0 {
				s := n / (n + shrink) * dot / (math.Pow(square(i), a) * math.Pow(square(j), 1-a))
				neighbors = append(neighbors, neighbor{j, s})
			}
		}
		slices.SortFunc(neighbors, func(a, b neighbor) int { return cmp.Or(cmp.Compare(b.s, a.s), a.j-b.j) })
		for _, nb := range neighbors[:min(k, len(neighbors))] {
			for u := range scores {
				scores[u][i] += math.Sqrt(c[u][nb.j]) * nb.s
			}
		}
	}
	return scores
}

func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	d := linkstest.Shop(80, 50, 8)
	for _, tt := range []struct {
		name    string
		trainer itemknn.Trainer
		k       int
		shrink  float64
		a       float64
	}{
		{"defaults", itemknn.Trainer{}, 200, 5, 0.2},
		{"cosine", itemknn.Trainer{Weighting: itemknn.Plain, Shrink: -1, Asymmetry: 0.5}, 200, 0, 0.5},
		// A boundary that rounding may move: 17 neighbours leave ties of float32 that are none of float64 unlikely.
		{"bm25", itemknn.Trainer{Weighting: itemknn.BM25, Neighbors: 17, Shrink: 2, Asymmetry: 0.4}, 17, 2, 0.4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := bruteForce(d, tt.trainer.Weighting, tt.k, tt.shrink, tt.a)
			m, err := tt.trainer.Train(t.Context(), d, model.TrainOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for u := range want {
				got := linkstest.Scores(m, d, u)
				for i, s := range want[u] {
					if math.Abs(float64(got[i])-s) > 1e-4*max(1, s) {
						t.Fatalf("user %d, item %d: %v, want %v", u, i, got[i], s)
					}
				}
			}
		})
	}
}

func TestAccumulateIsScore(t *testing.T) {
	t.Parallel()
	d := linkstest.Shop(100, 60, 10)
	m, err := itemknn.Trainer{Neighbors: 10}.Train(t.Context(), d, model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all, scores := make([]uint32, d.ItemCount()), make([]float32, d.ItemCount())
	for i := range all {
		all[i] = uint32(i)
	}
	var acc model.Sums
	for u := range uint32(d.UserCount()) {
		user := &model.User{History: d.History(u)}
		m.Score(scores, user, all)
		acc.Reset()
		m.(*itemknn.Model).Accumulate(&acc, user)
		for i, s := range scores {
			if acc.Get(uint32(i)) != s {
				t.Fatalf("user %d, item %d: %v and %v", u, i, acc.Get(uint32(i)), s)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for u := range 20 {
		user := fmt.Sprint(u)
		b.Add(user, "tea", 1, 1)
		b.Add(user, "pot", 1, 1)
		if u < 5 {
			b.Add(user, "mug", 1, 1)
		}
	}
	d := b.Build()
	m, err := itemknn.Trainer{}.Train(t.Context(), d, model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	handle := func(id string) uint32 {
		h, ok := d.Items.Lookup(id)
		if !ok {
			t.Fatal(id)
		}
		return h
	}
	u := &model.User{History: []model.Event{{Item: handle("mug"), Weight: 1}, {Item: handle("tea"), Weight: 4}}}
	got := m.(*itemknn.Model).Explain(nil, u, handle("pot"), 5)
	pot := func(history []model.Event) float32 {
		dst := []float32{0}
		m.Score(dst, &model.User{History: history}, []uint32{handle("pot")})
		return dst[0]
	}
	mug, tea := pot(u.History[:1]), pot(u.History[1:])
	want := []model.Reason{
		{Model: "itemknn", Because: handle("mug"), Share: mug / (mug + tea)},
		{Model: "itemknn", Because: handle("tea"), Share: tea / (mug + tea)},
	}
	slices.SortFunc(want, func(a, b model.Reason) int { return cmp.Compare(b.Share, a.Share) })
	if diff := gocmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	if got := m.(*itemknn.Model).Explain(nil, u, handle("pot"), 1); len(got) != 1 {
		t.Errorf("asked for one reason, got %v", got)
	}
}

// A user beyond UserMax counts with a sample: what others have in common is as it was, and the work is bounded.
func TestUserMax(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i := range 400 {
		b.Add("everything", fmt.Sprintf("i%03d", i), 1, 1)
	}
	d := b.Build()
	tr := itemknn.Trainer{UserMax: 10}
	proposed := func(seed uint64) int {
		m, err := tr.Train(t.Context(), d, model.TrainOptions{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return len(m.Propose(nil, &model.User{History: d.History(0)}, 1000, nil, model.Thorough))
	}
	if got := proposed(1); got != 10 {
		t.Errorf("%d items have neighbours, want the sample of 10", got)
	}
}

func TestTrainerRefuses(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]itemknn.Trainer{
		"neighbours": {Neighbors: -1}, "weighting": {Weighting: 9}, "shrink": {Shrink: math.NaN()},
		"asymmetry": {Asymmetry: 1.5}, "negative asymmetry": {Asymmetry: -1}, "user max": {UserMax: 1},
	} {
		if _, err := tr.Train(t.Context(), linkstest.Shop(3, 3, 2), model.TrainOptions{}); err == nil {
			t.Errorf("%s: %+v was taken", name, tr)
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	d := linkstest.Shop(5000, 5000, 30)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (itemknn.Trainer{}).Train(b.Context(), d, model.TrainOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkServe(b *testing.B) {
	d := linkstest.Shop(5000, 5000, 30)
	for _, k := range []int{50, 200} {
		m, err := itemknn.Trainer{Neighbors: k}.Train(b.Context(), d, model.TrainOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("propose/n=100/k=%d", k), func(b *testing.B) {
			var dst []model.Scored
			b.ReportAllocs()
			u, events := uint32(0), 0
			for b.Loop() {
				history := d.History(u % uint32(d.UserCount()))
				events += len(history)
				dst = m.Propose(dst[:0], &model.User{History: history}, 100, nil, model.Thorough)
				u++
			}
			b.ReportMetric(float64(events)/float64(b.N), "events/history")
		})
		b.Run(fmt.Sprintf("accumulate/k=%d", k), func(b *testing.B) {
			var sums model.Sums
			u, n := uint32(0), 0
			for b.Loop() {
				sums.Reset()
				user := &model.User{History: d.History(u % uint32(d.UserCount()))}
				m.(*itemknn.Model).Accumulate(&sums, user)
				n += itemknn.Neighbors(m, user.History)
				u++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/neighbor")
		})
		b.Run(fmt.Sprintf("score/items=300/k=%d", k), func(b *testing.B) {
			list, dst := make([]uint32, 300), make([]float32, 300)
			for i := range list {
				list[i] = uint32(i * 16)
			}
			b.ReportAllocs()
			u := uint32(0)
			for b.Loop() {
				m.Score(dst, &model.User{History: d.History(u % uint32(d.UserCount()))}, list)
				u++
			}
		})
	}
}
