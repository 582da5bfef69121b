// Package sparse holds sparse matrices by rows.
package sparse

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
)

// Matrix is a sparse matrix in compressed rows (CSR): row r has the columns Index[Offsets[r]:Offsets[r+1]], ascending
// and each once, with Values beside them. It is read-only once made, but for Squeeze.
type Matrix struct {
	Cols    int
	Offsets []int
	Index   []uint32
	Values  []float32
}

// Rows is the number of rows.
func (m *Matrix) Rows() int { return len(m.Offsets) - 1 }

// Len is the number of stored values.
func (m *Matrix) Len() int { return len(m.Index) }

// Row returns the columns of a row and their values.
func (m *Matrix) Row(r int) ([]uint32, []float32) {
	from, to := m.Offsets[r], m.Offsets[r+1]
	return m.Index[from:to:to], m.Values[from:to:to]
}

// Entry is one value of a row.
type Entry struct {
	Col   uint32
	Value float32
}

// Tally puts the entries of one row in ascending columns, sums those of equal columns, and drops what does not sum up
// to more than zero: a view is taken back by a dislike. It works in place and returns the shortened slice. Values that
// are not finite count for nothing.
func Tally(row []Entry) []Entry {
	row = slices.DeleteFunc(row, func(e Entry) bool { return e.Value-e.Value != 0 })
	sortEntries(row)
	n := 0
	for i := 0; i < len(row); {
		sum := Entry{Col: row[i].Col}
		for ; i < len(row) && row[i].Col == sum.Col; i++ {
			sum.Value += row[i].Value
		}
		if sum.Value > 0 {
			sum.Value = min(sum.Value, valueMax)
			row[n] = sum
			n++
		}
	}
	return row[:n]
}

// sortEntries sorts by column, then by value: a short row as integers that are ordered alike, which takes a third of the time.
func sortEntries(row []Entry) {
	var room [256]uint64
	if len(row) > len(room) {
		slices.SortFunc(row, func(a, b Entry) int { return cmp.Or(cmp.Compare(a.Col, b.Col), cmp.Compare(a.Value, b.Value)) })
		return
	}
	keys := room[:len(row)]
	for i, e := range row {
		bits := math.Float32bits(e.Value)
		keys[i] = uint64(e.Col)<<32 | uint64(bits^(uint32(int32(bits)>>31)|1<<31)) // of negative ones all bits turn, of others the sign
	}
	slices.Sort(keys)
	for i, key := range keys {
		bits := uint32(key)
		row[i] = Entry{Col: uint32(key >> 32), Value: math.Float32frombits(bits ^ (uint32(int32(^bits)>>31) | 1<<31))}
	}
}

// valueMax keeps sums finite, and products of a few of them.
const valueMax = 1e6

// Build makes a matrix whose row r holds what Tally makes of the entries that row appends to its argument, an empty slice.
// Row is called twice for each r, from several goroutines, and must say the same both times: the matrix is made in place,
// 8 bytes a stored value, and nothing is held beside it.
func Build(
	ctx context.Context, workers, rows, cols int, row func(dst []Entry, r int) []Entry,
) (*Matrix, error) {
	m := &Matrix{Cols: cols, Offsets: make([]int, rows+1)}
	scratches := make([][]Entry, parallel.Workers(workers, rows))
	tallied := func(worker, r int) []Entry {
		scratches[worker] = row(scratches[worker][:0], r)
		return Tally(scratches[worker])
	}
	err := parallel.For(ctx, workers, rows, func(worker, r int) { m.Offsets[r+1] = len(tallied(worker, r)) })
	if err != nil {
		return nil, err
	}
	for r := range rows {
		m.Offsets[r+1] += m.Offsets[r]
	}
	m.Index, m.Values = make([]uint32, m.Offsets[rows]), make([]float32, m.Offsets[rows])
	err = parallel.For(ctx, workers, rows, func(worker, r int) {
		index, values := m.Row(r)
		for i, e := range tallied(worker, r) {
			index[i], values[i] = e.Col, e.Value
		}
	})
	return m, err
}

// Squeeze renumbers the columns so that those without a value are left out, in place, and returns what the columns that
// are left were before, ascending.
func (m *Matrix) Squeeze() (columns []uint32) {
	place := make([]uint32, m.Cols)
	for _, c := range m.Index {
		place[c] = 1
	}
	for c, used := range place {
		if used != 0 {
			place[c] = uint32(len(columns))
			columns = append(columns, uint32(c))
		}
	}
	for i, c := range m.Index {
		m.Index[i] = place[c]
	}
	m.Cols = len(columns)
	return columns
}

// Transpose returns the matrix with rows and columns exchanged.
func (m *Matrix) Transpose(ctx context.Context, workers int) (*Matrix, error) {
	// A counting sort by column. Each part of the rows counts its columns; sums over the parts before it tell
	// each where its values go, so the result is the same however many parts there are.
	parts, bounds := parallel.Spans(m.Rows(), parallel.Workers(workers, m.Rows()))
	next := make([][]int, parts)
	err := parallel.For(ctx, workers, parts, func(_, p int) {
		next[p] = make([]int, m.Cols)
		from, to := bounds(p)
		for _, c := range m.Index[m.Offsets[from]:m.Offsets[to]] {
			next[p][c]++
		}
	})
	if err != nil {
		return nil, err
	}
	t := &Matrix{
		Cols: m.Rows(), Offsets: make([]int, m.Cols+1),
		Index: make([]uint32, m.Len()), Values: make([]float32, m.Len()),
	}
	at := 0
	for c := range m.Cols {
		for p := range parts {
			next[p][c], at = at, at+next[p][c]
		}
		t.Offsets[c+1] = at
	}
	err = parallel.For(ctx, workers, parts, func(_, p int) {
		from, to := bounds(p)
		for r := from; r < to; r++ {
			index, values := m.Row(r)
			for i, c := range index {
				to := next[p][c]
				next[p][c]++
				t.Index[to], t.Values[to] = uint32(r), values[i]
			}
		}
	})
	return t, err
}
