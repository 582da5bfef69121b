package session_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/session"
	"github.com/goldrec/gold/store"
)

func train(t testing.TB, tr session.Trainer, d *model.Dataset) *session.Model {
	t.Helper()
	m, err := tr.Train(t.Context(), d, model.TrainOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*session.Model)
}

// shop is visits to neighbouring shelves, as lists of items, the oldest first.
func shop(visits, items int) [][]uint32 {
	rng := rand.New(rand.NewPCG(31, 32))
	all := make([][]uint32, visits)
	for v := range all {
		at := rng.IntN(items)
		for range 2 + rng.IntN(9) {
			if rng.IntN(4) == 0 {
				at = rng.IntN(items)
			}
			all[v] = append(all[v], uint32(at))
			at = (at + rng.IntN(3)) % items // the same again, or a neighbour
		}
	}
	return all
}

// dataset has a visit each of as many users.
func dataset(visits [][]uint32, items int) *model.Dataset {
	var b model.Builder
	for i := range items {
		b.Item(fmt.Sprint("item", i))
	}
	for v, clicks := range visits {
		for _, item := range clicks {
			b.AddEvent(fmt.Sprint("user", v), model.Event{Item: item, Weight: 1, Time: 1000 * int64(v)})
		}
	}
	return b.Build()
}

func visit(items ...uint32) *model.User {
	u := new(model.User)
	for at, item := range items {
		u.History = append(u.History, model.Event{Item: item, Weight: 1, Time: int64(at)})
	}
	return u
}

func scores(m model.Scorer, u *model.User, items int) []float64 {
	all, got := make([]uint32, items), make([]float32, items)
	for i := range all {
		all[i] = uint32(i)
	}
	m.Score(got, u, all)
	out := make([]float64, items)
	for i, v := range got {
		out[i] = float64(v)
	}
	return out
}

// TestByHand is small enough for paper. Visits are {0 1}, {1 2}, {0 0 1 3}; the one to go on is 0, then 1, with weights e^(−1/3) and 1.
// {1 2} is as near as 1/√2, {0 1 3} as (1 + e^(−1/3))/√3, so much is said for 2 and 3, each in one of three visits. Of two
// items, clicked on one after the other, the last visit had one chance to return to either, and took none; with ten chances before that,
// of which two were taken for the newest and one for the other, it is 2/11 and 1/11, and 8/11 are left.
func TestByHand(t *testing.T) {
	t.Parallel()
	d := dataset([][]uint32{{0, 1}, {1, 2}, {0, 0, 1, 3}}, 5)
	m := train(t, session.Trainer{Length: 0.5, Repeat: 2}, d)
	second, third := 1/math.Sqrt2, (1+math.Exp(-1.0/3))/math.Sqrt(3)
	want := []float64{2 * 1. / 11, 2 * 2. / 11, 8. / 11 * second / (second + third), 8. / 11 * third / (second + third), 0}
	for i, got := range scores(m, visit(0, 1), 5) {
		if math.Abs(got-want[i]) > 1e-6 {
			t.Errorf("item %d scores %v, want %v", i, got, want[i])
		}
	}
	if m.Len() != 3 || m.Clicks() != 7 {
		t.Errorf("%d visits and %d clicks, want 3 and 7", m.Len(), m.Clicks())
	}
}

// bruteForce scores all items by the definition in the package's document.
func bruteForce(visits [][]uint32, items int, clicks []uint32, recent, neighbors int, decay, length, repeat float64) []float64 {
	weight := map[uint32]float64{}
	for at, item := range clicks {
		if age := float64(len(clicks) - 1 - at); age < math.Ceil(math.Log(100)*decay) {
			weight[item] = math.Exp(-age / decay) // the newest click on it comes last
		}
	}
	type near struct {
		visit int
		near  float64
		other float64
	}
	var met []near
	seen := make([]float64, items)
	for v := len(visits) - 1; v >= 0; v-- {
		set := slices.Compact(slices.Sorted(slices.Values(visits[v])))
		sum, most, other := 0.0, 0.0, 0.0
		for _, item := range set {
			seen[item]++
			sum += weight[item]
			most = max(most, weight[item])
			if weight[item] == 0 {
				other++
			}
		}
		if sum > 0 && len(met) < recent {
			n := sum * most / math.Pow(float64(len(set)), length)
			met = append(met, near{v, n, n * other})
		}
	}
	slices.SortStableFunc(met, func(a, b near) int { return cmp.Compare(math.Round(1e6*b.near), math.Round(1e6*a.near)) })
	others, said := 0.0, make([]float64, items)
	for _, n := range met[:min(len(met), neighbors)] {
		others += n.other
		for _, item := range slices.Compact(slices.Sorted(slices.Values(visits[n.visit]))) {
			said[item] += math.Log(1+float64(len(visits))/seen[item]) / math.Log(1+float64(len(visits))) * n.near
		}
	}
	window := int(math.Ceil(math.Log(100) * decay))
	back := returns(visits, window, clicks)
	rest := 1.0
	for i := range said {
		if p, ok := back[uint32(i)]; ok {
			rest -= p
		}
	}
	for i := range said {
		switch p, ok := back[uint32(i)]; {
		case said[i] == 0:
		case ok:
			said[i] = repeat * p
		default:
			said[i] *= max(rest, 0.05) / others
		}
	}
	return said
}

