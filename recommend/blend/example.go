package blend

import (
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/recommend/model"
)

const (
	// learnFrom is how many candidates of each part an example has: deeper than a page, since the order below it tells more
	// about weights than that of the few on it.
	learnFrom = 64
	cutoff    = 50 // of the nDCG that is measured
)

// lesson is what weights are learned from.
type lesson struct {
	blend      *Blend
	from       *model.Dataset
	opt        Options
	impersonal []bool // by part
	active     []int  // parts that have something to say for somebody
	examples   []example
	points     []point
	gains      [][]float32 // by example and point
}

// example is the candidates of one user, their scores part by part in standard deviations, and which of them came next.
type example struct {
	class    int
	features [][]float32 // [part][candidate]; nil for a part with nothing to say
	relevant []int       // candidates, ascending
	ideal    float64     // DCG of the best ranking possible
}

// collect makes the examples.
func (l *lesson) collect(ctx context.Context, picks []pick) error {
	ones := slices.Repeat([]float32{1}, len(l.blend.parts))
	l.examples = make([]example, len(picks))
	progress := parallel.NewProgress(len(picks), l.opt.Progress)
	err := parallel.For(ctx, l.opt.Workers, len(picks), func(_, i int) {
		l.examples[i] = l.example(picks[i], ones)
		progress.Add(1)
	})
	l.examples = slices.DeleteFunc(l.examples, func(e example) bool { return e.ideal == 0 })
	for p := range l.blend.parts {
		if slices.ContainsFunc(l.examples, func(e example) bool { return e.features[p] != nil }) {
			l.active = append(l.active, p)
		}
	}
	return err
}

func (l *lesson) example(p pick, ones []float32) example {
	history := l.from.History(p.truth.User)
	seen := make([]uint32, len(history))
	for i, e := range history {
		seen[i] = e.Item
	}
	slices.Sort(seen)
	fresh := model.AllowFunc(func(item uint32) bool {
		_, found := slices.BinarySearch(seen, item)
		return !found
	})
	truth := slices.DeleteFunc(slices.Clone(p.truth.Items), func(item uint32) bool { return !fresh(item) })
	if p.cut {
		history, truth = newest(history, 1<<p.class), truth[:min(len(truth), cutTruth)]
	}
	a := l.blend.answer(&model.User{History: history, Now: l.from.Now}, ones)
	defer a.Close()
	a.gather(learnFrom, fresh, model.Quick)
	e := example{class: p.class, ideal: idealDCG(len(truth)), features: make([][]float32, len(ones))}
	for j, item := range a.items {
		if slices.Contains(truth, item) {
			e.relevant = append(e.relevant, j)
		}
	}
	for i := range ones {
		if !a.hear(i) {
			continue
		}
		e.features[i] = make([]float32, len(a.items))
		a.part(e.features[i], i, a.items)
		for j := range e.features[i] {
			e.features[i][j] *= a.voices[i].factor
		}
	}
	return e
}

func idealDCG(relevant int) float64 {
	var sum float64
	for rank := range min(relevant, cutoff) {
		sum += discount(rank)
	}
	return sum
}

func discount(rank int) float64 { return 1 / math.Log2(float64(rank+2)) }

// ndcg is the nDCG of the example under the weights, and blend the memory for the next call. Instead of sorting it counts,
// for each of the few relevant candidates, those in front of it.
func (e *example) ndcg(weights, blend []float32) (gain float64, _ []float32) {
	if len(e.relevant) == 0 {
		return 0, blend
	}
	n := 0
	for _, f := range e.features {
		n = max(n, len(f))
	}
	blend = slices.Grow(blend[:0], n)[:n]
	clear(blend)
	for i, f := range e.features {
		if weights[i] != 0 && f != nil {
			simd.Axpy(weights[i], f, blend)
		}
	}
	for _, r := range e.relevant {
		if rank := e.rank(blend, r); rank < cutoff {
			gain += discount(rank)
		}
	}
	return gain / e.ideal, blend
}

// rank counts the candidates in front of r.
func (e *example) rank(blend []float32, r int) int {
	rank, own := 0, blend[r]
	for _, v := range blend[:r] {
		if v >= own {
			rank++
		}
	}
	for _, v := range blend[r+1:] {
		if v > own {
			rank++
		}
	}
	return rank
}

// impersonal says of each part whether it tells users of a history nothing that it does not tell a stranger.
func impersonal(b *Blend, from *model.Dataset, truth []Withheld) []bool {
	const asked = 16
	out := make([]bool, len(b.parts))
	for i, p := range b.parts {
		stranger := &model.User{Now: from.Now}
		own := p.Propose(nil, stranger, asked, nil, model.Quick)
		items := make([]uint32, len(own))
		for j, s := range own {
			items[j] = s.Item
		}
		out[i] = len(items) > 0
		scores := make([]float32, len(items))
		for k := range min(asked, len(truth)) {
			history := from.History(truth[k*len(truth)/min(asked, len(truth))].User)
			p.Score(scores, &model.User{History: history, Now: from.Now}, items)
			for j, s := range scores {
				out[i] = out[i] && s == own[j].Score
			}
		}
	}
	return out
}
