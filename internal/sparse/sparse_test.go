package sparse_test

import (
	order "cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goldrec/gold/internal/sparse"
	"github.com/google/go-cmp/cmp"
)

func build(t testing.TB, workers, cols int, rows [][]sparse.Entry) *sparse.Matrix {
	t.Helper()
	m, err := sparse.Build(t.Context(), workers, len(rows), cols,
		func(dst []sparse.Entry, r int) []sparse.Entry { return append(dst, rows[r]...) })
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func random(rows, cols int) [][]sparse.Entry {
	rng := rand.New(rand.NewPCG(7, 8))
	out := make([][]sparse.Entry, rows)
	for r := range out {
		out[r] = make([]sparse.Entry, rng.IntN(9))
		for i := range out[r] {
			out[r][i] = sparse.Entry{Col: rng.Uint32N(uint32(cols)), Value: float32(rng.IntN(5) - 1)}
		}
	}
	return out
}

func TestBuildAndTransposeAgainstDense(t *testing.T) {
	t.Parallel()
	for _, shape := range [][2]int{{0, 0}, {0, 5}, {1, 1}, {200, 30}, {30, 200}} {
		rows := random(shape[0], shape[1])
		dense := make([][]float32, shape[0])
		for r := range rows {
			dense[r] = make([]float32, shape[1])
			for _, e := range rows[r] {
				dense[r][e.Col] += e.Value
			}
		}
		one := build(t, 1, shape[1], rows)
		oneT, err := one.Transpose(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		stored := 0
		for r := range dense {
			for c, v := range dense[r] {
				if got := at(one, r, c); got != max(v, 0) {
					t.Fatalf("%v: (%d, %d) is %v, want %v", shape, r, c, got, max(v, 0))
				}
				if got := at(oneT, c, r); got != max(v, 0) {
					t.Fatalf("%v transposed: (%d, %d) is %v, want %v", shape, c, r, got, max(v, 0))
				}
				if v > 0 {
					stored++
				}
			}
		}
		if one.Len() != stored || oneT.Len() != stored || oneT.Rows() != shape[1] {
			t.Errorf("%v: %d and %d stored, want %d", shape, one.Len(), oneT.Len(), stored)
		}
		for _, workers := range []int{2, 7} {
			many := build(t, workers, shape[1], rows)
			manyT, err := many.Transpose(t.Context(), workers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(one, many) + cmp.Diff(oneT, manyT); diff != "" {
				t.Errorf("%v, %d workers: %s", shape, workers, diff)
			}
		}
	}
}

func at(m *sparse.Matrix, r, c int) float32 {
	index, values := m.Row(r)
	for i := range index {
		if i > 0 && index[i] <= index[i-1] {
			return float32(math.NaN())
		}
		if int(index[i]) == c {
			return values[i]
		}
	}
	return 0
}

func TestTallyIgnoresWhatIsNotFinite(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	got := sparse.Tally([]sparse.Entry{
		{3, 1}, {1, inf}, {2, -inf}, {3, float32(math.NaN())}, {1, 2}, {4, math.MaxFloat32}, {4, math.MaxFloat32},
	})
	if diff := cmp.Diff([]sparse.Entry{{1, 2}, {3, 1}, {4, 1e6}}, got); diff != "" {
		t.Error(diff)
	}
}

// Entries come by column and then by value, whatever their signs, and however many they are.
func TestEntriesAreSorted(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	special := []float32{0, 1, -1, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32}
	for n := range 300 {
		row := make([]sparse.Entry, n)
		for i := range row {
			row[i] = sparse.Entry{Col: r.Uint32N(20) * (1<<32 - 1) / 19, Value: float32(r.NormFloat64())}
			if r.IntN(3) == 0 {
				row[i].Value = special[r.IntN(len(special))]
			}
		}
		want := slices.Clone(row)
		slices.SortFunc(want, func(a, b sparse.Entry) int {
			return order.Or(order.Compare(a.Col, b.Col), order.Compare(a.Value, b.Value))
		})
		sparse.SortEntries(row)
		if !slices.Equal(row, want) {
			t.Fatalf("%d entries: %v, want %v", n, row, want)
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	m := build(t, 2, 3, random(10, 3))
	cancel()
	if _, err := m.Transpose(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_, err := sparse.Build(ctx, 2, 1, 1, func(dst []sparse.Entry, _ int) []sparse.Entry { return dst })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSqueeze(t *testing.T) {
	t.Parallel()
	m := build(t, 2, 9, [][]sparse.Entry{{{Col: 7, Value: 2}, {Col: 3, Value: 1}}, nil, {{Col: 3, Value: 4}, {Col: 8, Value: -1}}})
	if diff := cmp.Diff([]uint32{3, 7}, m.Squeeze()); diff != "" {
		t.Error(diff)
	}
	want := &sparse.Matrix{Cols: 2, Offsets: []int{0, 2, 2, 3}, Index: []uint32{0, 1, 0}, Values: []float32{1, 2, 4}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	if got := build(t, 1, 4, nil).Squeeze(); len(got) != 0 {
		t.Errorf("of an empty matrix %v are left", got)
	}
}

// TestGram wants a row of aᵀ·a, twice, and nothing left of the first.
func TestGram(t *testing.T) {
	t.Parallel()
	a := &sparse.Matrix{Cols: 4, Offsets: []int{0, 2, 2, 5}, Index: []uint32{0, 2, 0, 1, 2}, Values: []float32{1, 2, 3, 4, -5}}
	b, err := a.Transpose(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	s := sparse.NewSum(4)
	for i, want := range [][]float32{{10, 12, -13, 0}, {12, 16, -20, 0}, {-13, -20, 29, 0}, {0, 0, 0, 0}} {
		s.Gram(i, a, b)
		if diff := cmp.Diff(want, s.Values); diff != "" {
			t.Errorf("row %d: %s", i, diff)
		}
		touched := slices.Clone(s.Touched)
		slices.Sort(touched)
		if diff := cmp.Diff([]uint32{0, 1, 2}, touched); i < 3 && diff != "" || i == 3 && len(touched) > 0 {
			t.Errorf("row %d touches %s", i, diff)
		}
		s.Clear()
	}
	s.Add(3, 1)
	s.Add(3, -1)
	s.Add(3, 2)
	if diff := cmp.Diff([]uint32{3}, s.Touched); diff != "" {
		t.Errorf("a sum that was zero on its way: %s", diff)
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	full := func() *sparse.Matrix {
		m := &sparse.Matrix{Cols: 100, Offsets: []int{0, 2, 102, 102, 103}, Index: []uint32{3, 7}, Values: []float32{1, 2}}
		for c := range uint32(100) {
			m.Index, m.Values = append(m.Index, c), append(m.Values, float32(c))
		}
		m.Index, m.Values = append(m.Index, 9), append(m.Values, 5)
		return m
	}
	m, again, other := full(), full(), full()
	m.Sample(10, 1)
	again.Sample(10, 1)
	other.Sample(10, 2)
	if diff := cmp.Diff(m, again); diff != "" {
		t.Errorf("drawn again: %s", diff)
	}
	if cmp.Equal(m, other) {
		t.Error("another seed draws the same")
	}
	if diff := cmp.Diff([]int{0, 2, 12, 12, 13}, m.Offsets); diff != "" {
		t.Fatal(diff)
	}
	index, values := m.Row(1)
	for k, c := range index {
		if values[k] != float32(c) || k > 0 && index[k-1] >= c {
			t.Fatalf("drawn: %v %v", index, values)
		}
	}
	if index, values := m.Row(3); index[0] != 9 || values[0] != 5 {
		t.Errorf("the row behind: %v %v", index, values)
	}
}
