package eval_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// table is a scorer by a function of history and item.
type table struct {
	score func(history []model.Event, item uint32) float32
}

func (m table) Score(dst []float32, u *model.User, items []uint32) {
	for i, item := range items {
		dst[i] = m.score(u.History, item)
	}
}

// noise is a score that depends on history and item only, with ties.
func noise(history []model.Event, item uint32) float32 {
	rng := rand.New(rand.NewPCG(uint64(len(history)), uint64(item)))
	return float32(rng.IntN(8))
}

func dataset(users, items, events int, seed uint64) *model.Dataset {
	rng := rand.New(rand.NewPCG(seed, 0))
	var b model.Builder
	for range events {
		u, i := rng.IntN(users), rng.IntN(items)
		b.Add(fmt.Sprint("u", u), fmt.Sprint("i", i), float32(rng.IntN(4)), int64(rng.IntN(50)))
	}
	return b.Build()
}

// bruteForce is the evaluation by its definition: sort everything.
func bruteForce(m model.Scorer, train, test *model.Dataset, k int) (users int, out eval.Metrics) {
	shown := make([]float64, train.ItemCount())
	out.K = k
	had, most := had(train), popularSet(train)
	for u := range test.UserCount() {
		history := train.History(uint32(u))
		inTrain := func(item uint32) bool {
			return slices.ContainsFunc(history, func(e model.Event) bool { return e.Item == item })
		}
		weights := map[uint32]float32{}
		for _, e := range test.History(uint32(u)) {
			weights[e.Item] += e.Weight
		}
		relevant := 0
		for item, w := range weights {
			if w <= 0 || inTrain(item) {
				delete(weights, item)
			} else {
				relevant++
			}
		}
		if relevant == 0 {
			continue
		}
		users++
		var items []uint32
		for item := range uint32(train.ItemCount()) {
			if !inTrain(item) {
				items = append(items, item)
			}
		}
		score := func(item uint32) float32 {
			dst := []float32{0}
			m.Score(dst, &model.User{History: history}, []uint32{item})
			return dst[0]
		}
		slices.SortFunc(items, func(a, b uint32) int {
			return cmp.Or(cmp.Compare(score(b), score(a)), cmp.Compare(a, b))
		})
		found, dcg, ideal, ap, rr := 0.0, 0.0, 0.0, 0.0, 0.0
		list := items[:min(k, len(items))]
		for rank, item := range list {
			shown[item]++
			out.Novelty -= math.Log2(max(had[item], 0.5)/float64(train.UserCount())) / float64(len(list))
			if most[item] {
				out.Popularity += 1 / float64(len(list))
			}
			if weights[item] > 0 {
				found++
				dcg += math.Ln2 / math.Log(float64(rank+2))
				ap += found / float64(rank+1)
				rr = max(rr, 1/float64(rank+1))
			}
		}
		for rank := range min(k, relevant) {
			ideal += math.Ln2 / math.Log(float64(rank+2))
		}
		out.Recall += found / float64(relevant)
		out.Precision += found / float64(k)
		out.HitRate += min(found, 1)
		out.NDCG += dcg / ideal
		out.MRR += rr
		out.MAP += ap / float64(relevant)
	}
	n := float64(max(users, 1))
	out.Recall, out.Precision, out.HitRate = out.Recall/n, out.Precision/n, out.HitRate/n
	out.NDCG, out.MRR, out.MAP = out.NDCG/n, out.MRR/n, out.MAP/n
	out.Novelty, out.Popularity = out.Novelty/n, out.Popularity/n
	// The mean difference of all pairs of items over twice the mean.
	apart, sum := 0.0, 0.0
	for _, a := range shown {
		if sum += a; a > 0 {
			out.Coverage += 1 / float64(len(shown))
		}
		for _, b := range shown {
			apart += math.Abs(a - b)
		}
	}
	out.Gini = apart / (2 * float64(len(shown)) * sum)
	return users, out
}

// had is how many users had each item.
func had(d *model.Dataset) []float64 {
	n := make([]float64, d.ItemCount())
	for u := range uint32(d.UserCount()) {
		items := map[uint32]bool{}
		for _, e := range d.History(u) {
			items[e.Item] = true
		}
		for item := range items {
			n[item]++
		}
	}
	return n
}

// popularSet is the fewest most popular items with a fifth of what all users had.
func popularSet(d *model.Dataset) map[uint32]bool {
	n, sum, some, set := had(d), 0.0, 0.0, map[uint32]bool{}
	for _, c := range n {
		sum += c
	}
	for some < sum/5 {
		best := 0
		for item := range n {
			if n[item] > n[best] {
				best = item
			}
		}
		some, n[best], set[uint32(best)] = some+n[best], -1, true
	}
	return set
}

func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		d := dataset(40, 60, 600, seed)
		train, test := eval.SplitTime(d, 0.3)
		m := table{noise}
		cutoffs := []int{1, 5, 20, 500}
		var first eval.Report
		for _, workers := range []int{1, 2, 7} {
			got, err := eval.Evaluate(t.Context(), m, train, test, eval.Options{Cutoffs: cutoffs, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if workers == 1 {
				first = got
			} else if diff := gocmp.Diff(first, got); diff != "" {
				t.Errorf("seed %d, %d workers: %s", seed, workers, diff)
			}
		}
		for _, k := range cutoffs {
			users, want := bruteForce(m, train, test, k)
			diff := gocmp.Diff(want, first.At(k), cmpopts.EquateApprox(0, 1e-12))
			if users != first.Users || users < 20 || diff != "" {
				t.Errorf("seed %d: %d users, want %d: %s", seed, first.Users, users, diff)
			}
		}
	}
}

