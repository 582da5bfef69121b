package sequence_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/sequence"
)

func shop(users, items, each int) *model.Dataset {
	rng := rand.New(rand.NewPCG(21, 22))
	var b model.Builder
	for i := range items {
		b.Item(fmt.Sprintf("i%04d", i))
	}
	for u := range users {
		at := rng.IntN(items)
		for n := range 1 + rng.IntN(2*each) {
			if rng.IntN(3) == 0 {
				at = rng.IntN(items) // else on to a neighbour, or the same again
			}
			weight := float32(rng.IntN(5) - 1)
			if rng.IntN(20) == 0 {
				weight = 50 // beyond where confidence is linear
			}
			b.Add(fmt.Sprintf("u%04d", u), fmt.Sprintf("i%04d", at), weight, int64(n))
			at = (at + rng.IntN(3)) % items
		}
	}
	return b.Build()
}

func train(t testing.TB, tr sequence.Trainer, d *model.Dataset) *sequence.Model {
	t.Helper()
	return linkstest.Train[*sequence.Model](t, tr, d)
}

type step struct {
	item int
	c    float64
}

// steps are those of a history by the definition in the package's document.
func steps(history []model.Event) (out []step) {
	sums := map[uint32]float64{}
	for _, e := range history {
		sums[e.Item] += float64(e.Weight)
	}
	last, sum := -1, 0.0
	for _, e := range history {
		if sums[e.Item] <= 0 || e.Weight <= 0 {
			continue
		}
		if int(e.Item) != last {
			out, last, sum = append(out, step{item: int(e.Item)}), int(e.Item), 0
		}
		sum += float64(e.Weight)
		out[len(out)-1].c = math.Sqrt(float64(model.Confidence(float32(sum))))
	}
	return out
}

// bruteForce is every user's score of every item, by the definition.
func bruteForce(d *model.Dataset, gap, back, r, c, recency float64) [][]float64 {
	ni := d.ItemCount()
	counts, rows, cols := make([][]float64, ni), make([]float64, ni), make([]float64, ni)
	for i := range counts {
		counts[i] = make([]float64, ni)
	}
	for u := range d.UserCount() {
		walk := steps(d.History(uint32(u)))
		for a := range walk {
			for b := range walk {
				far := math.Abs(float64(b - a))
				if a == b || walk[a].item == walk[b].item || far > math.Ceil(math.Log(100)*gap) {
					continue
				}
				v := walk[a].c * walk[b].c * math.Exp(-(far-1)/gap)
				if b < a {
					v *= back
				}
				counts[walk[a].item][walk[b].item] += v
				rows[walk[a].item] += v
				cols[walk[b].item] += v
			}
		}
	}
	scores := make([][]float64, d.UserCount())
	for u := range scores {
		scores[u] = make([]float64, ni)
		walk := steps(d.History(uint32(u)))
		for n, s := range walk {
			age := float64(len(walk) - 1 - n)
			for j := range ni {
				if v := counts[s.item][j]; v > 0 && age < math.Ceil(math.Log(100)*recency) {
					scores[u][j] += s.c * math.Exp(-age/recency) * v / math.Pow(rows[s.item], r) / math.Pow(cols[j], c)
				}
			}
		}
	}
	return scores
}

