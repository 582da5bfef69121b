package eval_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	gocmp "github.com/google/go-cmp/cmp"
)

func TestSplits(t *testing.T) {
	t.Parallel()
	d := dataset(60, 30, 900, 9)
	type splitter = func(*model.Dataset) (train, test *model.Dataset)
	for name, split := range map[string]splitter{
		"random": func(d *model.Dataset) (_, _ *model.Dataset) { return eval.SplitRandom(d, 0.2, 1) },
		"last":   eval.SplitLast,
		"time":   func(d *model.Dataset) (_, _ *model.Dataset) { return eval.SplitTime(d, 0.2) },
	} {
		t.Run(name, func(t *testing.T) {
			train, test := split(d)
			if train.Len()+test.Len() != d.Len() || test.Len() == 0 {
				t.Fatalf("%d events became %d and %d", d.Len(), train.Len(), test.Len())
			}
			again, _ := split(d)
			for u := range uint32(d.Users.Len()) {
				if diff := gocmp.Diff(train.History(u), again.History(u)); diff != "" {
					t.Fatalf("user %d differs the second time: %s", u, diff)
				}
				if len(d.History(u)) > 0 && len(train.History(u)) == 0 {
					t.Errorf("user %d has nothing to learn from", u)
				}
			}
		})
	}
}

func TestSplitRandomTakesItsFraction(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for u := range 50 {
		for i := range u {
			b.Add(fmt.Sprint(u), fmt.Sprint(i), 1, int64(i))
			b.Add(fmt.Sprint(u), fmt.Sprint(i), 1, int64(i+100)) // both go to one side
		}
	}
	d := b.Build()
	train, test := eval.SplitRandom(d, 0.2, 3)
	other, _ := eval.SplitRandom(d, 0.2, 4)
	differs := false
	for u := range uint32(d.Users.Len()) {
		n := len(d.History(u)) / 2
		if got, want := len(test.History(u)), 2*int(math.Round(0.2*float64(n))); got != want {
			t.Errorf("%d of %d events held out, want %d", got, 2*n, want)
		}
		in := map[uint32]bool{}
		for _, e := range train.History(u) {
			in[e.Item] = true
		}
		for _, e := range test.History(u) {
			if in[e.Item] {
				t.Fatalf("user %d has item %d on both sides", u, e.Item)
			}
		}
		differs = differs || gocmp.Diff(train.History(u), other.History(u)) != ""
	}
	if !differs {
		t.Error("another seed drew the same")
	}
}

func TestSplitLastAndTime(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i, item := range []string{"tea", "mug", "tea", "cup", "pot", "mug"} {
		b.Add("ann", item, 1, int64(i/2)) // three invoices of two
	}
	b.Add("bob", "tea", 1, 5)
	b.Add("bob", "tea", 1, 6)
	d := b.Build()
	names := func(d *model.Dataset, user uint32) (out []string) {
		for _, e := range d.History(user) {
			out = append(out, d.Items.ID(e.Item))
		}
		return out
	}
	train, test := eval.SplitLast(d)
	if diff := gocmp.Diff([]string{"tea", "tea", "cup", "pot"}, names(train, 0)); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff([]string{"mug", "mug"}, names(test, 0)); diff != "" {
		t.Error(diff)
	}
	if got := names(test, 1); got != nil {
		t.Errorf("bob's only item was held out: %v", got)
	}
	train, test = eval.SplitTime(d, 0.25)
	if diff := gocmp.Diff([]string{"tea", "mug", "tea", "cup"}, names(train, 0)); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff([]string{"pot", "mug"}, names(test, 0)); diff != "" {
		t.Error(diff)
	}
	if test.Now != 6 || train.Now != 5 {
		t.Errorf("Now is %d in train, %d in test", train.Now, test.Now)
	}
	if _, test := eval.SplitTime(d, 7); len(test.History(0)) != 4 {
		t.Error("a fraction above one must leave the first time in train")
	}
	if _, test := eval.SplitTime(d, math.NaN()); test.Len() > d.Len() {
		t.Error("a fraction of NaN")
	}
}

