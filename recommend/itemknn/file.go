package itemknn

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

const fileVersion = 1

// Save puts the items that anybody has, and for each the candidates that it speaks for.
func (m *Model) Save(w *codec.Writer) {
	w.Section(Name, fileVersion)
	w.Uint32s(m.items)
	lengths := make([]uint32, m.goes.Rows())
	for j := range lengths {
		lengths[j] = uint32(m.goes.Offsets[j+1] - m.goes.Offsets[j])
	}
	w.Uint32s(lengths)
	w.Uint32s(m.goes.Index)
	w.Float32s(m.goes.Values)
}

// Load reads what Save put. The trainer's fields do not matter.
func (t Trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	r.Section(Name, fileVersion)
	items, lengths := r.Uint32s(), r.Uint32s()
	goes := &sparse.Matrix{Index: r.Uint32s(), Values: r.Float32s(), Offsets: make([]int, len(lengths)+1)}
	for j, n := range lengths {
		goes.Offsets[j+1] = goes.Offsets[j] + int(n)
	}
	checkFile(r, items, len(at), goes)
	_, same, err := model.Places(at)
	if err = cmp.Or(r.Err(), err); err != nil {
		return nil, fmt.Errorf("itemknn: load: %w", err)
	}
	if !same {
		move(items, goes, at)
	}
	return newModel(items, goes), nil
}

// likenessMax bounds what a file may say, so that no score is infinite.
const likenessMax = 1e12

// checkFile fails r for what no training makes.
func checkFile(r *codec.Reader, items []uint32, handles int, goes *sparse.Matrix) {
	rows := goes.Rows()
	if rows != len(items) || goes.Offsets[rows] != len(goes.Index) || len(goes.Index) != len(goes.Values) {
		r.Fail("itemknn: lengths that do not fit together")
		return
	}
	taken := make([]bool, handles)
	for j, item := range items {
		if item != model.NoItem && (uint64(item) >= uint64(handles) || taken[item]) {
			r.Fail("itemknn: item %d of %d is not there, or twice", item, handles)
			return
		}
		if item != model.NoItem {
			taken[item] = true
		}
		index, values := goes.Row(j)
		for k, i := range index {
			if uint64(i) >= uint64(handles) || k > 0 && i <= index[k-1] || !(values[k] >= 0 && values[k] <= likenessMax) {
				r.Fail("itemknn: neighbour out of range")
				return
			}
		}
	}
}

// move replaces the handles in a file by the present ones, in place, and leaves out what is gone.
func move(items []uint32, goes *sparse.Matrix, at []uint32) {
	n, from := 0, 0
	var row []topk.Scored
	for j := range items {
		to := goes.Offsets[j+1]
		row = row[:0]
		if items[j] != model.NoItem {
			items[j] = at[items[j]]
		}
		for k := from; k < to && items[j] != model.NoItem; k++ {
			if i := at[goes.Index[k]]; i != model.NoItem {
				row = append(row, topk.Scored{Item: i, Score: goes.Values[k]})
			}
		}
		if !slices.IsSortedFunc(row, byItem) {
			slices.SortStableFunc(row, byItem)
		}
		for _, e := range row {
			goes.Index[n], goes.Values[n] = e.Item, e.Score
			n++
		}
		from, goes.Offsets[j+1] = to, n
	}
	goes.Index, goes.Values = goes.Index[:n], goes.Values[:n]
}
