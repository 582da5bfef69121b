package recommendtest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/recommend/model"
)

func (s *suite) candidates(t *testing.T) {
	m := s.onMarket(t)
	something := false
	for name, history := range histories(m.data) {
		u := m.user(history)
		all := m.everything(t, u, nil)
		something = something || len(all) > 0
		for _, n := range []int{math.MinInt, -1, 0, 1, 7, 1_000_000} {
			if got := m.propose(t, u, n, nil, model.Thorough); len(got) != max(0, min(n, len(all))) {
				t.Errorf("%s: %d candidates for n = %d, of %d in all", name, len(got), n, len(all))
			}
		}
		before := []model.Scored{{Item: 9, Score: -9}}
		for _, effort := range []model.Effort{model.Quick, model.Thorough} {
			if got := m.Propose(slices.Clone(before), u, 5, nil, effort); len(got) < 1 || got[0] != before[0] {
				t.Errorf("%s: candidates are not appended: %s", name, brief(got))
			}
		}
	}
	if !something {
		t.Error("nothing is proposed to anybody")
	}
}

// filters wants every filter filled as far as the model has anything to say, whatever kind of filter it is.
func (s *suite) filters(t *testing.T) {
	m := s.onMarket(t)
	for name, history := range histories(m.data) {
		u := m.user(history)
		all := m.everything(t, u, nil)
		if got := m.propose(t, u, 10, model.AllowFunc(func(uint32) bool { return false }), model.Thorough); len(got) != 0 {
			t.Errorf("%s: nothing is allowed, got %s", name, brief(got))
		}
		for _, only := range all {
			one := roaring.BitmapOf(only.Item)
			if got := m.propose(t, u, 3, one, model.Thorough); len(got) != 1 {
				t.Errorf("%s: item %d is proposed among others but not when it alone is allowed", name, only.Item)
			}
		}
		for part := uint32(2); part < 64; part *= 5 {
			odd := model.AllowFunc(func(item uint32) bool { return item%part == 1 })
			odds := roaring.New()
			for item := uint32(1); item < uint32(m.items)+100; item += part {
				odds.Add(item)
			}
			want := slices.DeleteFunc(slices.Clone(all), func(c model.Scored) bool { return !odd(c.Item) })
			for _, n := range []int{3, math.MaxInt} {
				for kind, allow := range map[string]model.Allow{"function": odd, "bitmap": odds} {
					got := m.propose(t, u, n, allow, model.Thorough)
					if len(got) != min(n, len(want)) {
						t.Errorf("%s: %d candidates for n = %d within a %s, want %d", name, len(got), n, kind, min(n, len(want)))
					}
				}
				a, b := m.Propose(nil, u, n, odd, model.Thorough), m.Propose(nil, u, n, odds, model.Thorough)
				if diff := differs(ids(a), ids(b)); diff != "" {
					t.Errorf("%s: a bitmap gives other candidates than a function: %s", name, diff)
				}
			}
		}
	}
}

func ids(list []model.Scored) (all []uint32) {
	for _, s := range list {
		all = append(all, s.Item)
	}
	return all
}

// effort wants of a quick look some of what a thorough one finds, and something for many who are allowed everything.
func (s *suite) effort(t *testing.T) {
	m := s.onMarket(t)
	third := model.AllowFunc(func(item uint32) bool { return item%3 == 0 })
	found, wanted := 0, 0
	for name, history := range histories(m.data) {
		u := m.user(history)
		for _, allow := range []model.Allow{nil, third} {
			all := ids(m.everything(t, u, allow))
			for _, n := range []int{-1, 0, 1, 10} {
				got := m.propose(t, u, n, allow, model.Quick) // checks order and filter
				for _, c := range got {
					if !slices.Contains(all, c.Item) {
						t.Errorf("%s: a quick look finds item %d, a thorough one does not", name, c.Item)
					}
				}
				if allow == nil {
					found, wanted = found+len(got), wanted+max(0, min(n, len(all)))
				}
			}
		}
	}
	if 2*found < wanted {
		t.Errorf("quick looks without a filter find %d of %d candidates", found, wanted)
	}
}