func TestSplitLastTwo(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i, item := range []string{"tea", "mug", "cup", "mug"} {
		b.Add("ann", item, 1, int64(i))
	}
	b.Add("bob", "tea", 1, 1)
	b.Add("bob", "cup", 1, 2)
	b.Add("eve", "tea", 1, 2)
	train, valid, test := eval.SplitLastTwo(b.Build())
	for u, want := range [][3]int{{1, 1, 2}, {1, 0, 1}, {1, 0, 0}} {
		if got := [3]int{len(train.History(uint32(u))), len(valid.History(uint32(u))), len(test.History(uint32(u)))}; got != want {
			t.Errorf("user %d: %v, want %v", u, got, want)
		}
	}
	if got := valid.Items.ID(valid.History(0)[0].Item); got != "cup" {
		t.Errorf("ann chooses by the %s", got)
	}
}

func TestSplitAt(t *testing.T) {
	t.Parallel()
	d := dataset(60, 30, 900, 9)
	for _, fraction := range []float64{0, 0.1, 0.5, 1, 3, -1, math.NaN()} {
		at := eval.TimeBefore(d, fraction)
		train, test := eval.SplitAt(d, at)
		later := 0
		for u := range uint32(d.UserCount()) {
			for _, e := range train.History(u) {
				if e.Time >= at {
					t.Errorf("trained on %d, split at %d", e.Time, at)
				}
			}
			for _, e := range test.History(u) {
				if e.Time > at {
					later++
				}
			}
		}
		want := min(max(fraction, 0), 1) * 900
		if train.Len()+test.Len() != 900 || float64(test.Len()) < want || test.Len() > 0 && float64(later) >= want {
			t.Errorf("%v: %d held out, %d of them after the first time", fraction, test.Len(), later)
		}
	}
}

func TestSplitFold(t *testing.T) {
	t.Parallel()
	d := dataset(60, 30, 900, 9)
	const folds = 4
	held, firsts := 0, map[int]bool{}
	for fold := range folds {
		train, test := eval.SplitFold(d, fold, folds, 3)
		held += test.Len()
		if train.Len()+test.Len() != d.Len() {
			t.Fatalf("%d and %d of %d events", train.Len(), test.Len(), d.Len())
		}
		for u := range uint32(d.UserCount()) {
			items, all := map[uint32]bool{}, map[uint32]bool{}
			for _, e := range test.History(u) {
				items[e.Item] = true
			}
			for _, e := range d.History(u) {
				all[e.Item] = true
			}
			for _, e := range train.History(u) {
				if items[e.Item] {
					t.Fatalf("user %d has item %d on both sides", u, e.Item)
				}
			}
			if n := len(all); len(items) < n/folds || len(items) > (n+folds-1)/folds {
				t.Errorf("user %d: %d of %d items in fold %d", u, len(items), n, fold)
			} else if len(items) > n/folds {
				firsts[fold] = true
			}
		}
	}
	if held != d.Len() || len(firsts) != folds {
		t.Errorf("%d of %d events held out; larger folds %v", held, d.Len(), firsts)
	}
	_, a := eval.SplitFold(d, 0, folds, 3)
	_, b := eval.SplitFold(d, 0, folds, 4)
	if gocmp.Equal(a.History(0), b.History(0)) && gocmp.Equal(a.History(1), b.History(1)) && gocmp.Equal(a.History(2), b.History(2)) {
		t.Error("another seed holds out the same")
	}
	defer func() {
		if recover() == nil {
			t.Error("a fold that there is not")
		}
	}()
	eval.SplitFold(d, folds, folds, 1)
}

func TestSplitUsers(t *testing.T) {
	t.Parallel()
	d := dataset(200, 30, 3000, 9)
	train, shown, test := eval.SplitUsers(d, 5, 0.3, 1)
	if train.Len()+shown.Len()+test.Len() != d.Len() {
		t.Fatalf("%d, %d and %d of %d events", train.Len(), shown.Len(), test.Len(), d.Len())
	}
	out := 0
	for u := range uint32(d.UserCount()) {
		if len(shown.History(u)) == 0 {
			continue
		}
		if out++; len(train.History(u)) > 0 || len(test.History(u)) == 0 {
			t.Errorf("user %d: %d events to train on, %d to find", u, len(train.History(u)), len(test.History(u)))
		}
	}
	if out < 12 || out > 68 { // 40 ± 5 standard deviations
		t.Errorf("%d of 200 users held out", out)
	}
}
