package itemknn

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// sample keeps at most most entries of every row, drawn by seed and row.
func sample(m *sparse.Matrix, most int, seed uint64) *sparse.Matrix {
	return filter(m, most, func(r int, row []topk.Scored) {
		rng := rand.New(rand.NewPCG(seed, uint64(r)))
		rng.Shuffle(len(row), func(i, j int) { row[i], row[j] = row[j], row[i] })
	})
}

// spread is how many times Neighbors the candidates may be that one item of a history speaks for: hubs are neighbours of
// nearly everything, and the least of that is not worth the time of every request.
const spread = 4

// bounded keeps the most highest values of every row.
func bounded(m *sparse.Matrix, most int) *sparse.Matrix {
	return filter(m, most, func(_ int, row []topk.Scored) { slices.SortFunc(row, topk.Compare) })
}

// filter keeps of every longer row the first most entries after order has put them in order.
func filter(m *sparse.Matrix, most int, order func(r int, row []topk.Scored)) *sparse.Matrix {
	out := &sparse.Matrix{Cols: m.Cols, Offsets: make([]int, m.Rows()+1)}
	var row []topk.Scored
	for r := range m.Rows() {
		index, values := m.Row(r)
		if len(index) > most {
			row = row[:0]
			for k := range index {
				row = append(row, topk.Scored{Item: index[k], Score: values[k]})
			}
			order(r, row)
			kept := row[:most]
			slices.SortFunc(kept, func(a, b topk.Scored) int { return cmp.Compare(a.Item, b.Item) })
			for _, e := range kept {
				out.Index, out.Values = append(out.Index, e.Item), append(out.Values, e.Score)
			}
		} else {
			out.Index, out.Values = append(out.Index, index...), append(out.Values, values...)
		}
		out.Offsets[r+1] = len(out.Index)
	}
	return out
}

// weigh returns the matrix with weighted values.
func (t Trainer) weigh(byUser *sparse.Matrix) *sparse.Matrix {
	if t.Weighting == Plain {
		return byUser
	}
	length := lengths(byUser)
	out := &sparse.Matrix{
		Cols: byUser.Cols, Offsets: byUser.Offsets, Index: byUser.Index,
		Values: make([]float32, len(byUser.Values)),
	}
	for u := range out.Rows() {
		items, values := out.Row(u)
		_, weights := byUser.Row(u)
		rarity := math.Log1p(float64(out.Cols) / float64(max(len(items), 1)))
		for k, i := range items {
			c := float64(weights[k])
			frequency := math.Sqrt(c)
			if t.Weighting == BM25 {
				const k1, b = 100, 0.8
				frequency = c * (k1 + 1) / (k1*(1-b+b*length[i]) + c)
			}
			values[k] = float32(frequency * rarity)
		}
	}
	return out
}

// lengths are the summed weights of every item over their mean.
func lengths(byUser *sparse.Matrix) []float64 {
	sums, total, n := make([]float64, byUser.Cols), 0.0, 0
	for k, i := range byUser.Index {
		if sums[i] == 0 {
			n++
		}
		sums[i] += float64(byUser.Values[k])
		total += float64(byUser.Values[k])
	}
	for i := range sums {
		sums[i] *= float64(n) / total
	}
	return sums
}

// counter is one worker's memory: a row of the product, dense, and where it is not zero.
type counter struct {
	sums    []float32
	shared  []uint32
	touched []uint32
	best    topk.Selector
}

// neighbors returns for every candidate its K neighbours: the rows of the product of the matrix by items and its
// transpose, one at a time (Gustavson, Two fast algorithms for sparse matrices, 1978), normed and cut.
func (t Trainer) neighbors(
	ctx context.Context, byUser, byItem *sparse.Matrix, opt model.TrainOptions,
) (*sparse.Matrix, error) {
	items := byItem.Rows()
	own, other := t.norms(byItem)
	rows := make([][]topk.Scored, items)
	counters := make([]*counter, parallel.Workers(opt.Workers, items))
	progress := parallel.NewProgress(items, opt.Progress)
	err := parallel.For(ctx, opt.Workers, items, func(worker, i int) {
		if counters[worker] == nil {
			counters[worker] = &counter{sums: make([]float32, items), shared: make([]uint32, items)}
		}
		c := counters[worker]
		c.count(uint32(i), byUser, byItem)
		c.best.Reset(t.Neighbors)
		for _, j := range c.touched {
			n := float64(c.shared[j])
			s := n / (n + t.Shrink) * float64(c.sums[j]) / (own[i] * other[j])
			c.best.Push(j, float32(min(s, likenessMax)))
			c.sums[j], c.shared[j] = 0, 0
		}
		rows[i] = slices.Clone(c.best.Sorted())
		slices.SortFunc(rows[i], func(a, b topk.Scored) int { return cmp.Compare(a.Item, b.Item) })
		if i%1024 == 1023 {
			progress.Add(1024)
		}
	})
	if err != nil {
		return nil, err
	}
	progress.Add(items % 1024)
	return gather(rows), nil
}

// norms are ‖w‖^2a and ‖w‖^2(1−a) of every item.
func (t Trainer) norms(byItem *sparse.Matrix) (own, other []float64) {
	own, other = make([]float64, byItem.Rows()), make([]float64, byItem.Rows())
	for i := range own {
		_, values := byItem.Row(i)
		square := 0.0
		for _, v := range values {
			square += float64(v) * float64(v)
		}
		own[i], other[i] = math.Pow(square, t.Asymmetry), math.Pow(square, 1-t.Asymmetry)
	}
	return own, other
}

// count multiplies the row of an item with the matrix by users.
func (c *counter) count(item uint32, byUser, byItem *sparse.Matrix) {
	c.touched = c.touched[:0]
	users, weights := byItem.Row(int(item))
	for k, u := range users {
		items, values := byUser.Row(int(u))
		for l, j := range items {
			if j == item {
				continue
			}
			if c.shared[j] == 0 {
				c.touched = append(c.touched, j)
			}
			c.shared[j]++
			c.sums[j] += weights[k] * values[l]
		}
	}
}

func gather(rows [][]topk.Scored) *sparse.Matrix {
	m := &sparse.Matrix{Cols: len(rows), Offsets: make([]int, len(rows)+1)}
	for r, row := range rows {
		m.Offsets[r+1] = m.Offsets[r] + len(row)
	}
	m.Index, m.Values = make([]uint32, 0, m.Offsets[len(rows)]), make([]float32, 0, m.Offsets[len(rows)])
	for _, row := range rows {
		for _, e := range row {
			m.Index, m.Values = append(m.Index, e.Item), append(m.Values, e.Score)
		}
	}
	return m
}
