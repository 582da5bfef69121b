package blend_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
)

// TestLearnsAsWellAsSearching searches the weights of three parts on a fine grid. On the fifty users themselves the best of
// the search, the luckiest of 91, is better than what was learned by little; on a thousand others it is not.
func TestLearnsAsWellAsSearching(t *testing.T) {
	t.Parallel()
	taste := func(u, i uint64) float64 { return 1.5*voice(1, u, i) + voice(2, u, i) + voice(99, u, i) }
	parts := []model.Model{speaker("a", 1, 1), speaker("b", 2, 1), speaker("noise", 3, 1)}
	few, others := newWorld(t, 1, 50, always(10), taste), newWorld(t, 1000, 1000, always(10), taste)
	learned, _ := few.learn(t, blend.Options{}, parts...)
	mine := learned.ByClass[4]

	var best []float32
	var bestGains []float64
	const steps = 12
	for i := range steps + 1 {
		for j := range steps + 1 - i {
			w := []float32{float32(i) / steps, float32(j) / steps, float32(steps-i-j) / steps}
			if gains := few.gains(t, parts, w); best == nil || average(gains) > average(bestGains) {
				best, bestGains = w, gains
			}
		}
	}
	own := few.gains(t, parts, mine)
	if lost := average(bestGains) - average(own); lost > 0.02 {
		t.Errorf("learned %v, worse than the searched %v by %.4f", mine, best, lost)
	}
	got, want := others.gains(t, parts, mine), others.gains(t, parts, best)
	if average(got) < average(want)-pairedError(got, want) {
		t.Errorf("on others: learned %v gains %.4f, searched %v %.4f", mine, average(got), best, average(want))
	}
	// What the search is to be compared with: neither all alike nor a part alone would have done.
	for _, w := range [][]float32{{1, 1, 1}, {1, 0, 0}, {0, 1, 0}} {
		if gains := others.gains(t, parts, w); average(gains) > average(got)-0.03 {
			t.Errorf("weights %v gain %.4f, learned ones %.4f: nothing to learn here", w, average(gains), average(got))
		}
	}
}

// TestLearnsByLength has one part that knows newcomers and another that knows regulars.
func TestLearnsByLength(t *testing.T) {
	t.Parallel()
	lengths := []int{1, 2, 40}
	length := func(u int) int { return lengths[u%3] }
	w := newWorld(t, 1, 600, length, func(u, i uint64) float64 {
		if length(int(u)) > 2 {
			return voice(2, u, i) + 0.5*voice(99, u, i)
		}
		return voice(1, u, i) + 0.5*voice(99, u, i)
	})
	got, report := w.learn(t, blend.Options{}, speaker("new", 1, 1), speaker("old", 2, 1))
	for _, tt := range []struct {
		events int
		part   string
	}{{1, "new"}, {2, "new"}, {33, "old"}, {64, "old"}, {1000, "old"}} {
		if v := got.Of(tt.part, tt.events); v < 0.9 {
			t.Errorf("of %d events part %q has weight %.2f", tt.events, tt.part, v)
		}
	}
	if v := got.Of("nobody", 3); v != 0 {
		t.Errorf("a part that is not there has weight %v", v)
	}
	if report.Blend < report.Best-report.Error || report.Best < 0.7 {
		t.Errorf("report %+v", report)
	}
}

// TestNeighbours has a class of four users, who happen to like what nobody else does: they do not decide.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	length := func(u int) int {
		if u%100 == 0 {
			return 12
		}
		return 6
	}
	w := newWorld(t, 1, 400, length, func(u, i uint64) float64 { return voice(1+uint64(length(int(u))/12), u, i) })
	got, _ := w.learn(t, blend.Options{}, speaker("many", 1, 1), speaker("four", 2, 1))
	if a, b := got.Of("many", 12), got.Of("many", 6); a < 0.7 || b < 0.9 {
		t.Errorf("weight of what the many like: %.2f for the four, %.2f for the many", a, b)
	}
}

func TestUselessParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 600, always(5), func(u, i uint64) float64 { return voice(1, u, i) + 2*voice(99, u, i) })
	var asked atomic.Int64
	silent := plain("silent", func(u, i uint64) float64 { return 0 })
	silent.asked = &asked
	// It says much, and loudly of a few: whatever weight it has spoils the page.
	noise := plain("noise", func(u, i uint64) float64 { return math.Exp(2 * voice(2, u, i)) })
	good := speaker("good", 1, 1)
	for _, kind := range []model.Model{silent, listed{silent}} {
		got, report := w.learn(t, blend.Options{}, kind, good, listed{noise})
		for c, ws := range got.ByClass {
			if ws[0] != 0 || ws[2] != 0 {
				t.Errorf("class %d: weights %v, want 0 for silence and noise", c, ws)
			}
		}
		if report.Alone[0] != 0 || report.Alone[1] < report.Alone[2] || report.Examples < 600 {
			t.Errorf("report %+v", report)
		}
		asked.Store(0)
		if mustNew(t, got, kind, good).Propose(nil, user, 5, nil, model.Thorough); asked.Load() != 0 {
			t.Errorf("a part without weight was asked %d times", asked.Load())
		}
	}
}

// TestSizesDoNotMatter multiplies the scores of a part, and those of each user by another number.
func TestSizesDoNotMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 300, always(5), func(u, i uint64) float64 { return voice(1, u, i) + voice(2, u, i) + voice(99, u, i) })
	a, b := speaker("a", 1, 1), speaker("b", 2, 1)
	want, _ := w.learn(t, blend.Options{}, a, b)
	// Powers of two, so that not even the last bit differs.
	own := scaled{plain("b", func(u, i uint64) float64 { return float64(uint64(1)<<(u%12)) * voice(2, u, i) })}
	for name, part := range map[string]model.Model{"a part": speaker("b", 2, 1024), "users": own} {
		got, _ := w.learn(t, blend.Options{}, a, part)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		u := &model.User{History: events(5, shelf, 5)}
		if diff := cmp.Diff(mustNew(t, want, a, b).Propose(nil, u, 10, nil, model.Quick),
			mustNew(t, got, a, part).Propose(nil, u, 10, nil, model.Quick)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	thousand, _ := w.learn(t, blend.Options{}, a, speaker("b", 2, 1000))
	for c := range want.ByClass {
		if math.Abs(float64(want.ByClass[c][0]-thousand.ByClass[c][0])) > 0.01 {
			t.Errorf("weights %v become %v when a part's scores are a thousand times as large", want.ByClass[c], thousand.ByClass[c])
		}
	}
}

// TestLuckyParts has a part that is right on average, and five that say nothing of what is asked but were right for one in
// twelve users of the slice. Of thirty users, luck decides which looks best; it must not lead others.
func TestLuckyParts(t *testing.T) {
	t.Parallel()
	taste := func(u, i uint64) float64 { return voice(1, u, i) + 2*voice(99, u, i) }
	others := newWorld(t, 5000, 500, always(5), taste)
	parts := []model.Model{speaker("good", 1, 1)}
	for k := range uint64(5) {
		parts = append(parts, scaled{plain(string(rune('p'+k)), func(u, i uint64) float64 {
			if u < 5000 && hash(7, k, u) < 1.0/12 {
				return taste(u, i) / math.Sqrt(5)
			}
			return voice(10+k, u, i)
		})})
	}
	alone := average(others.gains(t, parts, []float32{1, 0, 0, 0, 0, 0}))
	var all []float64
	for seed := range 10 {
		few := newWorld(t, 1+30*seed, 30, always(5), taste)
		got, _ := few.learn(t, blend.Options{}, parts...)
		all = append(all, average(others.gains(t, parts, got.ByClass[3])))
		if ws := got.ByClass[3]; slices.Max(ws) != ws[0] {
			t.Errorf("seed %d: weights %v", seed, ws)
		}
	}
	if average(all) < alone-0.05 {
		t.Errorf("learned weights gain %.3f on others, the good part alone %.3f", all, alone)
	}
}

// TestPartsThatSpoilEachOther has users who are each known to one part only, and items which all parts like second best:
// every part is better alone than with another.
func TestPartsThatSpoilEachOther(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{2, 3} {
		w := newWorld(t, 1, 300, always(5), func(u, i uint64) float64 { return voice(99, u, i) })
		first := map[uint64][]uint32{}
		for u, truth := range w.truth {
			first[uint64(u+1)] = truth.Items
		}
		var parts []model.Model
		for k := range n {
			parts = append(parts, scaled{plain(string(rune('a'+k)), func(u, i uint64) float64 {
				switch {
				case u%n == k && slices.Contains(first[u], uint32(i)):
					return 5
				case hash(5, u, i) < 0.3 && !slices.Contains(first[u], uint32(i)):
					return 4.5 + 0.1*hash(6, u, i)
				}
				return 0.1 * hash(8, k, u, i)
			})})
		}
		got, report := w.learn(t, blend.Options{}, parts...)
		if gains, want := average(w.gains(t, parts, got.ByClass[3])), average(w.gains(t, parts, []float32{1, 0, 0}[:n])); gains < want-0.01 {
			t.Errorf("%d parts: weights %v gain %.3f, a part alone %.3f", n, got.ByClass[3], gains, want)
		}
		if report.Blend < report.Best-2*report.Error-1e-9 {
			t.Errorf("%d parts: report %+v", n, report)
		}
	}
}

// TestImpersonal has newcomers who come for what everybody comes for, which a part knows that is the same for all.
func TestImpersonal(t *testing.T) {
	t.Parallel()
	everybody := func(i uint64) float64 { return math.Exp(voice(50, 0, i)) }
	w := newWorld(t, 1, 300, always(1), func(u, i uint64) float64 { return everybody(i) + 0.2*voice(1, u, i) })
	crowdPleaser := scaled{plain("everybody's", func(_, i uint64) float64 { return everybody(i) })}
	own := scaled{plain("own", func(u, i uint64) float64 {
		if u == 0 {
			return 0
		}
		return voice(1, u, i)
	})}
	got, report := w.learn(t, blend.Options{}, crowdPleaser, own)
	if report.Alone[0] < 2*report.Alone[1] {
		t.Fatalf("what everybody gets is not best here: %+v", report)
	}
	for c, ws := range got.ByClass {
		if share := ws[0] / ws[1]; share > 0.41 || share < 0.1 {
			t.Errorf("class %d: weights %v", c, ws)
		}
	}
	// Where there is nothing else, there is nothing else.
	if got, _ := w.learn(t, blend.Options{}, crowdPleaser); got.ByClass[0][0] != 1 {
		t.Errorf("weights %v of the only part", got.ByClass[0])
	}
	// A personal part that speaks to strangers as well is not impersonal.
	frank := speaker("frank", 1, 1)
	if got, _ := w.learn(t, blend.Options{}, crowdPleaser, frank); got.ByClass[0][0]/got.ByClass[0][1] > 0.41 {
		t.Errorf("weights %v", got.ByClass[0])
	}
}

// TestTooFew: nothing is learned from a handful, and all count alike.
func TestTooFew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 19, always(70), func(u, i uint64) float64 { return voice(1, u, i) })
	w.truth = w.truth[:2]
	same := scaled{plain("same", func(_, i uint64) float64 { return voice(3, 0, i) })}
	got, report := w.learn(t, blend.Options{}, speaker("a", 1, 1), speaker("b", 2, 1), same)
	for _, ws := range got.ByClass {
		if want := []float32{1 / 2.1, 1 / 2.1, 0.1 / 2.1}; math.Abs(float64(ws[0]-want[0])) > 1e-3 || math.Abs(float64(ws[2]-want[2])) > 1e-3 {
			t.Errorf("weights %v, want %v", ws, want)
		}
	}
	if report.Examples > 2*8 {
		t.Errorf("report %+v", report)
	}
	w.truth = nil
	if got, _ := w.learn(t, blend.Options{}, speaker("a", 1, 1)); got.Items != shelf+known || got.ByClass[0][0] != 1 {
		t.Errorf("without examples: %+v", got)
	}
}

