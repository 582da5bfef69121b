package eval_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// byHandle scores an item by its place in a table, NaN and all.
func byHandle(scores ...float32) table {
	return table{func(_ []model.Event, item uint32) float32 { return scores[item] }}
}

// TestAUC counts pairs by hand: tea and pot are wanted, the cup is had.
func TestAUC(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	for _, tt := range []struct {
		name   string
		scores []float32 // of cup, tea, mug, pot, jug
		unseen bool      // something is wanted besides that training does not know
		want   float64
	}{
		{"all right", []float32{9, 3, 1, 2, 0}, false, 1},
		{"all wrong", []float32{9, 0, 2, 1, 3}, false, 0},
		{"what is had is on top, or below", []float32{-9, 3, 1, 2, 0}, false, 1},
		{"one pair of four wrong", []float32{9, 3, 2, 1, 0}, false, 0.75},
		{"ties", []float32{9, 1, 1, 1, 1}, false, 0.5},
		{"one tie, one wrong", []float32{9, 3, 2, 2, 2.5}, false, (2 + 0.5) / 4},
		{"a wanted one is not scored", []float32{9, 3, 1, nan, 0}, false, 0.5},
		{"the others are not scored", []float32{9, 3, nan, 2, nan}, false, 1},
		{"nothing is scored", []float32{nan, nan, nan, nan, nan}, false, 0},
		{"a stranger is wanted", []float32{9, 3, 1, 2, 0}, true, 2.0 / 3},
	} {
		var train, test model.Builder
		for _, id := range []string{"cup", "tea", "mug", "pot", "jug"} {
			train.Item(id)
		}
		train.Add("ann", "cup", 1, 1)
		test.Add("ann", "tea", 1, 2)
		test.Add("ann", "pot", 1, 2)
		if tt.unseen {
			test.Add("ann", "new", 1, 2)
		}
		got, err := eval.Evaluate(t.Context(), byHandle(tt.scores...), train.Build(), test.Build(), eval.Options{})
		if err != nil || math.Abs(got.AUC-tt.want) > 1e-12 || got.Each[0].AUC != got.AUC {
			t.Errorf("%s: %v, want %v, %v", tt.name, got.AUC, tt.want, err)
		}
	}
}

// Somebody to whom nothing else can be shown is shown the right thing.
func TestAUCOfNothingElse(t *testing.T) {
	t.Parallel()
	var train, test model.Builder
	train.Item("tea")
	test.Add("ann", "tea", 1, 1)
	got, err := eval.Evaluate(t.Context(), byHandle(1), train.Build(), test.Build(), eval.Options{})
	if err != nil || got.AUC != 1 {
		t.Errorf("%v, %v", got.AUC, err)
	}
}