// The textbook example: relevant at ranks 1, 3 and 6 of ten, out of five relevant.
func TestMeasureByHand(t *testing.T) {
	t.Parallel()
	ranking := []uint32{10, 11, 12, 13, 14, 15, 16}
	hit := func(i uint32) bool { return i == 10 || i == 12 || i == 15 || i == 99 || i == 98 }
	ideal5 := 1 + 1/math.Log2(3) + 1/math.Log2(4) + 1/math.Log2(5) + 1/math.Log2(6)
	for _, tt := range []struct {
		k    int
		want eval.Metrics
	}{
		{1, eval.Metrics{K: 1, Recall: 0.2, Precision: 1, HitRate: 1, NDCG: 1, MRR: 1, MAP: 0.2}},
		{10, eval.Metrics{K: 10, Recall: 0.6, Precision: 0.3, HitRate: 1, MRR: 1,
			NDCG: (1 + 0.5 + 1/math.Log2(7)) / ideal5, MAP: (1 + 2.0/3 + 3.0/6) / 5}},
		{0, eval.Metrics{}},
	} {
		got := eval.Measure(ranking, 5, hit, tt.k)
		if diff := gocmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
			t.Errorf("k = %d: %s", tt.k, diff)
		}
	}
	if got := eval.Measure(ranking, 0, hit, 5); got != (eval.Metrics{K: 5}) {
		t.Errorf("nothing relevant: %+v", got)
	}
}

func fields(t testing.TB, path string) (out [][]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24) // a user of Gowalla is a line
	for lines.Scan() {
		out = append(out, strings.Fields(lines.Text()))
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// dataDir is where the public data sets were unpacked.
func dataDir(t testing.TB) string {
	t.Helper()
	dir := cmp.Or(os.Getenv("GOLD_DATA"), filepath.Join("..", "..", ".data"))
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the data sets are not unpacked: neither GOLD_DATA nor .data in the repository root is there")
	}
	return dir
}

func TestJoinsByIdentifier(t *testing.T) {
	t.Parallel()
	var train, test model.Builder
	for _, id := range []string{"tea", "mug", "cup"} {
		train.Add("x", id, 1, 1)
	}
	train.Add("ann", "mug", 1, 1)
	test.Add("zoe", "tea", 1, 2) // train does not know zoe
	test.Add("ann", "new", 1, 2) // train does not know it: never found
	test.Add("ann", "tea", 1, 2)
	test.Add("ann", "mug", 1, 2) // was in train: not relevant
	test.Add("bob", "tea", 0, 2) // nothing relevant
	m := table{func(h []model.Event, item uint32) float32 { return float32(item) }}
	got, err := eval.Evaluate(t.Context(), m, train.Build(), test.Build(), eval.Options{Cutoffs: []int{2}})
	if err != nil {
		t.Fatal(err)
	}
	// The order is cup, mug, tea. ann is shown cup, tea and finds one of two; zoe cup, mug and finds nothing.
	want := eval.Metrics{K: 2, Recall: 0.25, Precision: 0.25, HitRate: 0.5, MRR: 0.25, MAP: 0.125, Coverage: 1,
		Novelty: 0.75, Popularity: 0.25, Gini: 1.0 / 6, // cup twice, tea and mug once; half had tea and cup, all the mug
		NDCG: 1 / math.Log2(3) / (1 + 1/math.Log2(3)) / 2}
	if diff := gocmp.Diff(want, got.At(2), cmpopts.EquateApprox(0, 1e-12)); diff != "" || got.Users != 2 {
		t.Errorf("%d users: %s", got.Users, diff)
	}
	if got.At(3) != (eval.Metrics{K: 3}) {
		t.Error("a cutoff that was not asked for is not zero")
	}
}

func TestEvaluateEdges(t *testing.T) {
	t.Parallel()
	d := dataset(20, 20, 200, 1)
	m := table{noise}
	if _, err := eval.Evaluate(t.Context(), m, d, d, eval.Options{Cutoffs: []int{10, 0}}); err == nil {
		t.Error("a cutoff of 0 was taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eval.Evaluate(ctx, m, d, d, eval.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	var b model.Builder
	empty := b.Build()
	got, err := eval.Evaluate(t.Context(), table{noise}, empty, empty, eval.Options{})
	if err != nil || got.Users != 0 || got.At(10) != (eval.Metrics{K: 10}) {
		t.Errorf("empty: %+v, %v", got, err)
	}
	nan := table{func([]model.Event, uint32) float32 { return float32(math.NaN()) }}
	train, test := eval.SplitRandom(d, 0.5, 1)
	done := 0
	got, err = eval.Evaluate(t.Context(), nan, train, test, eval.Options{Progress: func(n, _ int) { done = n }})
	if err != nil || got.At(10).Recall != 0 || done != d.Users.Len() {
		t.Errorf("a model of NaN: %+v, %v, progress %d", got, err, done)
	}
}