// TestOwnLengthsTeach has regulars who like other things than newcomers, and enough newcomers of their own; and the same
// without, where regulars' last steps have to do.
func TestOwnLengthsTeach(t *testing.T) {
	t.Parallel()
	for _, newcomers := range []int{200, 0} {
		length := func(u int) int {
			if u <= newcomers {
				return 2
			}
			return 40
		}
		w := newWorld(t, 1, newcomers+600, length, func(u, i uint64) float64 {
			if int(u) <= newcomers {
				return voice(1, u, i)
			}
			return voice(2, u, i)
		})
		got, report := w.learn(t, blend.Options{}, speaker("new", 1, 1), speaker("old", 2, 1))
		if v := got.Of("new", 2); (v > 0.9) != (newcomers > 0) {
			t.Errorf("%d newcomers: weight %.2f of what they like", newcomers, v)
		}
		if report.Examples < newcomers+600+80*5 || report.Examples > newcomers+600+80*7 {
			t.Errorf("%d newcomers: %d examples", newcomers, report.Examples)
		}
	}
}

// TestManyUsers: the number of examples is bounded, and small classes are not crowded out.
func TestManyUsers(t *testing.T) {
	t.Parallel()
	lengths := []int{1, 2, 2, 2, 2, 2, 2, 2, 2, 2}
	w := newWorld(t, 1, 4000, func(u int) int { return lengths[u%10] }, func(u, i uint64) float64 {
		return voice(uint64(lengths[u%10]), u, i)
	})
	got, report := w.learn(t, blend.Options{}, speaker("one", 1, 1), speaker("two", 2, 1))
	if report.Examples != blend.ExamplesMax {
		t.Errorf("%d examples of 4000 users, want %d", report.Examples, blend.ExamplesMax)
	}
	if got.Of("one", 1) < 0.9 || got.Of("two", 2) < 0.9 {
		t.Errorf("weights %v", got.ByClass[:2])
	}
}