// returns is how often visits that look like this one went back to each of its items.
func returns(visits [][]uint32, window int, clicks []uint32) map[uint32]float64 {
	type look struct {
		items int
		twice bool
	}
	of := func(clicks []uint32) (look, []uint32) {
		clicks = clicks[max(0, len(clicks)-window):]
		var items []uint32 // the newest first
		for n := len(clicks) - 1; n >= 0; n-- {
			if !slices.Contains(items, clicks[n]) {
				items = append(items, clicks[n])
			}
		}
		return look{min(len(items), 4), len(clicks) > 1 && clicks[len(clicks)-1] == clicks[len(clicks)-2]}, items
	}
	wanted, items := of(clicks)
	chances, taken := make([]float64, 10), make([]float64, 10)
	for _, v := range visits {
		for n := 1; n < len(v); n++ {
			if l, items := of(v[:n]); l == wanted {
				for age, item := range items {
					chances[min(age, 9)]++
					if item == v[n] {
						taken[min(age, 9)]++
					}
				}
			}
		}
	}
	back := map[uint32]float64{}
	for age, item := range items {
		age = min(age, 9)
		back[item] = (taken[age] + 2*math.Pow(0.5, float64(age))) / (chances[age] + 10)
	}
	return back
}

func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	const items = 30
	visits := shop(400, items)
	for _, tt := range []struct {
		name                  string
		trainer               session.Trainer
		recent, neighbors     int
		decay, length, repeat float64
	}{
		{"defaults", session.Trainer{}, 1000, 500, 3, 0.4, 1},
		{"few of the newest", session.Trainer{Recent: 20, Neighbors: 7, Decay: 20, Length: -1, Repeat: 0.5}, 20, 7, 20, 0, 0.5},
		{"the nearest", session.Trainer{Neighbors: 5, Decay: 0.5, Length: 1, Repeat: 1}, 1000, 5, 0.5, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := train(t, tt.trainer, dataset(visits, items))
			for n, clicks := range shop(100, items) {
				clicks = clicks[:min(len(clicks), 1+n%9)]
				want := bruteForce(visits, items, clicks, tt.recent, tt.neighbors, tt.decay, tt.length, tt.repeat)
				for i, got := range scores(m, visit(clicks...), items) {
					if math.Abs(got-want[i]) > 1e-4*max(1, want[i]) {
						t.Fatalf("after %v item %d scores %v, want %v", clicks, i, got, want[i])
					}
				}
			}
		})
	}
}

