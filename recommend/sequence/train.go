package sequence

import (
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// Train counts what follows what. It looks at some five gaps of steps on either side of every step; besides the data it
// holds 12 bytes a step, 4 for every item and worker, and twice the model.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	w := walksOf(data)
	lists, err := t.transitions(ctx, w, opt)
	if err != nil {
		return nil, err
	}
	return newModel(links.New(w.items, links.Matrix(lists)), t.Recency), nil
}

// walks is all users' steps, one user's after another's.
type walks struct {
	items  []uint32       // handle of each row's item
	steps  []sparse.Entry // row, √c
	ends   []int          // by step: where its user's steps end
	at     []int          // row r's steps are found in places[at[r]:at[r+1]]
	places []uint32       // numbers of steps, those of one row together and in order
}

func walksOf(data *model.Dataset) *walks {
	w := &walks{}
	for u := range data.UserCount() {
		w.steps = appendSteps(w.steps, data.History(uint32(u)), func(item uint32) (uint32, bool) { return item, true })
		for len(w.ends) < len(w.steps) {
			w.ends = append(w.ends, len(w.steps))
		}
	}
	w.number(data.ItemCount())
	next := slices.Clone(w.at)
	w.places = make([]uint32, len(w.steps))
	for i, s := range w.steps {
		w.places[next[s.Col]] = uint32(i)
		next[s.Col]++
	}
	return w
}

// number gives rows to the items that anybody took a step to, in the order of their handles, and counts their steps.
func (w *walks) number(handles int) {
	counts := make([]int, handles)
	for _, s := range w.steps {
		counts[s.Col]++
	}
	rows := make([]uint32, handles)
	w.at = []int{0}
	for item, n := range counts {
		if n > 0 {
			rows[item] = uint32(len(w.items))
			w.items = append(w.items, uint32(item))
			w.at = append(w.at, w.at[len(w.at)-1]+n)
		}
	}
	for i, s := range w.steps {
		w.steps[i].Col = rows[s.Col]
	}
}

// transitions returns of every row its K strongest transitions, normed.
func (t Trainer) transitions(ctx context.Context, w *walks, opt model.TrainOptions) ([][]topk.Scored, error) {
	rows, cols := t.totals(w)
	lists := make([][]topk.Scored, len(w.items))
	counters := make([]*counter, parallel.Workers(opt.Workers, len(w.items)))
	decay := links.Fading(t.Gap) // of a transition over so many steps, beginning with the next
	progress := parallel.NewProgress(len(w.items), opt.Progress)
	err := parallel.For(ctx, opt.Workers, len(w.items), func(worker, i int) {
		if counters[worker] == nil {
			counters[worker] = &counter{sums: make([]float32, len(w.items))}
		}
		c := counters[worker]
		c.count(w, i, decay, float32(t.Backward))
		c.best.Reset(t.Neighbors)
		for _, j := range c.touched {
			c.best.Push(j, links.Bounded(float64(c.sums[j])/(rows[i]*cols[j])))
			c.sums[j] = 0
		}
		lists[i] = slices.Clone(c.best.Sorted())
		progress.Add(1)
	})
	return lists, err
}

// totals are rowᵢ^r and colⱼ^c.
func (t Trainer) totals(w *walks) (rows, cols []float64) {
	rows, cols = make([]float64, len(w.items)), make([]float64, len(w.items))
	decay := links.Fading(t.Gap)
	for a, from := range w.steps {
		for gap, d := range decay[:min(len(decay), w.ends[a]-a-1)] {
			to := w.steps[a+gap+1]
			if to.Col == from.Col {
				continue
			}
			v := float64(d * from.Value * to.Value)
			rows[from.Col] += v
			cols[to.Col] += v
			rows[to.Col] += v * t.Backward
			cols[from.Col] += v * t.Backward
		}
	}
	for i := range rows {
		rows[i], cols[i] = math.Pow(rows[i], t.RowExponent), math.Pow(cols[i], t.ColExponent)
	}
	return rows, cols
}

// counter is one worker's memory: a row of C, dense, and where it is not zero.
type counter struct {
	sums    []float32
	touched []uint32
	best    topk.Selector
}

// count makes row i of C.
func (c *counter) count(w *walks, i int, decay []float32, backward float32) {
	c.touched = c.touched[:0]
	for _, place := range w.places[w.at[i]:w.at[i+1]] {
		a := int(place)
		from := w.steps[a]
		for gap, d := range decay[:min(len(decay), w.ends[a]-a-1)] {
			c.add(w.steps[a+gap+1], from, d)
		}
		for gap := 0; backward > 0 && gap < min(len(decay), a) && w.ends[a-gap-1] == w.ends[a]; gap++ {
			c.add(w.steps[a-gap-1], from, decay[gap]*backward)
		}
	}
}

func (c *counter) add(to, from sparse.Entry, weight float32) {
	v := weight * from.Value * to.Value
	if to.Col == from.Col || v == 0 {
		return
	}
	if c.sums[to.Col] == 0 {
		c.touched = append(c.touched, to.Col)
	}
	c.sums[to.Col] += v
}
