package session_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"testing"

	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/recommendtest"
	"github.com/goldrec/gold/recommend/session"
)

func TestLinearSuite(t *testing.T) {
	recommendtest.Run(t, newLinear, recommendtest.Options{})
}

func TestSparseSuite(t *testing.T) {
	recommendtest.Run(t, func() model.Trainer { return session.LinearTrainer{ExactMax: -1} }, recommendtest.Options{})
}

func FuzzLinearLoad(f *testing.F) {
	recommendtest.FuzzLoad(f, newLinear)
}

func newLinear() model.Trainer { return session.LinearTrainer{} }

func trainLinear(t testing.TB, tr session.LinearTrainer, d *model.Dataset) *session.LinearModel {
	t.Helper()
	m, err := tr.Train(t.Context(), d, model.TrainOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*session.LinearModel)
}

// regression is B by the definition in the trainer's document: with all rows of X, S and T, and by elimination.
func regression(visits [][]uint32, items int, alpha, length, decay, ahead, ridge float64) [][]float64 {
	gram, right := matrix(items), matrix(items)
	add := func(to [][]float64, x, y []float64, weight float64) {
		for i := range x {
			for j := range y {
				to[i][j] += weight * x[i] * y[j]
			}
		}
	}
	seen := map[uint32]bool{}
	for _, v := range visits {
		x := make([]float64, items)
		for _, item := range v {
			x[item]++
			seen[item] = true
		}
		add(gram, x, x, alpha*math.Pow(float64(len(v)), -length))
		add(right, x, x, alpha*math.Pow(float64(len(v)), -length))
		for split := 1; split < len(v); split++ {
			s, t := make([]float64, items), make([]float64, items)
			for n, item := range v {
				if n < split {
					s[item] += math.Exp(-float64(split-1-n) / decay)
				} else {
					t[item] += math.Exp(-float64(n-split) / ahead)
				}
			}
			add(gram, s, s, 1-alpha)
			add(right, s, t, 1-alpha)
		}
	}
	mean := 0.0
	for i := range gram {
		mean += gram[i][i] / float64(len(seen))
	}
	b := matrix(items)
	for j := range items {
		system := matrix(items)
		for i := range items {
			copy(system[i], gram[i])
			system[i][i] += ridge * mean
			system[i] = append(system[i], right[i][j])
		}
		for i, v := range linkstest.Eliminate(system) {
			b[i][j] = v
		}
	}
	return b
}

func matrix(n int) [][]float64 {
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}

// TestLinearAgainstDefinition compares both forms with the definition; where all items have something in common, the sparse one leaves
// nothing out.
func TestLinearAgainstDefinition(t *testing.T) {
	t.Parallel()
	const items = 12
	visits := shop(300, items)
	for _, tt := range []struct {
		name                                         string
		trainer                                      session.LinearTrainer
		alpha, length, decay, ahead, recency, lambda float64
	}{
		{"defaults", session.LinearTrainer{}, 0.5, 0, 1, 1, 3, 0.5},
		{"defaults, sparse", session.LinearTrainer{ExactMax: -1}, 0.5, 0, 1, 1, 3, 0.5},
		{"next alone", session.LinearTrainer{Alpha: -1, Decay: 0.5, Ahead: 3, Recency: 1, Ridge: 2}, 0, 0, 0.5, 3, 1, 2},
		{"mostly anywhere, sparse", session.LinearTrainer{Alpha: 0.9, Length: 1, Decay: 5, Ahead: 0.5, Recency: 20, Ridge: 0.1, ExactMax: -1}, 0.9, 1, 5, 0.5, 20, 0.1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := regression(visits, items, tt.alpha, tt.length, tt.decay, tt.ahead, tt.lambda)
			m := trainLinear(t, tt.trainer, dataset(visits, items))
			for _, clicks := range shop(30, items) {
				want := make([]float64, items)
				for n, item := range clicks {
					age := float64(len(clicks) - 1 - n)
					for j, v := range b[item] {
						if age < math.Ceil(math.Log(100)*tt.recency) {
							want[j] += math.Exp(-age/tt.recency) * v
						}
					}
				}
				for i, got := range scores(m, visit(clicks...), items) {
					if math.Abs(got-want[i]) > 1e-4 {
						t.Fatalf("after %v item %d scores %v, want %v", clicks, i, got, want[i])
					}
				}
			}
		})
	}
}

// TestLinearKeeps wants the entries of the greatest magnitude kept, and no more.
func TestLinearKeeps(t *testing.T) {
	t.Parallel()
	const items, few = 40, 25
	d := dataset(shop(500, items), items)
	all := trainLinear(t, session.LinearTrainer{}, d)
	for form, exactMax := range map[string]int{"exact": 0, "sparse": -1} {
		m := trainLinear(t, session.LinearTrainer{Neighbors: few, ExactMax: exactMax}, d)
		if n := m.Len(); n > few*items || n < few*items*9/10 {
			t.Errorf("%s: %d entries kept, want %d of each of %d items", form, n, few, items)
		}
		if form == "sparse" {
			continue
		}
		for j := range items {
			least, most := math.Inf(1), 0.0 // of those that are kept, and of the others
			for i := range uint32(items) {
				kept, whole := scores(m, visit(i), items)[j], scores(all, visit(i), items)[j]
				switch {
				case kept == 0:
					most = max(most, math.Abs(whole))
				case math.Abs(kept-whole) > 1e-6:
					t.Fatalf("%d says %v for %d, of all it was %v", i, kept, j, whole)
				default:
					least = min(least, math.Abs(kept))
				}
			}
			if least < most {
				t.Errorf("for %d an entry of %v is kept, and one of %v is not", j, least, most)
			}
		}
	}
}