// TestSeenItemsDoNotCount: what is withheld and in the history already is neither asked for nor found.
func TestSeenItemsDoNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 100, always(5), func(u, i uint64) float64 { return voice(1, u, i) })
	a := speaker("a", 1, 1)
	_, want := w.learn(t, blend.Options{}, a)
	for i := range w.truth {
		w.truth[i].Items = append([]uint32{shelf + 1}, w.truth[i].Items...)
	}
	if _, got := w.learn(t, blend.Options{}, a); math.Abs(got.Blend-want.Blend) > 1e-6 {
		t.Errorf("gain %v with items of the history withheld, %v without", got.Blend, want.Blend)
	}
}

func TestManyParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 400, always(5), func(u, i uint64) float64 { return voice(1, u, i) + voice(4, u, i) + 0.5*voice(99, u, i) })
	var parts []model.Model
	for k := range uint64(7) {
		parts = append(parts, speaker(string(rune('a'+k)), k, 1))
	}
	got, report := w.learn(t, blend.Options{Seed: 3}, parts...)
	if ws := got.ByClass[3]; ws[1]+ws[4] < 0.6 || report.Blend < report.Best+0.05 {
		t.Errorf("weights %v, report %+v", ws, report)
	}
}

func TestDeterministic(t *testing.T) {
	t.Parallel()
	lengths := []int{1, 3, 9, 70}
	w := newWorld(t, 1, 300, func(u int) int { return lengths[u%4] }, func(u, i uint64) float64 { return voice(1, u, i) + voice(2, u, i) + voice(99, u, i) })
	a, b, c := speaker("a", 1, 1), listed{speaker("b", 2, 1).part}, speaker("c", 3, 1).part
	var want *blend.Weights
	var wantReport blend.Report
	for _, workers := range []int{1, 2, 7} {
		last, total := 0, 0
		got, report := w.learn(t, blend.Options{Workers: workers, Progress: func(done, all int) { last, total = done, all }}, a, b, c)
		if want == nil {
			want, wantReport = got, report
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(wantReport, report); diff != "" {
			t.Errorf("%d workers: %s", workers, diff)
		}
		if total == 0 || last != total {
			t.Errorf("%d workers: progress ends at %d of %d", workers, last, total)
		}
	}
}

func TestLearnEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 100, always(5), func(u, i uint64) float64 { return voice(1, u, i) })
	ctx, cancel := context.WithCancel(t.Context())
	stop := plain("a", func(u, i uint64) float64 { cancel(); return voice(1, u, i) })
	if _, _, err := blend.Learn(ctx, []model.Model{stop}, w.data, w.truth, blend.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	twice := []model.Model{stop, stop}
	if _, _, err := blend.Learn(t.Context(), twice, w.data, w.truth, blend.Options{}); err == nil {
		t.Error("two parts of one name were learned")
	}
}

