package links

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Put puts the table into the section that w is in.
func (t *Table) Put(w *codec.Writer) {
	w.Uint32s(t.items)
	lengths := make([]uint32, t.to.Rows())
	for j := range lengths {
		lengths[j] = uint32(t.to.Offsets[j+1] - t.to.Offsets[j])
	}
	w.Uint32s(lengths)
	w.Uint32s(t.to.Index)
	w.Float32s(t.to.Values)
}

// Get reads what Put put, for a Trainer's Load; see [model.Trainer] for at and errors.
func Get(r *codec.Reader, at []uint32) (*Table, error) {
	items, lengths := r.Uint32s(), r.Uint32s()
	to := &sparse.Matrix{Index: r.Uint32s(), Values: r.Float32s(), Offsets: make([]int, len(lengths)+1)}
	for j, n := range lengths {
		to.Offsets[j+1] = to.Offsets[j] + int(n)
	}
	checkFile(r, items, len(at), to)
	_, same, err := model.Places(at)
	if err = cmp.Or(r.Err(), err); err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	if !same {
		move(items, to, at)
	}
	return newTable(items, to), nil
}

// weightMax bounds the links, so that no score is infinite.
const weightMax = 1e12

// Bounded is the weight within what a file may say; NaN is 0.
func Bounded(weight float64) float32 {
	if math.IsNaN(weight) {
		return 0
	}
	return float32(max(-weightMax, min(weightMax, weight)))
}

// checkFile fails r for what no training makes.
func checkFile(r *codec.Reader, items []uint32, handles int, to *sparse.Matrix) {
	rows := to.Rows()
	if rows != len(items) || to.Offsets[rows] != len(to.Index) || len(to.Index) != len(to.Values) {
		r.Fail("links: lengths that do not fit together")
		return
	}
	taken := make([]bool, handles)
	for j, item := range items {
		if item != model.NoItem && (uint64(item) >= uint64(handles) || taken[item]) {
			r.Fail("links: item %d of %d is not there, or twice", item, handles)
			return
		}
		if item != model.NoItem {
			taken[item] = true
		}
		index, values := to.Row(j)
		for k, i := range index {
			if uint64(i) >= uint64(handles) || k > 0 && i <= index[k-1] || !(math.Abs(float64(values[k])) <= weightMax) {
				r.Fail("links: link out of range")
				return
			}
		}
	}
}

// move replaces the handles in a file by the present ones, in place, and leaves out what is gone.
func move(items []uint32, to *sparse.Matrix, at []uint32) {
	n, from := 0, 0
	var row []topk.Scored
	for j := range items {
		end := to.Offsets[j+1]
		row = row[:0]
		if items[j] != model.NoItem {
			items[j] = at[items[j]]
		}
		for k := from; k < end && items[j] != model.NoItem; k++ {
			if i := at[to.Index[k]]; i != model.NoItem {
				row = append(row, topk.Scored{Item: i, Score: to.Values[k]})
			}
		}
		slices.SortFunc(row, byItem)
		for _, e := range row {
			to.Index[n], to.Values[n] = e.Item, e.Score
			n++
		}
		from, to.Offsets[j+1] = end, n
	}
	to.Index, to.Values = to.Index[:n], to.Values[:n]
}

func byItem(a, b topk.Scored) int { return cmp.Compare(a.Item, b.Item) }