// TestVisits cuts histories: by session, by half an hour where there is none, and at neither by impressions.
func TestVisits(t *testing.T) {
	t.Parallel()
	type event = model.Event
	const minute = 60
	for _, tt := range []struct {
		name    string
		history []event
		want    int // visits of more than a click
		last    []uint32
	}{
		{"one", []event{{Item: 1, Weight: 1}, {Item: 2, Weight: 1, Time: 30 * minute}}, 1, []uint32{2, 1}},
		{"a pause", []event{{Item: 1, Weight: 1}, {Item: 2, Weight: 1, Time: 1}, {Item: 3, Weight: 1, Time: 31*minute + 1}, {Item: 4, Weight: 1, Time: 32 * minute}}, 2, []uint32{4, 3}},
		{"a pause in a session", []event{{Item: 1, Weight: 1, Session: 7}, {Item: 2, Weight: 1, Time: 99 * minute, Session: 7}}, 1, []uint32{2, 1}},
		{"sessions", []event{{Item: 1, Weight: 1, Session: 7}, {Item: 2, Weight: 1, Session: 7}, {Item: 3, Weight: 1, Session: 8}, {Item: 4, Weight: 1, Session: 8}}, 2, []uint32{4, 3}},
		{"one and none", []event{{Item: 1, Weight: 1, Session: 7}, {Item: 2, Weight: 1}}, 0, []uint32{2}},
		{"impressions", []event{{Item: 1, Weight: 1, Session: 7}, {Item: 9}, {Item: 2, Weight: 1, Session: 7}, {Item: 8, Time: 99 * minute}}, 1, []uint32{2, 1}},
		{"no number", []event{{Item: 1, Weight: 1}, {Item: 3, Weight: float32(math.NaN())}, {Item: 2, Weight: 1}}, 1, []uint32{2, 1}},
		{"taken back", []event{{Item: 1, Weight: 1}, {Item: 2, Weight: 1}, {Item: 1, Weight: -1}, {Item: 3, Weight: 1}}, 1, []uint32{3, 2}},
		{"taken back and wanted again", []event{{Item: 1, Weight: 1}, {Item: 1, Weight: -1}, {Item: 1, Weight: 1}}, 0, []uint32{1}},
		{"all times", []event{{Item: 1, Weight: 1, Time: math.MinInt64}, {Item: 2, Weight: 1, Time: math.MaxInt64}}, 0, []uint32{2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := session.Present(tt.history); !slices.Equal(got, tt.last) {
				t.Errorf("the last visit is %v, want %v", got, tt.last)
			}
			if slices.ContainsFunc(tt.history, func(e event) bool { return e.Weight != e.Weight }) {
				return // no dataset takes it
			}
			var b model.Builder
			for i := range 10 {
				b.Item(fmt.Sprint("item", i))
			}
			for _, e := range tt.history {
				b.AddEvent("user", e)
			}
			if got := train(t, session.Trainer{}, b.Build()).Len(); got != tt.want {
				t.Errorf("%d visits, want %d", got, tt.want)
			}
		})
	}
}

// TestNewestFirst looks at one visit only, the newest: by its time, whoever came first in the data, and of one user's at one time the
// later one.
func TestNewestFirst(t *testing.T) {
	t.Parallel()
	for name, events := range map[string][]model.Event{
		"by time": {{Item: 0, Session: 1, Time: 20}, {Item: 1, Session: 1, Time: 20}, {Item: 0, Session: 2, Time: 10}, {Item: 2, Session: 2, Time: 10}},
		"by user": {{Item: 0, Session: 2, Time: 10}, {Item: 2, Session: 2, Time: 10}, {Item: 0, Session: 1, Time: 10}, {Item: 1, Session: 1, Time: 10}},
	} {
		for _, users := range []int{1, 2} {
			var b model.Builder
			for i := range 3 {
				b.Item(fmt.Sprint("item", i))
			}
			for n, e := range events {
				e.Weight = 1
				b.AddEvent(fmt.Sprint("user", n/2%users), e)
			}
			m := train(t, session.Trainer{Recent: 1}, b.Build())
			if got := scores(m, visit(0), 3); !(got[1] > 0) || got[2] != 0 {
				t.Errorf("%s, %d users: scores %v, want of item 1 and not of item 2", name, users, got)
			}
		}
	}
}

// TestAdd adds visits one by one to a model that knows half, and wants it to answer like one trained on all.
func TestAdd(t *testing.T) {
	t.Parallel()
	const items = 200
	visits := shop(2000, items)
	half, tr := len(visits)/2, session.Trainer{Recent: 20}
	all, live := train(t, tr, dataset(visits, items)), train(t, tr, dataset(visits[:half], items))
	for _, clicks := range visits[half:] {
		live.Add(clicks)
		if n := live.Segments(); n > 12 { // of half as many clicks each, at most
			t.Fatalf("%d segments of %d clicks", n, live.Clicks())
		}
	}
	if live.Len() != all.Len() || live.Clicks() != all.Clicks() {
		t.Fatalf("%d visits and %d clicks, want %d and %d", live.Len(), live.Clicks(), all.Len(), all.Clicks())
	}
	for _, clicks := range shop(100, items) {
		want, got := scores(all, visit(clicks...), items), scores(live, visit(clicks...), items)
		for i := range want {
			// How rare an item is may be known as of up to a tenth fewer visits, and returns are learned from half of them.
			if !slices.Contains(clicks, uint32(i)) && math.Abs(got[i]-want[i]) > 0.2*want[i] {
				t.Fatalf("after %v item %d scores %v, want %v", clicks, i, got[i], want[i])
			}
		}
	}
}

