package recommendtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// checkerboard wants the withheld item of every user before all others not in the history, and for a user whom training
// never saw and who clicked on half of a colour, mostly the other half.
func (s *suite) checkerboard(t *testing.T) {
	if s.impersonal {
		t.Skip("the model scores alike for all users")
	}
	s.onBoard(t, s.train(t, checkerboard(), model.TrainOptions{Seed: 1}))
}

func (s *suite) onBoard(t *testing.T, m *trained) {
	t.Helper()
	for u := range uint32(boardSize) {
		unseen := model.AllowFunc(func(item uint32) bool { return (u+item)%2 == 1 || item == u })
		who := m.user(m.data.History(u))
		got := m.propose(t, who, boardSize, unseen, model.Thorough)
		if len(got) == 0 || got[0].Item != u {
			t.Errorf("user %d is proposed %s, want item %d first", u, brief(got), u)
		}
		scores := m.score(t, who)
		for item, v := range scores {
			if other := uint32(item); other != u && unseen(other) && v >= scores[u] {
				t.Errorf("for user %d item %d scores %v, the withheld one %v", u, item, v, scores[u])
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
		fresh := model.AllowFunc(func(item uint32) bool { return item%4 != colour })
		got := m.propose(t, user(m.Model, history, clicks), clicks, fresh, model.Thorough)
		for _, c := range got {
			if c.Item%2 == colour {
				same++
			}
		}
		if 2*same <= clicks {
			t.Errorf("a new user who clicked on half of a colour is proposed %s, of which %d are of it", brief(got), same)
		}
	}
}

func (s *suite) batchIsSingle(t *testing.T) {
	m := s.onMarket(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for name, history := range histories(m.data) {
		u := m.user(history)
		want := m.score(t, u)
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

// unknownItems wants 0 for handles that training did not have, and nothing of them elsewhere.
func (s *suite) unknownItems(t *testing.T) {
	m := s.onMarket(t)
	n := uint32(m.items)
	unknown := []uint32{n, n + 1, n + 63, 1 << 31, model.NoItem - 1, model.NoItem}
	for name, history := range histories(m.data) {
		u := m.user(history)
		got := make([]float32, len(unknown))
		for i := range got {
			got[i] = float32(math.NaN())
		}
		m.Score(got, u, unknown)
		if diff := differs(make([]float32, len(unknown)), got); diff != "" {
			t.Errorf("%s: scores of the handles %v of %d: %s", name, unknown, n, diff)
		}
		outside := model.AllowFunc(func(item uint32) bool { return item >= n })
		if got := m.everything(t, u, outside); len(got) > 0 {
			t.Errorf("%s: proposes %s of %d items", name, brief(got), n)
		}
		if e, ok := m.Model.(model.Explainer); ok {
			for _, item := range unknown {
				if got := e.Explain(nil, u, item, 3); len(got) > 0 {
					t.Errorf("%s: explains the unknown item %d: %s", name, item, brief(got))
				}
			}
		}
	}
}

// users meets everybody at all times of day.
func (s *suite) users(t *testing.T) {
	m := s.onMarket(t)
	for _, history := range histories(m.data) {
		for _, now := range append([]int64{m.data.Now}, times...) {
			kept := slices.Clone(history)
			u := user(m.Model, history, now)
			m.propose(t, u, 10, nil, model.Thorough)
			if u.Vector != nil {
				u.Vector = nil
				m.score(t, u)
			}
			if !slices.Equal(kept, history) {
				t.Fatal("the model changed the history")
			}
		}
	}
}

// impressions wants events of weight 0 to say nothing, wherever in a history they are.
func (s *suite) impressions(t *testing.T) {
	m := s.onMarket(t)
	if m.items == 0 {
		return
	}
	for u := range uint32(m.data.UserCount()) {
		history := m.data.History(u)
		var shown []model.Event
		for i, e := range history {
			shown = append(shown, model.Event{Item: (e.Item + 1) % uint32(m.items), Time: e.Time, Kind: store.Impression}, e)
			if i == len(history)-1 {
				shown = append(shown, model.Event{Item: e.Item, Time: e.Time, Kind: store.Impression})
			}
		}
		if diff := near(m.score(t, m.user(history)), m.score(t, m.user(shown)), 10); diff != "" {
			t.Fatalf("user %d, who was shown items too: %s", u, diff)
		}
	}
}

// concurrent wants the same answers from many goroutines at once as from one.
func (s *suite) concurrent(t *testing.T) {
	m := s.onMarket(t)
	type answer struct {
		scores     []float32
		candidates []model.Scored
		reasons    []model.Reason
	}
	ask := func(history []model.Event) answer {
		u := m.user(history)
		a := answer{scores: make([]float32, m.items), candidates: m.Propose(nil, u, 20, nil, model.Thorough)}
		m.Score(a.scores, u, handles(m.items))
		if e, ok := m.Model.(model.Explainer); ok {
			a.reasons = e.Explain(nil, u, 1, 3)
		}
		return a
	}
	all := histories(m.data)
	want := map[string]answer{}
	for name, history := range all {
		want[name] = ask(history)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for name, history := range all {
				got := ask(history)
				for _, diff := range []string{
					differs(want[name].scores, got.scores), differs(want[name].candidates, got.candidates), differs(want[name].reasons, got.reasons),
				} {
					if diff != "" {
						t.Errorf("%s: %s", name, diff)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// allocations wants no more of them for many items than for one.
func (s *suite) allocations(t *testing.T) {
	m := s.onMarket(t)
	const many = 4000
	items, dst := make([]uint32, many), make([]float32, many)
	for i := range items {
		items[i] = uint32(i % m.items)
	}
	u := m.user(m.data.History(0))
	count := func(n int) float64 {
		return testing.AllocsPerRun(50, func() { m.Score(dst[:n], u, items[:n]) })
	}
	// The race detector empties pools now and then, hence the room for a constant few.
	if one, all := count(1), count(many); all > one+10 {
		t.Errorf("Score of one item allocates %v times, of %d items %v times", one, many, all)
	}
}
