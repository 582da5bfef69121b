package sparse

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Sum is one worker's memory for a row of a product: dense, and where it is not zero.
type Sum struct {
	Values  []float32 // by column; zero where the row is
	Touched []uint32  // columns of Values that were added to, in the order in which they first were
	seen    []bool
}

// NewSum returns an empty row of so many columns, at 5 bytes each.
func NewSum(cols int) *Sum { return &Sum{Values: make([]float32, cols), seen: make([]bool, cols)} }

// Add adds to the row's value in a column.
func (s *Sum) Add(col uint32, value float32) {
	if !s.seen[col] {
		s.seen[col] = true
		s.Touched = append(s.Touched, col)
	}
	s.Values[col] += value
}

// Gram adds row i of aᵀ·a, where t is the transpose of a (Gustavson, Two fast algorithms for sparse matrices, 1978).
func (s *Sum) Gram(i int, a, t *Matrix) {
	rows, weights := t.Row(i)
	for k, r := range rows {
		cols, values := a.Row(int(r))
		for l, c := range cols {
			s.Add(c, weights[k]*values[l])
		}
	}
}

// Clear empties the row, in time proportional to what it holds.
func (s *Sum) Clear() {
	for _, c := range s.Touched {
		s.Values[c], s.seen[c] = 0, false
	}
	s.Touched = s.Touched[:0]
}

// Sample keeps at most most values of every row, drawn by seed and row, in place.
func (m *Matrix) Sample(most int, seed uint64) {
	var row []Entry
	from, n := 0, 0
	for r := range m.Rows() {
		index, values := m.Index[from:m.Offsets[r+1]], m.Values[from:m.Offsets[r+1]]
		from = m.Offsets[r+1]
		if len(index) > most {
			row = row[:0]
			for k := range index {
				row = append(row, Entry{index[k], values[k]})
			}
			rng := rand.New(rand.NewPCG(seed, uint64(r)))
			rng.Shuffle(len(row), func(i, j int) { row[i], row[j] = row[j], row[i] })
			slices.SortFunc(row[:most], func(a, b Entry) int { return cmp.Compare(a.Col, b.Col) })
			for k, e := range row[:most] {
				index[k], values[k] = e.Col, e.Value
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