// accumulate wants the sums to be the scores, all that are not zero.
func (s *suite) accumulate(t *testing.T) {
	m := s.onMarket(t)
	a, ok := m.Model.(model.Accumulator)
	if !ok {
		t.Skip("the model's scores are not sparse")
	}
	for name, history := range histories(m.data) {
		u := m.user(history)
		var sums model.Sums
		a.Accumulate(&sums, u)
		got := make([]float32, m.items)
		for item, v := range sums.All() {
			if int64(item) >= int64(m.items) {
				t.Fatalf("%s: accumulates %v for item %d of %d", name, v, item, m.items)
			}
			got[item] = v
		}
		if diff := near(m.score(t, u), got, 1); diff != "" {
			t.Errorf("%s: accumulated, %s", name, diff)
		}
		a.Accumulate(&sums, u) // adds to what is there
		for item, v := range sums.All() {
			if twice := 2 * float64(got[item]); !(math.Abs(float64(v)-twice) <= 2*rounding*greatest(got)) && finite(2*got[item]) {
				t.Fatalf("%s: accumulated twice, item %d has %v, want %v", name, item, v, twice)
			}
		}
	}
}

// scale wants the standard deviation of the scores over all items, of a model of which all items have events and content.
func (s *suite) scale(t *testing.T) {
	m := s.train(t, growing(growingMax), model.TrainOptions{Seed: 3})
	scaler, ok := m.Model.(model.Scaler)
	if !ok {
		t.Skip("the model does not know its scale")
	}
	for name, history := range histories(m.data) {
		u := m.user(history)
		scores := m.score(t, u)
		got, want := float64(scaler.Scale(u)), deviation(scores)
		// Both may be made of differences between scores of this magnitude.
		if !(math.Abs(got-want) <= 1e-3*want+rounding*greatest(scores)) {
			t.Errorf("%s: the scale is %v, the standard deviation of the scores %v", name, got, want)
		}
		for range 3 {
			if again := float64(scaler.Scale(u)); again != got {
				t.Fatalf("%s: the scale is %v, and then %v", name, got, again)
			}
		}
	}
	empty := s.train(t, new(model.Builder).Build(), model.TrainOptions{})
	if got := empty.Model.(model.Scaler).Scale(empty.user(m.data.History(0))); got != 0 {
		t.Errorf("a model with nothing to say has the scale %v", got)
	}
}

func deviation(scores []float32) float64 {
	var sum, squares float64
	for _, v := range scores {
		sum += float64(v)
	}
	mean := sum / float64(len(scores))
	for _, v := range scores {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	return math.Sqrt(squares / float64(len(scores)))
}

func (s *suite) explain(t *testing.T) {
	m := s.onMarket(t)
	e, ok := m.Model.(model.Explainer)
	if !ok {
		t.Skip("the model explains nothing")
	}
	for name, history := range histories(m.data) {
		u := m.user(history)
		for item := range uint32(m.items) {
			for _, n := range []int{-1, 0, 1, 3, math.MaxInt} {
				reasons := e.Explain(nil, u, item, n)
				if err := checkReasons(reasons, history, n); err != nil {
					t.Fatalf("%s, item %d, n = %d: %v: %s", name, item, n, err, brief(reasons))
				}
			}
		}
		if before := (model.Reason{Model: "before"}); e.Explain([]model.Reason{before}, u, 0, 2)[0] != before {
			t.Errorf("%s: reasons are not appended", name)
		}
	}
}

func checkReasons(reasons []model.Reason, history []model.Event, n int) error {
	if len(reasons) > max(n, 0) {
		return fmt.Errorf("%d reasons", len(reasons))
	}
	var sum float32
	for i, r := range reasons {
		known := slices.ContainsFunc(history, func(e model.Event) bool { return e.Item == r.Because })
		switch {
		case r.Model == "":
			return fmt.Errorf("no model in %v", r)
		case !(r.Share >= 0 && r.Share <= 1.0001):
			return fmt.Errorf("share %v", r.Share)
		case i > 0 && r.Share > reasons[i-1].Share:
			return fmt.Errorf("out of order")
		case r.Because != model.NoItem && !known:
			return fmt.Errorf("item %d is not in the history", r.Because)
		}
		sum += r.Share
	}
	if sum > 1.001 {
		return fmt.Errorf("shares sum up to %v", sum)
	}
	return nil
}
