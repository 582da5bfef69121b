package recommendtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/goldrec/gold/recommend/model"
	"github.com/google/go-cmp/cmp"
)

// checkerboard wants the withheld item of every user before all others not in the history, and for a user whom training
// never saw and who clicked on half of a colour, mostly the other half.
func (s *suite) checkerboard(t *testing.T) {
	data := checkerboard()
	m := s.train(t, data, model.TrainOptions{Seed: 1})
	for u := range uint32(boardSize) {
		unseen := func(item uint32) bool { return (u+item)%2 == 1 || item == u }
		who := user(m, data.History(u), data.Now)
		got := propose(t, m, who, boardSize, unseen)
		if len(got) == 0 || got[0].Item != u {
			t.Errorf("user %d is proposed %v, want item %d first", u, got, u)
		}
		for item, v := range score(t, m, who) {
			if other := uint32(item); other != u && unseen(other) && v >= score(t, m, who)[u] {
				t.Errorf("for user %d item %d scores %v, the withheld one %v", u, item, v, score(t, m, who)[u])
			}
		}
	}
	const clicks = boardSize / 4 // half of a colour
	for colour := range uint32(2) {
		var history []model.Event
		for i := range uint32(clicks) {
			history = append(history, model.Event{Item: 4*i + colour, Weight: 1, Time: int64(i)})
		}
		same := 0
		got := propose(t, m, user(m, history, clicks), clicks, func(item uint32) bool { return item%4 != colour })
		for _, c := range got {
			if c.Item%2 == colour {
				same++
			}
		}
		if 2*same <= clicks {
			t.Errorf("a new user who clicked on half of a colour, %v, is proposed %v, of which %d are of it", history, got, same)
		}
	}
}

func (s *suite) batchIsSingle(t *testing.T) {
	m, data := s.onMarket(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for name, history := range histories(data) {
		u := user(m, history, data.Now)
		want := score(t, m, u)
		for range 5 {
			items := make([]uint32, rng.IntN(2*len(want)))
			for i := range items {
				items[i] = rng.Uint32N(uint32(len(want))) // in any order, with repeats
			}
			got := make([]float32, len(items))
			m.Score(got, u, items)
			for i, item := range items {
				if got[i] != want[item] {
					t.Fatalf("%s: item %d scores %v among %d, %v among all", name, item, got[i], len(items), want[item])
				}
			}
		}
		for item, v := range want {
			one := []float32{float32(math.NaN())}
			if m.Score(one, u, []uint32{uint32(item)}); one[0] != v {
				t.Fatalf("%s: item %d scores %v alone, %v among all", name, item, one[0], v)
			}
		}
		m.Score(nil, u, nil)
	}
}

func (s *suite) candidates(t *testing.T) {
	m, data := s.onMarket(t)
	something := false
	for name, history := range histories(data) {
		u := user(m, history, data.Now)
		all := propose(t, m, u, math.MaxInt, nil)
		something = something || len(all) > 0
		for _, n := range []int{math.MinInt, -1, 0, 1, 7, 1_000_000} {
			if got := propose(t, m, u, n, nil); len(got) != max(0, min(n, len(all))) {
				t.Errorf("%s: %d candidates for n = %d, of %d in all", name, len(got), n, len(all))
			}
		}
		before := []model.Scored{{Item: 9, Score: -9}}
		if got := m.Candidates(slices.Clone(before), u, 5, nil); len(got) < 1 || got[0] != before[0] {
			t.Errorf("%s: candidates are not appended: %v", name, got)
		}
	}
	if !something {
		t.Error("nothing is proposed to anybody")
	}
}

// filters wants every filter filled as far as the model has anything to say.
func (s *suite) filters(t *testing.T) {
	m, data := s.onMarket(t)
	for name, history := range histories(data) {
		u := user(m, history, data.Now)
		all := propose(t, m, u, math.MaxInt, nil)
		if got := propose(t, m, u, 10, func(uint32) bool { return false }); len(got) != 0 {
			t.Errorf("%s: nothing is allowed, got %v", name, got)
		}
		for _, only := range all {
			got := propose(t, m, u, 3, func(item uint32) bool { return item == only.Item })
			if len(got) != 1 {
				t.Errorf("%s: item %d is proposed among others but not when it alone is allowed", name, only.Item)
			}
		}
		odd := func(item uint32) bool { return item%2 == 1 }
		want := slices.DeleteFunc(slices.Clone(all), func(c model.Scored) bool { return !odd(c.Item) })
		if got := propose(t, m, u, math.MaxInt, odd); len(got) != len(want) {
			t.Errorf("%s: %d candidates of odd handles, want %d", name, len(got), len(want))
		}
	}
}

// users meets everybody at all times of day.
func (s *suite) users(t *testing.T) {
	m, data := s.onMarket(t)
	for _, history := range histories(data) {
		for _, now := range append([]int64{data.Now}, times...) {
			kept := slices.Clone(history)
			u := user(m, history, now)
			propose(t, m, u, 10, nil)
			if u.Vector != nil {
				u.Vector = nil
				score(t, m, u)
			}
			if !slices.Equal(kept, history) {
				t.Fatal("the model changed the history")
			}
		}
	}
}

func (s *suite) explain(t *testing.T) {
	m, data := s.onMarket(t)
	e, ok := m.(model.Explainer)
	if !ok {
		t.Skip("the model explains nothing")
	}
	for name, history := range histories(data) {
		u := user(m, history, data.Now)
		for item := range uint32(m.Items().Len()) {
			for _, n := range []int{-1, 0, 1, 3, math.MaxInt} {
				reasons := e.Explain(nil, u, item, n)
				if err := checkReasons(reasons, history, n); err != nil {
					t.Fatalf("%s, item %d, n = %d: %v: %v", name, item, n, err, reasons)
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

// concurrent wants the same answers from many goroutines at once as from one.
func (s *suite) concurrent(t *testing.T) {
	m, data := s.onMarket(t)
	type answer struct {
		Scores     []float32
		Candidates []model.Scored
		Reasons    []model.Reason
	}
	ask := func(history []model.Event) answer {
		u := user(m, history, data.Now)
		a := answer{Scores: make([]float32, m.Items().Len()), Candidates: m.Candidates(nil, u, 20, nil)}
		m.Score(a.Scores, u, handles(len(a.Scores)))
		if e, ok := m.(model.Explainer); ok {
			a.Reasons = e.Explain(nil, u, 1, 3)
		}
		return a
	}
	all := histories(data)
	want := map[string]answer{}
	for name, history := range all {
		want[name] = ask(history)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for name, history := range all {
				if diff := cmp.Diff(want[name], ask(history)); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		})
	}
	wg.Wait()
}

// allocations wants no more of them for many items than for one.
func (s *suite) allocations(t *testing.T) {
	m, data := s.onMarket(t)
	const many = 4000
	items, dst := make([]uint32, many), make([]float32, many)
	for i := range items {
		items[i] = uint32(i % m.Items().Len())
	}
	u := user(m, data.History(0), data.Now)
	count := func(n int) float64 {
		return testing.AllocsPerRun(50, func() { m.Score(dst[:n], u, items[:n]) })
	}
	// The race detector empties pools now and then, hence the room for a constant few.
	if one, all := count(1), count(many); all > one+10 {
		t.Errorf("Score of one item allocates %v times, of %d items %v times", one, many, all)
	}
}