// TestCutShort has regulars only. What they do next, one part knows from their last event, and gets lost in more, the
// other from no fewer than two.
func TestCutShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 100, always(40), func(u, i uint64) float64 { return voice(1, u, i) })
	about := func(name string, knows func(events int) bool) model.Model {
		return scaled{part{name: name, items: shelf, score: func(u *model.User, i uint32) float32 {
			if knows(len(u.History)) {
				return float32(voice(1, who(u), uint64(i)))
			}
			return float32(voice(2, who(u), uint64(i)))
		}}}
	}
	got, report := w.learn(t, blend.Options{}, about("brief", func(n int) bool { return n == 1 }), about("patient", func(n int) bool { return n > 1 }))
	if got.Of("brief", 1) < 0.7 || got.Of("patient", 2) < 0.7 || got.Of("patient", 40) < 0.9 {
		t.Errorf("weights %v", got.ByClass)
	}
	if report.Blend < 0.9 {
		t.Errorf("report %+v", report)
	}
}

// TestAllAlong: of more users than it takes, learning takes some of all, be it of two halves of the table or two classes.
func TestAllAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 4000, always(2), func(u, i uint64) float64 { return voice(1+u/2000, u, i) })
	both := newWorld(t, 1, 4000, func(u int) int { return 1 + u%2 }, func(u, i uint64) float64 { return voice(1+u%2, u, i) })
	for _, w := range []world{w, both} {
		_, report := w.learn(t, blend.Options{}, speaker("first", 1, 1), speaker("last", 2, 1))
		if first, last := report.Alone[0], report.Alone[1]; math.Abs(first-last) > 0.1 {
			t.Errorf("what one half likes gains %.2f, what the other does %.2f", first, last)
		}
	}
}

// TestMeasure checks what Report says of a part alone against the sum by hand: all fifty items of which it speaks tie, and
// stand by handle; those in the history, which it likes best, do not stand at all.
func TestMeasure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 40, always(5), func(_, i uint64) float64 { return float64(i % 10 / 9 * i) })
	for i := range w.truth {
		w.truth[i].Items = []uint32{30, 10, 20, 150}
	}
	flat := scaled{part{name: "flat", items: shelf + known, score: func(_ *model.User, i uint32) float32 {
		switch {
		case i >= shelf && i < shelf+5:
			return 2
		case i < 50:
			return 1
		}
		return 0
	}}}
	_, report := w.learn(t, blend.Options{}, flat)
	var gain, ideal float64
	for k := range 4 {
		ideal += 1 / math.Log2(float64(k+2))
		if k < 3 {
			gain += 1 / math.Log2(float64(10*(k+1)+2))
		}
	}
	// Of the examples 40 have all four items; those cut short have as many, being fewer than five.
	if got := report.Alone[0]; math.Abs(got-gain/ideal) > 1e-6 {
		t.Errorf("nDCG %.4f, want %.4f", got, gain/ideal)
	}
}

// TestReportIsHonest has parts that know nothing: what was best on thirty users is no better than any on others, and that
// is what the report says, on average.
func TestReportIsHonest(t *testing.T) {
	t.Parallel()
	taste := func(u, i uint64) float64 { return voice(99, u, i) }
	var parts []model.Model
	for k := range uint64(5) {
		parts = append(parts, speaker(string(rune('a'+k)), k, 1))
	}
	others := newWorld(t, 5000, 500, always(5), taste)
	want := average(others.gains(t, parts, []float32{1, 0, 0, 0, 0}))
	var said []float64
	for seed := range 20 {
		_, report := newWorld(t, 1+30*seed, 30, always(5), taste).learn(t, blend.Options{}, parts...)
		said = append(said, report.Best)
	}
	// Of twenty times thirty users the error is about 0.004; the best of five on thirty seems 0.02 better than it is.
	if got := average(said); math.Abs(got-want) > 0.011 {
		t.Errorf("reports say %.4f on average, others gain %.4f", got, want)
	}
}
