// Package links serves the models whose score is a sum over the history of what each of its items says for another:
//
//	score(user, i) = Σ over the history's j of c(j) · B[j, i]
//
// A family of models makes the sparse matrix B in its own way (linear regression, random walks, transitions) and says by a
// [Voice] what a history says, c; links answers with them, explains, saves and loads. [Model] has all of model.Model but
// Save, which is the family's: it opens its section, puts what it needs besides, and then calls [Table.Put].
//
//	table := links.New(handles, links.Turned(lists)) // row j: what item j speaks for
//	m := links.NewModel("walks", table, say)
//
// It is for the families of this repository: its tables are made of internal types.
//
// # Cost and concurrency
//
// Tables and models are immutable and safe for concurrent use. A table costs 8 bytes a link and 12 an item; an answer
// some nanoseconds for each link of each item of the history.
//
// # Caveats
//
// Links may be negative. A history then takes as well as gives, and only items of a score above zero are proposed.
package links

import (
	"slices"

	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Table is the links between items: immutable and safe for concurrent use. It costs 8 bytes a link and 12 an item.
type Table struct {
	items []uint32       // handle of each row's item, NoItem for one that is gone
	rows  []uint32       // by handle: the item's row, noRow for an item that has none
	to    *sparse.Matrix // row j: the handles that item j speaks for, and how loud
}

const noRow = ^uint32(0)

// New makes a table. Row j of to are the links of the item of handle items[j], as columns below len(items) that stand for
// items too, and becomes the table's.
func New(items []uint32, to *sparse.Matrix) *Table {
	for k, col := range to.Index {
		to.Index[k] = items[col]
	}
	return newTable(items, to)
}

func newTable(items []uint32, to *sparse.Matrix) *Table {
	handles := uint32(0)
	for _, item := range items {
		if item != model.NoItem {
			handles = max(handles, item+1)
		}
	}
	t := &Table{items: items, to: to, rows: slices.Repeat([]uint32{noRow}, int(handles))}
	for row, item := range items {
		if item != model.NoItem {
			t.rows[item] = uint32(row)
		}
	}
	return t
}

// Len is the number of links.
func (t *Table) Len() int { return t.to.Len() }

// Row returns the row of an item, and whether it has one.
func (t *Table) Row(item uint32) (row uint32, ok bool) {
	if uint64(item) >= uint64(len(t.rows)) {
		return noRow, false
	}
	row = t.rows[item]
	return row, row != noRow
}

// Of returns the items that the item of a row speaks for, by handle, and how loud. The slices are shared.
func (t *Table) Of(row uint32) (items []uint32, weights []float32) { return t.to.Row(int(row)) }

// Matrix makes the rows of a matrix of lists, in which rows and columns are numbered alike. The lists' order is lost.
func Matrix(lists [][]topk.Scored) *sparse.Matrix {
	m := &sparse.Matrix{Cols: len(lists), Offsets: make([]int, len(lists)+1)}
	for j, list := range lists {
		m.Offsets[j+1] = m.Offsets[j] + len(list)
	}
	m.Index, m.Values = make([]uint32, m.Offsets[len(lists)]), make([]float32, m.Offsets[len(lists)])
	for j, list := range lists {
		slices.SortFunc(list, byItem)
		index, values := m.Row(j)
		for k, e := range list {
			index[k], values[k] = e.Item, e.Score
		}
	}
	return m
}

// Turned makes the matrix whose row j has the candidates that list j: lists are of candidates, and rows speak for them.
func Turned(lists [][]topk.Scored) *sparse.Matrix {
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
