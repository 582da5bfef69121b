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

// Train counts what goes with what. It costs in the order of the sum over users of the square of their items, of which
// UserMax bounds each. Besides the data it holds 16 bytes for each pair of a user and an item, 8 for every item and worker,
// and twice the model.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	byUser, err := sparse.Build(ctx, opt.Workers, data.UserCount(), data.ItemCount(),
		func(row []sparse.Entry, u int) []sparse.Entry { return appendEntries(row, data.History(uint32(u))) })
	if err != nil {
		return nil, err
	}
	for k, sum := range byUser.Values {
		byUser.Values[k] = model.Confidence(sum)
	}
	sample(byUser, t.UserMax, opt.Seed)
	items := byUser.Squeeze()
	t.weigh(byUser)
	byItem, err := byUser.Transpose(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	lists, err := t.neighbors(ctx, byUser, byItem, opt)
	if err != nil {
		return nil, err
	}
	goes := turn(lists)
	bound(goes, spread*t.Neighbors)
	for k, row := range goes.Index {
		goes.Index[k] = items[row]
	}
	return newModel(items, goes), nil
}

// appendEntries appends the events as entries of a row.
func appendEntries(row []sparse.Entry, history []model.Event) []sparse.Entry {
	for _, e := range history {
		row = append(row, sparse.Entry{Col: e.Item, Value: e.Weight})
	}
	return row
}

// sample keeps at most most entries of every row, drawn by seed and row, in place.
func sample(m *sparse.Matrix, most int, seed uint64) {
	shorten(m, most, func(r int, row []topk.Scored) {
		rng := rand.New(rand.NewPCG(seed, uint64(r)))
		rng.Shuffle(len(row), func(i, j int) { row[i], row[j] = row[j], row[i] })
	})
}

// spread is how many times Neighbors the candidates may be that one item of a history speaks for: hubs are neighbours of
// nearly everything, and the least of that is not worth the time of every request.
const spread = 4

// bound keeps the most highest values of every row, in place.
func bound(m *sparse.Matrix, most int) {
	shorten(m, most, func(_ int, row []topk.Scored) { slices.SortFunc(row, topk.Compare) })
	if spare := cap(m.Index) - len(m.Index); spare > len(m.Index)/8 {
		m.Index, m.Values = slices.Clone(m.Index), slices.Clone(m.Values)
	}
}

// shorten keeps of every longer row the first most entries after order has put them in order, in place.
func shorten(m *sparse.Matrix, most int, order func(r int, row []topk.Scored)) {
	var row []topk.Scored
	from, n := 0, 0
	for r := range m.Rows() {
		index, values := m.Index[from:m.Offsets[r+1]], m.Values[from:m.Offsets[r+1]]
		from = m.Offsets[r+1]
		if len(index) > most {
			row = row[:0]
			for k := range index {
				row = append(row, topk.Scored{Item: index[k], Score: values[k]})
			}
			order(r, row)
			slices.SortFunc(row[:most], byItem)
			for k, e := range row[:most] {
				index[k], values[k] = e.Item, e.Score
			}
			index, values = index[:most], values[:most]
		}
		copy(m.Index[n:], index)
		copy(m.Values[n:], values)
		n += len(index)
		m.Offsets[r+1] = n
	}
	m.Index, m.Values = m.Index[:n], m.Values[:n]
}

func byItem(a, b topk.Scored) int { return cmp.Compare(a.Item, b.Item) }

// weigh weights the values, in place.
func (t Trainer) weigh(byUser *sparse.Matrix) {
	if t.Weighting == Plain {
		return
	}
	length := lengths(byUser)
	for u := range byUser.Rows() {
		items, values := byUser.Row(u)
		rarity := math.Log1p(float64(byUser.Cols) / float64(max(len(items), 1)))
		for k, i := range items {
			c := float64(values[k])
			frequency := math.Sqrt(c)
			if t.Weighting == BM25 {
				const k1, b = 100, 0.8
				frequency = c * (k1 + 1) / (k1*(1-b+b*length[i]) + c)
			}
			values[k] = float32(frequency * rarity)
		}
	}
}

// lengths are the summed weights of every item over their mean.
func lengths(byUser *sparse.Matrix) []float64 {
	sums, total := make([]float64, byUser.Cols), 0.0
	for k, i := range byUser.Index {
		sums[i] += float64(byUser.Values[k])
		total += float64(byUser.Values[k])
	}
	for i := range sums {
		sums[i] *= float64(len(sums)) / total
	}
	return sums
}

// counter is one worker's memory: a row of the product, dense, and where it is not zero; and room for lists.
type counter struct {
	sums    []float32
	shared  []uint32
	touched []uint32
	best    topk.Selector
	chunk   []topk.Scored
}

// chunkLength is how many neighbours share one piece of memory, so that lists take no more than they hold.
const chunkLength = 8 << 10

// keep returns a copy of a list.
func (c *counter) keep(list []topk.Scored) []topk.Scored {
	if cap(c.chunk)-len(c.chunk) < len(list) {
		c.chunk = make([]topk.Scored, 0, max(chunkLength, len(list)))
	}
	from := len(c.chunk)
	c.chunk = append(c.chunk, list...)
	return c.chunk[from:len(c.chunk):len(c.chunk)]
}

// neighbors returns for every candidate its K neighbours: the rows of the product of the matrix by items and its
// transpose, one at a time (Gustavson, Two fast algorithms for sparse matrices, 1978), normed and cut.
func (t Trainer) neighbors(
	ctx context.Context, byUser, byItem *sparse.Matrix, opt model.TrainOptions,
) ([][]topk.Scored, error) {
	items := byItem.Rows()
	own, other := t.norms(byItem)
	lists := make([][]topk.Scored, items)
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
		lists[i] = c.keep(c.best.Sorted())
		if i%1024 == 1023 {
			progress.Add(1024)
		}
	})
	if err != nil {
		return nil, err
	}
	progress.Add(items % 1024)
	return lists, nil
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

// turn returns the matrix whose row j has the candidates that list j as a neighbour.
func turn(lists [][]topk.Scored) *sparse.Matrix {
	m := &sparse.Matrix{Cols: len(lists), Offsets: make([]int, len(lists)+1)}
	for _, list := range lists {
		for _, e := range list {
			m.Offsets[e.Item+1]++
		}
	}
	for j := range lists {
		m.Offsets[j+1] += m.Offsets[j]
	}
	m.Index, m.Values = make([]uint32, m.Offsets[len(lists)]), make([]float32, m.Offsets[len(lists)])
	next := slices.Clone(m.Offsets[:len(lists)])
	for i, list := range lists {
		for _, e := range list {
			at := next[e.Item]
			next[e.Item]++
			m.Index[at], m.Values[at] = uint32(i), e.Score
		}
	}
	return m
}