// TestLists has what is shown to one user counted by hand: tea, which three of four had, mug of one and pot of none.
func TestLists(t *testing.T) {
	t.Parallel()
	var b, test model.Builder
	for _, id := range []string{"tea", "mug", "pot", "cup"} {
		b.Item(id)
	}
	for _, u := range []string{"a", "b", "c"} {
		b.Add(u, "tea", 1, 1)
	}
	b.Add("a", "mug", 1, 1)
	b.Add("a", "mug", 1, 2) // again: still one user
	b.Add("d", "cup", 1, 2)
	train := b.Build()
	test.Add("d", "tea", 1, 3)
	similar := eval.SharedUsers(train)
	if got := similar(0, 1); math.Abs(got-1/math.Sqrt(3)) > 1e-12 || similar(0, 2) != 0 || similar(0, 3) != 0 || similar(1, 1) != 1 {
		t.Errorf("tea and mug %v, tea and pot %v, tea and cup %v", got, similar(0, 2), similar(0, 3))
	}
	got, err := eval.Evaluate(t.Context(), byHandle(4, 3, 2, 1), train, test.Build(), eval.Options{Cutoffs: []int{3, 1}, Similar: similar, Rankings: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := eval.Metrics{K: 3, Recall: 1, Precision: 1.0 / 3, HitRate: 1, NDCG: 1, MRR: 1, MAP: 1, Coverage: 0.75,
		Novelty:    (math.Log2(4.0/3) + 2 + 3) / 3,
		Popularity: 1.0 / 3, // tea alone has three fifths
		Diversity:  (1 - 1/math.Sqrt(3) + 1 + 1) / 3,
		Gini:       0.25, // 0 1 1 1
	}
	if diff := gocmp.Diff(want, got.At(3), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
	if m := got.At(1); m.Diversity != 0 || m.Gini != 0.75 || m.Popularity != 1 {
		t.Errorf("one item: %+v", m)
	}
	if diff := gocmp.Diff([]model.Scored{{Item: 0, Score: 4}, {Item: 1, Score: 3}}, got.Each[0].Ranking); diff != "" {
		t.Error(diff)
	}
	if one := got.Each[0]; one.History != 1 || one.Relevant != 1 {
		t.Errorf("%+v", one)
	}
}

// A ranking that has an item twice finds it once, and both take their places.
func TestDuplicatesInARanking(t *testing.T) {
	t.Parallel()
	got := eval.Measure([]uint32{7, 7, 7, 9}, 2, func(i uint32) bool { return i == 7 || i == 9 }, 4)
	want := eval.Metrics{K: 4, Recall: 1, Precision: 0.5, HitRate: 1, MRR: 1, MAP: 0.75, NDCG: (1 + 1/math.Log2(5)) / (1 + 1/math.Log2(3))}
	if diff := gocmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Error(diff)
	}
	if got := eval.Measure(nil, 2, func(uint32) bool { return true }, -1); got != (eval.Metrics{K: -1}) {
		t.Errorf("k of -1: %+v", got)
	}
}

func TestWhereAndByHistory(t *testing.T) {
	t.Parallel()
	train, test := eval.SplitTime(dataset(80, 60, 900, 4), 0.3)
	all, err := eval.Evaluate(t.Context(), table{noise}, train, test, eval.Options{Cutoffs: []int{5, 10}})
	if err != nil {
		t.Fatal(err)
	}
	users, sum := 0, 0.0
	for i, s := range all.ByHistory(5, 6, 12) {
		if want := []string{"0-5", "6", "7-12", "13+"}[i]; s.Name != want {
			t.Errorf("segment %d is %q, want %q", i, s.Name, want)
		}
		for _, one := range s.Each {
			if n := len(train.History(one.User)); n != one.History || n < []int{0, 6, 7, 13}[i] || n > []int{5, 6, 12, 1 << 30}[i] {
				t.Errorf("a history of %d in %s", n, s.Name)
			}
		}
		users += s.Users
		sum += float64(s.Users) * s.At(10).NDCG
	}
	if users != all.Users || math.Abs(sum-float64(users)*all.At(10).NDCG) > 1e-9 {
		t.Errorf("segments have %d of %d users, and nDCG %v of %v", users, all.Users, sum, all.At(10).NDCG)
	}
	none := all.Where(func(eval.One) bool { return false })
	if none.Users != 0 || none.At(10) != (eval.Metrics{K: 10}) || none.AUC != 0 {
		t.Errorf("nobody: %+v", none)
	}
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	if got := eval.Bootstrap(nil, 0.95, 1); got != (eval.Interval{}) {
		t.Errorf("nobody: %v", got)
	}
	if got := eval.Bootstrap([]float64{0.3}, 0.95, 1); got != (eval.Interval{Mean: 0.3, Low: 0.3, High: 0.3}) {
		t.Errorf("one user: %v", got)
	}
	if got := eval.Bootstrap([]float64{1, math.NaN()}, 0.95, 1); !math.IsNaN(got.Mean) || !math.IsNaN(got.Low) || !math.IsNaN(got.High) {
		t.Errorf("NaN: %v", got)
	}
	// Half zeros and half ones: the standard error of the mean of 400 is 0.025, and the quantiles of 1,000 means lie
	// within a fifth of that of 1.96 standard errors.
	values := slices.Concat(make([]float64, 200), slices.Repeat([]float64{1}, 200))
	got := eval.Bootstrap(values, 0.95, 1)
	if math.Abs(got.Low-(0.5-1.96*0.025)) > 0.005 || math.Abs(got.High-(0.5+1.96*0.025)) > 0.005 || math.Abs(got.Mean-0.5) > 1e-12 {
		t.Errorf("half and half: %v", got)
	}
	if again := eval.Bootstrap(values, 0.95, 1); again != got {
		t.Error("the same seed gives another interval")
	}
	if other, wide := eval.Bootstrap(values, 0.95, 2), eval.Bootstrap(values, 0.99, 1); other == got || !(wide.Low < got.Low && wide.High > got.High) {
		t.Errorf("another seed %v, a higher level %v", other, wide)
	}
	if text := (eval.Interval{Mean: 0.5, Low: 0.25, High: 1}).String(); text != "0.5000 [0.2500, 1.0000]" {
		t.Error(text)
	}
}

func TestPValues(t *testing.T) {
	t.Parallel()
	// Student's sleep data (1908): hours gained under two drugs, t = -4.0621, p = 0.002833.
	a := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	b := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	if p := eval.Paired(a, b).PValue(); math.Abs(p-0.002833) > 1e-6 {
		t.Errorf("sleep: p = %v", p)
	}
	// Of 1,024 signs of nine differences of one sign and a zero, 4 have a sum as large: 0.0039, of which 1,000 drawings see
	// between 0 and 10 (five standard deviations), and one is counted.
	if p := eval.SignFlip(a, b, 1); p > 11.0/1001 || p < 1.0/1001 {
		t.Errorf("sleep by signs: p = %v", p)
	}
	if p := eval.SignFlip(a, a, 1); p != 1 {
		t.Errorf("no difference: p = %v", p)
	}
	// Two users: signs that agree, or do not, each with a chance of one half; 5 standard deviations are 0.08.
	if p := eval.SignFlip([]float64{1, 1}, []float64{0, 0}, 1); math.Abs(p-0.5) > 0.08 {
		t.Errorf("two users: p = %v", p)
	}
	for _, tt := range []struct {
		a, b []float64
		want float64
	}{{nil, nil, 1}, {[]float64{1}, []float64{0}, 1}, {[]float64{1, 1}, []float64{0, 0}, 0}, {[]float64{1, 0}, []float64{1, 0}, 1}} {
		if p := eval.Paired(tt.a, tt.b).PValue(); p != tt.want {
			t.Errorf("%v and %v: p = %v, want %v", tt.a, tt.b, p, tt.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("users that are not the same were taken")
		}
	}()
	eval.SignFlip(a, b[1:], 1)
}

// TestSampled wants figures above the full ranking's, exact ones where the sample is everything, and a draw that depends on the
// seed and on nothing else.
func TestSampled(t *testing.T) {
	t.Parallel()
	train, test := eval.SplitRandom(dataset(60, 80, 700, 5), 0.2, 1)
	look := func(n int, seed uint64, workers int) eval.Report {
		r, err := eval.EvaluateSampled(t.Context(), table{noise}, train, test, n, seed, eval.Options{Workers: workers, Rankings: 1000})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	full, err := eval.Evaluate(t.Context(), table{noise}, train, test, eval.Options{Rankings: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(full, look(1000, 1, 1)); diff != "" {
		t.Error("a sample of everything:", diff)
	}
	few := look(10, 1, 1)
	if few.At(10).Recall < 1.5*full.At(10).Recall {
		t.Errorf("a sample finds %v, the full ranking %v", few.At(10).Recall, full.At(10).Recall)
	}
	for _, one := range few.Each {
		if len(one.Ranking) != 10+one.Relevant {
			t.Fatalf("user %d: %d items ranked, of which %d are relevant", one.User, len(one.Ranking), one.Relevant)
		}
	}
	if diff := gocmp.Diff(few, look(10, 1, 3)); diff != "" {
		t.Error(diff)
	}
	if gocmp.Equal(few, look(10, 2, 1)) {
		t.Error("another seed draws the same")
	}
	if _, err := eval.EvaluateSampled(t.Context(), table{noise}, train, test, 0, 1, eval.Options{}); !errors.Is(err, eval.ErrInvalid) {
		t.Errorf("a sample of nothing: %v", err)
	}
}

func TestCases(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for _, id := range []string{"tea", "mug", "pot"} {
		b.Item(id)
	}
	train := b.Build()
	// The newest item of the history scores 2, others less by handle: a repeat is found first.
	m := table{func(h []model.Event, item uint32) float32 {
		if h[len(h)-1].Item == item {
			return 2
		}
		return -float32(item)
	}}
	history := []model.Event{{Item: 0}, {Item: 2}}
	cases := []eval.Case{{History: history, Next: 2}, {History: history, Next: 1}, {History: history, Next: model.NoItem}}
	for _, workers := range []int{1, 2} {
		got, err := eval.EvaluateCases(t.Context(), m, train, cases, eval.Options{Cutoffs: []int{3}, Workers: workers})
		if err != nil || got.Users != 3 || math.Abs(got.At(3).MRR-(1+1.0/3)/3) > 1e-12 || math.Abs(got.At(3).Recall-2.0/3) > 1e-12 {
			t.Errorf("%+v, %v", got.At(3), err)
		}
		if got.Each[1].User != 1 || got.Each[1].History != 2 || got.Each[2].AUC != 0 {
			t.Errorf("%+v", got.Each)
		}
	}
	if _, err := eval.EvaluateCases(t.Context(), m, train, []eval.Case{{Next: 3}}, eval.Options{}); !errors.Is(err, eval.ErrInvalid) {
		t.Errorf("an item beyond all: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eval.EvaluateCases(ctx, m, train, cases, eval.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got, err := eval.EvaluateCases(t.Context(), m, train, nil, eval.Options{}); err != nil || got.Users != 0 {
		t.Errorf("no cases: %v, %v", got, err)
	}
}

func TestSplitSessions(t *testing.T) {
	t.Parallel()
	var b model.Builder
	add := func(user string, session uint32, from int64, items ...string) {
		for i, id := range items {
			b.AddEvent(user, model.Event{Item: b.Item(id), Weight: 1, Time: from + int64(i), Session: session})
		}
	}
	add("ann", 1, 10, "a", "b")
	add("ann", 2, 50, "c", "a", "c") // ends at 52, second to last
	add("bob", 1, 30, "b", "c")
	add("bob", 0, 60, "d") // the last; nothing comes after its first
	d := b.Build()
	train, cases := eval.SplitSessions(d, 0.5)
	if train.Len() != 4 || len(train.History(0)) != 2 || len(train.History(1)) != 2 {
		t.Errorf("%d events are left", train.Len())
	}
	var got []string
	for _, c := range cases {
		got = append(got, fmt.Sprint(len(c.History), " ", d.Items.ID(c.Next), " ", c.Now))
	}
	if diff := gocmp.Diff([]string{"1 a 51", "2 c 52"}, got); diff != "" {
		t.Error(diff)
	}
	if train, cases := eval.SplitSessions(d, 0); train.Len() != d.Len() || cases != nil {
		t.Error("a fraction of 0 holds something out")
	}
	if train, cases := eval.SplitSessions(d, 2); train.Len() != 0 || len(cases) != 4 {
		t.Error("a fraction above 1 does not hold everything out")
	}
}
