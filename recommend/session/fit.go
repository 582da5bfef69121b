package session

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// Train fits the model, in the exact form where ExactMax and MemoryMax allow it and in the sparse form else. What there is no
// room for is a [*MemoryError], before that memory is taken.
func (t LinearTrainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	v, err := visitsOf(ctx, data)
	if err != nil {
		return nil, err
	}
	f := t.fitOf(v, data.ItemCount())
	form, err := t.form(f, parallel.Workers(opt.Workers, len(f.items)))
	if err != nil {
		return nil, err
	}
	lists, err := form(ctx, f, opt)
	if err != nil {
		return nil, err
	}
	return newLinearModel(links.New(f.items, links.Turned(lists)), t.Recency), nil
}

// fit is all visits, by click and by item, and what pairs of clicks count.
type fit struct {
	*visits          // of rows instead of items
	items   []uint32 // handle of each row's item
	at      []int    // row r's clicks are places[at[r]:at[r+1]]
	places  []uint32 // numbers of clicks, those of one row together and in order
	visit   []uint32 // of each click

	anywhere []float32 // by length of the visit: what a pair of its clicks counts, wherever they lie
	since    []float32 // by clicks between: what a pair counts in SᵀS, but for the clicks that follow
	follow   []float32 // by clicks that follow the later of a pair: over how many rows it counts
	ahead    []float32 // by clicks between: what a pair counts in SᵀT
	diagonal []float64 // of what is inverted
}

func (t LinearTrainer) fitOf(v *visits, handles int) *fit {
	f := &fit{
		visits: v, visit: make([]uint32, len(v.clicks)), places: make([]uint32, len(v.clicks)), anywhere: make([]float32, visitMax+1),
		since: make([]float32, visitMax), follow: make([]float32, visitMax), ahead: make([]float32, visitMax),
	}
	for n := range v.len() {
		for c := v.offsets[n]; c < v.offsets[n+1]; c++ {
			f.visit[c] = uint32(n)
		}
	}
	f.number(handles)
	q := math.Exp(-2 / t.Decay)
	for n := range visitMax {
		f.anywhere[n+1] = float32(t.Alpha * math.Pow(float64(n+1), -t.Length))
		f.since[n] = float32((1 - t.Alpha) * math.Exp(-float64(n)/t.Decay))
		f.follow[n] = float32((1 - math.Pow(q, float64(n))) / (1 - q))
		for before := range n {
			f.ahead[n] += float32((1 - t.Alpha) * math.Exp(-float64(before)/t.Decay-float64(n-1-before)/t.Ahead))
		}
	}
	return f
}

// number gives rows to the items, in the order of their handles, and finds the clicks of each.
func (f *fit) number(handles int) {
	counts := make([]int, handles)
	for _, item := range f.clicks {
		counts[item]++
	}
	rows := make([]uint32, handles)
	f.at = []int{0}
	for item, n := range counts {
		if n > 0 {
			rows[item] = uint32(len(f.items))
			f.items = append(f.items, uint32(item))
			f.at = append(f.at, f.at[len(f.at)-1]+n)
		}
	}
	next := slices.Clone(f.at)
	for c, item := range f.clicks {
		row := rows[item]
		f.clicks[c] = row
		f.places[next[row]] = uint32(c)
		next[row]++
	}
}

// gram adds row i of α·XᵀX + (1−α)·SᵀS to s.
func (f *fit) gram(s *sparse.Sum, i int) {
	for _, place := range f.places[f.at[i]:f.at[i+1]] {
		a, from, to := int(place), f.offsets[f.visit[place]], f.offsets[f.visit[place]+1]
		anywhere := f.anywhere[to-from]
		for b := from; b < to; b++ {
			s.Add(f.clicks[b], anywhere+f.since[max(a-b, b-a)]*f.follow[to-1-max(a, b)])
		}
	}
}

// right adds column i of α·XᵀX + (1−α)·SᵀT to s.
func (f *fit) right(s *sparse.Sum, i int) {
	for _, place := range f.places[f.at[i]:f.at[i+1]] {
		b, from, to := int(place), f.offsets[f.visit[place]], f.offsets[f.visit[place]+1]
		anywhere := f.anywhere[to-from]
		for a := from; a < to; a++ {
			v := anywhere
			if a < b {
				v += f.ahead[b-a]
			}
			if v > 0 {
				s.Add(f.clicks[a], v)
			}
		}
	}
}

// ridge is λ, at least so much that it counts in float32.
func (t LinearTrainer) ridge(f *fit) float64 {
	sum := 0.0
	for _, v := range f.diagonal {
		sum += v
	}
	return max(t.Ridge*sum/float64(max(1, len(f.diagonal))), math.SmallestNonzeroFloat32)
}

type form func(ctx context.Context, f *fit, opt model.TrainOptions) ([][]topk.Scored, error)

// form chooses the exact form or the sparse one by the memory that they need.
func (t LinearTrainer) form(f *fit, workers int) (form, error) {
	exact, reduced := t.needs(f, workers)
	switch {
	case len(f.items) <= t.ExactMax && exact <= t.MemoryMax:
		return t.exact, nil
	case reduced <= t.MemoryMax:
		return t.reduced, nil
	}
	return nil, &MemoryError{Need: reduced, Max: t.MemoryMax}
}

// needs is how many bytes either form holds at most, besides the data.
func (t LinearTrainer) needs(f *fit, workers int) (exact, reduced int64) {
	n, w := int64(len(f.items)), int64(workers)
	many, m := int64(cmp.Or(t.Neighbors, exactNeighbors)), int64(cmp.Or(t.Neighbors, sparseNeighbors))
	shared := 16*int64(len(f.clicks)) + 8*int64(f.len())
	model := func(m int64) int64 { return 2*8*n*min(n, m) + 64*n } // lists, and the rows that they are turned into
	exact = shared + 4*n*n + 2*4*256*(n+32) + w*(16*n+1<<17) + 1<<20 + model(many)
	reduced = shared + 8*n*min(n, kept(m)) + w*(16*n+8*m*m+1<<16) + model(m)
	return exact, reduced
}

// kept is how many entries of a row of what is inverted are kept: more than a column is solved for, because what its items have in
// common with one another counts too.
func kept(solved int64) int64 { return 2*solved + 100 }

// square is item i's entry on the diagonal of what gram gives.
func (f *fit) square(i int) (sum float64) {
	places := f.places[f.at[i]:f.at[i+1]]
	for k, a := range places {
		to := f.offsets[f.visit[a]+1]
		for n, b := range places[k:] {
			if f.visit[b] != f.visit[a] {
				break
			}
			v := float64(f.anywhere[to-f.offsets[f.visit[a]]] + f.since[b-a]*f.follow[to-1-int(b)])
			if n > 0 {
				v *= 2 // and the other way round
			}
			sum += v
		}
	}
	return sum
}
