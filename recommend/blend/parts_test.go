package blend_test

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
)

// part is a model whose scores a function says. It is foreign to the package: it says nothing of how far they lie apart.
type part struct {
	name  string
	items int
	score func(u *model.User, item uint32) float32
	asked *atomic.Int64 // calls of Propose and Accumulate; nil: not counted
}

func (p part) Name() string { return p.name }

func (p part) Save(*codec.Writer) {}

func (p part) Score(dst []float32, u *model.User, items []uint32) {
	for i, item := range items {
		if dst[i] = 0; int64(item) < int64(p.items) {
			dst[i] = p.score(u, item)
		}
	}
}

func (p part) count() {
	if p.asked != nil {
		p.asked.Add(1)
	}
}

// Propose looks at four times n items at Quick, the best first, and at all at Thorough.
func (p part) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, effort model.Effort) []model.Scored {
	p.count()
	var all []model.Scored
	for item := range uint32(p.items) {
		if s := p.score(u, item); s > 0 {
			all = append(all, model.Scored{Item: item, Score: s})
		}
	}
	slices.SortStableFunc(all, func(a, b model.Scored) int { return cmp.Compare(b.Score, a.Score) })
	if effort == model.Quick {
		all = all[:min(len(all), 4*n)]
	}
	for _, s := range all {
		if n > 0 && (allow == nil || allow.Contains(s.Item)) {
			dst = append(dst, s)
			n--
		}
	}
	return dst
}

// scaled is a part that says how far its scores lie apart.
type scaled struct{ part }

func (p scaled) Scale(u *model.User) float32 { return float32(spreadOf(p.part, u, p.items)) }

// listed is a part that gives all its scores at once.
type listed struct{ part }

func (p listed) Accumulate(sums *model.Sums, u *model.User) {
	p.count()
	for item := range uint32(p.items) {
		if s := p.score(u, item); s != 0 {
			sums.Add(item, s)
		}
	}
}

// Explain says that the newest item of the history is the cause of a third of it, and the one before of the rest.
func (p listed) Explain(dst []model.Reason, u *model.User, _ uint32, n int) []model.Reason {
	for i, share := range []float32{2.0 / 3, 1.0 / 3} {
		if at := len(u.History) - 2 + i; at >= 0 && i < n {
			dst = append(dst, model.Reason{Model: p.name, Because: u.History[at].Item, Share: share})
		}
	}
	return dst
}

// embedded is a part with a vector of its own number, which it wants back.
type embedded struct {
	scaled
	number float32
	dim    int
	embeds *atomic.Int64
}

func (p embedded) Embed(dst []float32, history []model.Event, now int64) []float32 {
	p.embeds.Add(1)
	return append(dst, slices.Repeat([]float32{p.number + float32(len(history))}, p.dim)...)
}

// right reports whether the vector is this part's for the history.
func (p embedded) right(u *model.User) bool {
	return slices.Equal(u.Vector, slices.Repeat([]float32{p.number + float32(len(u.History))}, p.dim))
}

type following struct{ embedded }

func (p following) Follow(vector []float32, history []model.Event, _ int64) {
	for i := range vector {
		vector[i] = p.number + float32(len(history))
	}
}

// spreadOf is the standard deviation of a part's scores over so many items.
func spreadOf(p model.Scorer, u *model.User, items int) float64 {
	scores := make([]float32, items)
	p.Score(scores, u, handles(items))
	var sum, squares float64
	for _, s := range scores {
		sum += float64(s)
		squares += float64(s) * float64(s)
	}
	mean := sum / float64(items)
	return math.Sqrt(max(0, squares/float64(items)-mean*mean))
}

func handles(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

// mix is a number that depends on its arguments alone.
func mix(of ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, v := range of {
		h = (h ^ v) * 0xd6e8feb86659fd93
		h = (h ^ h>>32) * 0xd6e8feb86659fd93
		h ^= h >> 29
	}
	return h
}

// hash is such a number from 0 to below 1.
func hash(of ...uint64) float64 { return float64(mix(of...)>>11) / (1 << 53) }

// normal is one of mean 0 and standard deviation 1, distributed nearly normally: a sum of four.
func normal(of ...uint64) float64 {
	h := mix(of...)
	sum := h&0xffff + h>>16&0xffff + h>>32&0xffff + h>>48
	return (float64(sum)/(1<<16) - 2) * math.Sqrt(3)
}

// who is the user, whom the parts know by the time of the newest event.
func who(u *model.User) uint64 {
	if len(u.History) == 0 {
		return 0
	}
	return uint64(u.History[len(u.History)-1].Time)
}

// events is a history of n events of user number u, of items from first on.
func events(u uint64, first uint32, n int) []model.Event {
	out := make([]model.Event, n)
	for i := range out {
		out[i] = model.Event{Item: first + uint32(i), Weight: 1, Time: int64(u)}
	}
	return out
}

func weights(items int, names []string, all ...float32) *blend.Weights {
	w := &blend.Weights{Parts: names, Items: items}
	for c := range w.ByClass {
		w.ByClass[c] = slices.Clone(all)
	}
	return w
}

func mustNew(t testing.TB, w *blend.Weights, parts ...model.Model) *blend.Blend {
	t.Helper()
	b, err := blend.New(parts, w)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