// TestAddOdd adds what says nothing, too much, or of items that nobody has.
func TestAddOdd(t *testing.T) {
	t.Parallel()
	m := train(t, session.Trainer{}, dataset(nil, 0))
	for _, nothing := range [][]uint32{nil, {}, {3}, {model.NoItem, model.NoItem - 1}, {1 << 26, 3}} {
		m.Add(nothing)
	}
	if m.Len() != 0 {
		t.Errorf("%d visits of which none says anything", m.Len())
	}
	long := make([]uint32, 10_000)
	for i := range long {
		long[i] = uint32(i)
	}
	m.Add(long)
	m.Add([]uint32{5, 5, 1 << 20})
	if m.Len() != 2 || m.Clicks() != 102 {
		t.Errorf("%d visits and %d clicks, want 2 and 102", m.Len(), m.Clicks())
	}
	if got := m.Propose(nil, visit(long...), 1000, nil, model.Quick); len(got) != 100 {
		t.Errorf("of a visit of 10,000 clicks %d items are proposed, want the newest 100", len(got))
	}
	if got := m.Propose(nil, visit(9_899), 1000, nil, model.Quick); len(got) > 0 {
		t.Errorf("beyond the newest 100 clicks is %v", got)
	}
	if got := m.Propose(nil, visit(5), 2, nil, model.Quick); len(got) != 2 || got[1].Item != 5 {
		t.Errorf("a visit of one item, twice, proposes %v", got)
	}
}

// TestLongVisit learns from the newest hundred clicks of one of ten thousand.
func TestLongVisit(t *testing.T) {
	t.Parallel()
	long := make([]uint32, 10_000)
	for i := range long {
		long[i] = uint32(i)
	}
	d := dataset([][]uint32{long}, len(long))
	if m := train(t, session.Trainer{}, d); m.Len() != 1 || m.Clicks() != 100 || scores(m, visit(9_950), 10_000)[9_900] == 0 {
		t.Errorf("%d visits and %d clicks, want the newest 100 of one", m.Len(), m.Clicks())
	}
	if m := trainLinear(t, session.LinearTrainer{}, d); scores(m, visit(9_900), 10_000)[9_901] == 0 || scores(m, visit(9_899), 10_000)[9_900] != 0 {
		t.Error("the regression does not go by the newest hundred")
	}
}

// TestBounded adds more than there is room for: the oldest go, and no more of them than they have to.
func TestBounded(t *testing.T) {
	t.Parallel()
	const room, items = 10_000, 3000
	visits := shop(6000, items)
	m := train(t, session.Trainer{ClicksMax: room}, dataset(visits[:4000], items))
	for n, clicks := range visits[4000:] {
		if got := m.Clicks(); got > room || got < room*6/8 {
			t.Fatalf("after %d visits more there are %d clicks, of at most %d", n, got, room)
		}
		m.Add(clicks)
	}
	held := visits[len(visits)-m.Len():]
	want := train(t, session.Trainer{}, dataset(held, items))
	if m.Clicks() != want.Clicks() {
		t.Fatalf("%d clicks, the newest %d visits have %d", m.Clicks(), m.Len(), want.Clicks())
	}
	for _, clicks := range shop(100, items) {
		want, got := scores(want, visit(clicks...), items), scores(m, visit(clicks...), items)
		for i := range want {
			if !slices.Contains(clicks, uint32(i)) && math.Abs(got[i]-want[i]) > 0.2*want[i] {
				t.Fatalf("after %v item %d scores %v, want %v", clicks, i, got[i], want[i])
			}
		}
	}
	if trained := train(t, session.Trainer{ClicksMax: room}, dataset(visits, items)); trained.Clicks() > room || trained.Clicks() < room-100 {
		t.Errorf("trained with room for %d clicks it holds %d", room, trained.Clicks())
	}
}