// TestLinearProducts wants what is kept of a row to be what is most alike, not what everybody clicks on.
func TestLinearProducts(t *testing.T) {
	t.Parallel()
	visits := [][]uint32{{0, 1, 2}}
	for n := range uint32(9) {
		visits = append(visits, []uint32{0, 3 + n, 0})
	}
	if got := session.MostAlike(session.LinearTrainer{}, dataset(visits, 12), 1)[1]; len(got) != 1 || got[0] != 2 {
		t.Errorf("most alike to 1 is %v, want 2", got)
	}
}

func TestLinearForm(t *testing.T) {
	t.Parallel()
	d := dataset(shop(200, 50), 50)
	for _, tt := range []struct {
		trainer session.LinearTrainer
		want    bool
	}{
		{session.LinearTrainer{}, true}, {session.LinearTrainer{ExactMax: 50}, true}, {session.LinearTrainer{ExactMax: 49}, false},
		{session.LinearTrainer{ExactMax: -1}, false}, {session.LinearTrainer{MemoryMax: 500_000}, false},
	} {
		if got := session.IsExact(tt.trainer, d); got != tt.want {
			t.Errorf("%+v: exact is %v, want %v", tt.trainer, got, tt.want)
		}
	}
}

func TestLinearMemoryMax(t *testing.T) {
	t.Parallel()
	d := dataset(shop(200, 100), 100)
	for _, exactMax := range []int{0, -1} {
		_, err := session.LinearTrainer{MemoryMax: 1000, ExactMax: exactMax}.Train(t.Context(), d, model.TrainOptions{})
		var too *session.MemoryError
		if !errors.As(err, &too) || too.Max != 1000 || too.Need <= 1000 {
			t.Fatalf("with 1000 bytes: %v", err)
		}
		if _, err := (session.LinearTrainer{MemoryMax: too.Need, ExactMax: exactMax}).Train(t.Context(), d, model.TrainOptions{}); err != nil {
			t.Errorf("with what it says it needs: %v", err)
		}
	}
}

func TestLinearRefuses(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, tr := range map[string]session.LinearTrainer{
		"alpha": {Alpha: 1}, "alpha NaN": {Alpha: nan}, "length": {Length: 2.1}, "short": {Length: -1}, "decay": {Decay: 21}, "decay NaN": {Decay: nan},
		"ahead": {Ahead: -1}, "far ahead": {Ahead: 21}, "recency": {Recency: -1}, "long recency": {Recency: 21}, "ridge": {Ridge: -1}, "ridge NaN": {Ridge: nan},
		"neighbours": {Neighbors: -1}, "many neighbours": {Neighbors: 4097}, "memory": {MemoryMax: -1},
	} {
		if _, err := tr.Train(t.Context(), dataset(shop(3, 3), 3), model.TrainOptions{}); err == nil {
			t.Errorf("%s: %+v was taken", name, tr)
		}
	}
}

// TestLinearForged loads files that say how soon clicks fade as no training would.
func TestLinearForged(t *testing.T) {
	t.Parallel()
	linkstest.Forged(t, session.LinearTrainer{}, map[float64]bool{3: true, 20: true, 0: false, -1: false, 21: false})
}

// What comes after a tent: the lamp that follows it, and not the mat that comes before.
func ExampleLinearTrainer() {
	var b model.Builder
	for n := range 20 {
		for _, id := range []string{"mat", "tent", "lamp"} {
			b.Add(fmt.Sprint("visitor-", n), id, 1, int64(n))
		}
	}
	tent, data := b.Item("tent"), b.Build()
	m, err := session.LinearTrainer{Alpha: 0.1}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	visit := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	for _, c := range m.Propose(nil, visit, 1, nil, model.Quick) {
		fmt.Println(data.Items.ID(c.Item))
	}
	// Output: lamp
}

// A model is asked for the scores of some items, such as those of a search.
func ExampleLinearModel() {
	var b model.Builder
	for n := range 20 {
		for _, id := range []string{"tent", []string{"lamp", "mug"}[n%4/3]} {
			b.Add(fmt.Sprint("visitor-", n), id, 1, int64(n))
		}
	}
	tent, lamp, mug, data := b.Item("tent"), b.Item("lamp"), b.Item("mug"), b.Build()
	trained, err := session.LinearTrainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	m, dst := trained.(*session.LinearModel), make([]float32, 2)
	m.Score(dst, &model.User{History: []model.Event{{Item: tent, Weight: 1}}}, []uint32{lamp, mug})
	fmt.Println(m.Name(), dst[0] > dst[1])
	// Output: slist true
}