func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	d := shop(60, 40, 12)
	for _, tt := range []struct {
		name                     string
		trainer                  sequence.Trainer
		gap, back, r, c, recency float64
	}{
		{"defaults", sequence.Trainer{}, 8, 0.3, 0.4, 0.1, 2},
		{"forwards, near", sequence.Trainer{Gap: 1, Backward: -1, RowExponent: -1, ColExponent: -1, Recency: 0.5}, 1, 0, 0, 0, 0.5},
		{"both ways, far", sequence.Trainer{Gap: 30, Backward: 1, RowExponent: 1, ColExponent: 0.5, Recency: 50}, 30, 1, 1, 0.5, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := bruteForce(d, tt.gap, tt.back, tt.r, tt.c, tt.recency)
			m := train(t, tt.trainer, d)
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

// TestOrder wants what follows and not what went before, and what the newest step says before what older ones say.
func TestOrder(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for u := range 10 {
		for n, item := range []string{"seed", "pot", "plant", "vase"} {
			b.Add(fmt.Sprint("grower", u), item, 1, int64(n))
		}
		for n, item := range []string{"flour", "yeast", "bread"} {
			b.Add(fmt.Sprint("baker", u), item, 1, int64(n))
		}
	}
	d := b.Build()
	m := train(t, sequence.Trainer{}, d)
	best := func(ids ...string) string {
		var history []model.Event
		for _, id := range ids {
			item, _ := d.Items.Lookup(id)
			history = append(history, model.Event{Item: item, Weight: 1})
		}
		got := m.Propose(nil, &model.User{History: history}, 1, nil, model.Thorough)
		if len(got) == 0 {
			return ""
		}
		return d.Items.ID(got[0].Item)
	}
	for _, tt := range []struct {
		history []string
		want    string
	}{
		{[]string{"pot"}, "plant"}, {[]string{"plant"}, "vase"}, {[]string{"seed", "flour"}, "yeast"}, {[]string{"flour", "seed"}, "pot"},
	} {
		if got := best(tt.history...); got != tt.want {
			t.Errorf("after %v comes %q, want %q", tt.history, got, tt.want)
		}
	}
}

// TestNeighbors wants the strongest transitions kept, and no more.
func TestNeighbors(t *testing.T) {
	t.Parallel()
	d := shop(100, 50, 10)
	few, all := train(t, sequence.Trainer{Neighbors: 5}, d), train(t, sequence.Trainer{}, d)
	for i := range uint32(d.ItemCount()) {
		u := &model.User{History: []model.Event{{Item: i, Weight: 1}}}
		got, want := few.Propose(nil, u, 100, nil, model.Quick), all.Propose(nil, u, 5, nil, model.Quick)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("item %d keeps %v, want %v", i, got, want)
		}
	}
}

// TestNewest looks at the newest thousand events.
func TestNewest(t *testing.T) {
	t.Parallel()
	d := shop(100, 50, 10)
	m := train(t, sequence.Trainer{Recency: 100}, d)
	history := []model.Event{{Item: 3, Weight: 1}}
	for range 999 {
		history = append(history, model.Event{Item: 7, Weight: 1})
	}
	with := m.Propose(nil, &model.User{History: history}, 100, nil, model.Quick)
	history = append(history, model.Event{Item: 7, Weight: 1})
	without := m.Propose(nil, &model.User{History: history}, 100, nil, model.Quick)
	only := m.Propose(nil, &model.User{History: history[1:]}, 100, nil, model.Quick)
	if fmt.Sprint(with) == fmt.Sprint(without) || fmt.Sprint(without) != fmt.Sprint(only) {
		t.Errorf("a history of 1,001 events is proposed %v, its newest thousand %v", without, only)
	}
}

func TestTrainerRefuses(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, tr := range map[string]sequence.Trainer{
		"gap": {Gap: -1}, "long gap": {Gap: 101}, "no gap": {Gap: nan}, "backward": {Backward: 1.1}, "backward NaN": {Backward: nan},
		"row": {RowExponent: 1.1}, "col": {ColExponent: nan}, "recency": {Recency: -1}, "long recency": {Recency: 101},
		"neighbours": {Neighbors: -1},
	} {
		if _, err := tr.Train(t.Context(), shop(3, 3, 2), model.TrainOptions{}); err == nil {
			t.Errorf("%s: %+v was taken", name, tr)
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	d := shop(5000, 5000, 10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (sequence.Trainer{}).Train(b.Context(), d, model.TrainOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPropose(b *testing.B) {
	d := shop(5000, 5000, 10)
	m := train(b, sequence.Trainer{}, d)
	var dst []model.Scored
	b.ReportAllocs()
	u := 0
	for b.Loop() {
		dst = m.Propose(dst[:0], &model.User{History: d.History(uint32(u % d.UserCount()))}, 100, nil, model.Thorough)
		u++
	}
}