// TestWhileServing asks and adds at once: every answer is one of a model that held the first so many visits.
func TestWhileServing(t *testing.T) {
	t.Parallel()
	m := train(t, session.Trainer{}, dataset(nil, 0))
	const rounds = 300
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range rounds {
				m.Add([]uint32{1, 2, 3})
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			before := 0
			for before < 2*rounds {
				now := m.Len()
				if now < before {
					t.Errorf("%d visits, and then %d", before, now)
					return
				}
				before = now
				got := m.Propose(nil, visit(1), 5, nil, model.Quick)
				of := func(item uint32) float32 {
					return got[slices.IndexFunc(got, func(s model.Scored) bool { return s.Item == item })].Score
				}
				if len(got) > 0 && (len(got) != 3 || of(2) != of(3)) {
					t.Errorf("half a visit: %v", got)
					return
				}
			}
		})
	}
	wg.Wait()
	if m.Len() != 2*rounds {
		t.Errorf("%d visits, want %d", m.Len(), 2*rounds)
	}
}

// TestRepeats wants what is in the visit already among the proposals, unless it is refused.
func TestRepeats(t *testing.T) {
	t.Parallel()
	m := train(t, session.Trainer{}, dataset([][]uint32{{0, 1}, {0, 1, 2}}, 3))
	u := visit(0, 1)
	if got := m.Propose(nil, u, 3, nil, model.Quick); len(got) != 3 || got[1].Item != 1 || got[2].Item != 0 {
		t.Errorf("with repeats %v, want 2 and then the two of the visit, the newest first", got)
	}
	unmet := model.AllowFunc(func(item uint32) bool { return item > 1 })
	if got := m.Propose(nil, u, 3, unmet, model.Quick); len(got) != 1 || got[0].Item != 2 {
		t.Errorf("without repeats %v, want 2", got)
	}
}

// TestReturnsLeaveSomething wants new items to have a chance where visits have nearly always gone back.
func TestReturnsLeaveSomething(t *testing.T) {
	t.Parallel()
	visits := [][]uint32{{0, 1, 2}}
	for range 200 {
		visits = append(visits, []uint32{0, 1, 0, 1, 0, 1})
	}
	got := scores(train(t, session.Trainer{}, dataset(visits, 3)), visit(0, 1), 3)
	if math.Abs(got[2]-0.05) > 1e-4 || got[0] < 0.9 {
		t.Errorf("scores %v, want nearly 1 for the first and 0.05 for the last", got)
	}
}

// TestExplain wants shares as the items of the visit are near.
func TestExplain(t *testing.T) {
	t.Parallel()
	m := train(t, session.Trainer{}, dataset([][]uint32{{0, 5}, {0, 1, 6}, {1, 7}}, 8))
	u := visit(0, 1)
	for item, want := range map[uint32][]model.Reason{
		5: {{Model: "session", Because: 0, Share: 1}},
		7: {{Model: "session", Because: 1, Share: 1}},
		6: {{Model: "session", Because: 1, Share: 0.582570}, {Model: "session", Because: 0, Share: 0.417430}}, // 1 : e^(−1/3)
		4: nil,
	} {
		got := m.Explain(nil, u, item, 5)
		if !slices.EqualFunc(got, want, func(a, b model.Reason) bool {
			return a.Model == b.Model && a.Because == b.Because && math.Abs(float64(a.Share-b.Share)) < 1e-5
		}) {
			t.Errorf("item %d: %v, want %v", item, got, want)
		}
	}
}

func TestTrainerRefuses(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for name, tr := range map[string]session.Trainer{
		"recent": {Recent: -1}, "many recent": {Recent: 1<<20 + 1}, "neighbours": {Neighbors: -1}, "decay": {Decay: -1}, "slow": {Decay: 21},
		"decay NaN": {Decay: nan}, "length": {Length: 1.1}, "length NaN": {Length: nan}, "repeat": {Repeat: -1}, "repeat NaN": {Repeat: nan},
		"many repeats": {Repeat: 1001}, "room": {ClicksMax: 9999}, "negative room": {ClicksMax: -1}, "too much room": {ClicksMax: 1<<30 + 1},
	} {
		if _, err := tr.Train(t.Context(), dataset(shop(3, 3), 3), model.TrainOptions{}); err == nil {
			t.Errorf("%s: %+v was taken", name, tr)
		}
	}
}

// TestKinds wants what was done not to matter, only what it weighs.
func TestKinds(t *testing.T) {
	t.Parallel()
	m := train(t, session.Trainer{}, dataset([][]uint32{{0, 1}, {0, 2}}, 3))
	plain, bought := visit(0), visit(0)
	bought.History[0].Kind, bought.History[0].Weight = store.Purchase, 5
	if got, want := scores(m, bought, 3), scores(m, plain, 3); !slices.Equal(got, want) {
		t.Errorf("scores %v after a purchase, %v after a view", got, want)
	}
}
