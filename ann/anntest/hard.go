package anntest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/ann"
)

// Hard is data on which indexes are known to fail: what is stored, in which steps, and what is asked.
type Hard struct {
	Name    string
	Dim     int
	Keys    []uint32
	Before  []float32 // stored under Keys first, when not nil
	Base    []float32 // a row for each of Keys
	Batch   int       // rows stored at a time; 0 is all
	Queries []float32 // fresh vectors like those of Base
}

// Fill stores the data in an index as its kind wants it stored.
func (h *Hard) Fill(ctx context.Context, ix ann.Index) error {
	if h.Before != nil {
		if err := ix.AddBatch(ctx, h.Keys, h.Before); err != nil {
			return err
		}
	}
	batch := h.Batch
	if batch == 0 {
		batch = len(h.Keys)
	}
	for from := 0; from < len(h.Keys); from += batch {
		to := min(from+batch, len(h.Keys))
		if err := ix.AddBatch(ctx, h.Keys[from:to], h.Base[from*h.Dim:to*h.Dim]); err != nil {
			return err
		}
	}
	return nil
}

// hardKind makes rows of a kind: n to store, and from the same distribution queries to ask.
type hardKind struct {
	name string
	dim  int
	rows func(g *hardRand, n, queries int) (base, query []float32)
	step func(h *Hard) // says how it is stored, where that matters
}

// hardRand draws vectors.
type hardRand struct {
	*rand.Rand
	dim int
}

// HardKinds are the names that NewHard knows.
func HardKinds() []string {
	var names []string
	for _, k := range hardKinds() {
		names = append(names, k.name)
	}
	return names
}

// NewHard makes n vectors of a kind, and queries; the same arguments make the same. It panics on a name that is not one of
// HardKinds.
func NewHard(name string, n, queries int, seed uint64) Hard {
	at := slices.IndexFunc(hardKinds(), func(k hardKind) bool { return k.name == name })
	if at < 0 {
		panic(fmt.Sprintf("anntest: no hard data %q", name))
	}
	kind := hardKinds()[at]
	h := Hard{Name: name, Dim: kind.dim, Keys: make([]uint32, n)}
	for i := range h.Keys {
		h.Keys[i] = uint32(i)
	}
	h.Base, h.Queries = kind.rows(&hardRand{rand.New(rand.NewPCG(seed, uint64(at))), kind.dim}, n, queries)
	if kind.step != nil {
		kind.step(&h)
	}
	return h
}

func hardKinds() []hardKind {
	return []hardKind{
		{"tight clusters", 32, func(g *hardRand, n, q int) ([]float32, []float32) { return g.groups(n, q, 100, 100, 0.01, true) }, nil},
		{"near copies", 32, func(g *hardRand, n, q int) ([]float32, []float32) { return g.groups(n, q, 50, 1, 0.001, false) }, nil},
		{"copies", 32, func(g *hardRand, n, q int) ([]float32, []float32) { return g.groups(n, q, 50, 1, 0, false) }, nil},
		{"sorted", 32, (*hardRand).sorted, nil},
		{"sorted one by one", 32, (*hardRand).sorted, func(h *Hard) { h.Batch = 1 }},
		{"islands", 32, func(g *hardRand, n, q int) ([]float32, []float32) { return g.groups(n, q, max(n/20, 1), 3, 0.5, false) }, func(h *Hard) { h.Batch = max(len(h.Keys)/20, 1) }},
		{"drift", 64, (*hardRand).drift, func(h *Hard) { h.Batch = 500 }},
		{"replaced", 64, (*hardRand).narrow, replaced},
		{"two dimensions", 2, (*hardRand).cube, nil},
		{"low dimension, outlier components", 64, (*hardRand).lowDimension, nil},
		{"sparse", 64, (*hardRand).sparse, nil},
		{"heavy norms", 32, (*hardRand).heavy, nil},
		{"equal", 16, func(g *hardRand, n, q int) ([]float32, []float32) { return g.groups(n, q, n, 1, 0, false) }, nil},
		{"grid", 6, (*hardRand).grid, nil},
		{"signs", 32, (*hardRand).signs, nil},
		{"scales", 32, (*hardRand).scales, nil},
		{"outliers", 32, (*hardRand).outliers, nil},
	}
}

// fill returns n rows that one draws.
func (g *hardRand) fill(n int, one func(row []float32, i int)) []float32 {
	rows := make([]float32, n*g.dim)
	for i := range n {
		one(rows[i*g.dim:][:g.dim], i)
	}
	return rows
}

// normal adds to a row what is normally distributed.
func (g *hardRand) normal(row []float32, size float64) {
	for j := range row {
		row[j] += float32(size * g.NormFloat64())
	}
}

// groups are groups of so many vectors, as far apart as apart says and as wide as width does, one after the other or shuffled.
func (g *hardRand) groups(n, queries, each int, apart, width float64, shuffled bool) (base, query []float32) {
	centers := g.fill((n+each-1)/each, func(row []float32, _ int) { g.normal(row, apart) })
	of := func(row []float32, group int) {
		copy(row, centers[group*g.dim:][:g.dim])
		g.normal(row, width)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i / each
	}
	if shuffled {
		g.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	base = g.fill(n, func(row []float32, i int) { of(row, order[i]) })
	query = g.fill(queries, func(row []float32, _ int) { of(row, g.IntN(n)/each) })
	if width == 0 { // or each query has its copies for neighbours, and nothing else is asked
		for i := range query {
			query[i] += float32(0.3 * apart * g.NormFloat64())
		}
	}
	return base, query
}

// sorted is ordered by the sum of a row's components.
func (g *hardRand) sorted(n, queries int) (base, query []float32) {
	base, query = g.groups(n, queries, 50, 1, 0.5, true)
	rows := slices.Collect(slices.Chunk(base, g.dim))
	slices.SortStableFunc(rows, func(a, b []float32) int { return int(math.Copysign(1, float64(sum(a)-sum(b)))) })
	return slices.Concat(rows...), query
}

func sum(row []float32) (s float32) {
	for _, v := range row {
		s += v
	}
	return s
}

// drift goes away from where it began, after the first 2,000; queries are like the last.
func (g *hardRand) drift(n, queries int) (base, query []float32) {
	base, query = g.groups(n, queries, 50, 1, 0.5, true)
	at := func(row []float32, i int) {
		t := float32(max(0, i-2000)) / float32(max(n-2000, 1))
		for j := range row {
			row[j] = row[j]*(1-0.8*t) + 15*t*float32(j%3-1)
		}
	}
	for i := range n {
		at(base[i*g.dim:][:g.dim], i)
	}
	for i := range queries {
		at(query[i*g.dim:][:g.dim], n-1-g.IntN(n/4))
	}
	return base, query
}

// narrow lies far from the origin.
func (g *hardRand) narrow(n, queries int) (base, query []float32) {
	base, query = g.groups(n, queries, 50, 1, 0.5, true)
	for _, rows := range [][]float32{base, query} {
		for i, v := range rows {
			rows[i] = v*0.05 + 30
		}
	}
	return base, query
}

// replaced stores what narrow made of first.
func replaced(h *Hard) {
	for _, v := range h.Base {
		h.Before = append(h.Before, (v-30)*20)
	}
	h.Batch = 500
}

func (g *hardRand) cube(n, queries int) (base, query []float32) {
	one := func(row []float32, _ int) {
		for j := range row {
			row[j] = g.Float32()
		}
	}
	return g.fill(n, one), g.fill(queries, one)
}

// lowDimension is of 8 dimensions, turned into more, of which two components are fifty times as large.
func (g *hardRand) lowDimension(n, queries int) (base, query []float32) {
	const inner = 8
	turn := make([]float64, inner*g.dim)
	for i := range turn {
		turn[i] = g.NormFloat64()
	}
	one := func(row []float32, _ int) {
		for f := range inner {
			x := g.NormFloat64()
			for j := range row {
				row[j] += float32(x * turn[f*g.dim+j])
			}
		}
		row[0] *= 50
		row[1] *= 50
	}
	return g.fill(n, one), g.fill(queries, one)
}

// sparse has six components that are not zero, and some more often than others.
func (g *hardRand) sparse(n, queries int) (base, query []float32) {
	one := func(row []float32, _ int) {
		for range 6 {
			row[int(float64(g.dim)*math.Pow(g.Float64(), 2))] += float32(g.ExpFloat64())
		}
	}
	return g.fill(n, one), g.fill(queries, one)
}

// heavy has norms of which a few are far larger than all others.
func (g *hardRand) heavy(n, queries int) (base, query []float32) {
	base, query = g.groups(n, queries, 50, 1, 0.5, true)
	for i := range n {
		norm := float32(math.Pow(1-g.Float64(), -1/1.5))
		for j := range g.dim {
			base[i*g.dim+j] *= norm
		}
	}
	return base, query
}

// grid is of small whole numbers; nothing is at the origin.
func (g *hardRand) grid(n, queries int) (base, query []float32) {
	base = g.fill(n, func(row []float32, _ int) {
		for j := range row {
			row[j] = float32(1 + g.IntN(5))
		}
	})
	return base, g.fill(queries, func(row []float32, _ int) {
		for j := range row {
			row[j] = 1 + 4*g.Float32()
		}
	})
}

// signs is of ones, up or down, with a few turned over from one of a hundred.
func (g *hardRand) signs(n, queries int) (base, query []float32) {
	heads := g.fill(max(n/100, 1), func(row []float32, _ int) {
		for j := range row {
			row[j] = float32(2*g.IntN(2) - 1)
		}
	})
	one := func(row []float32, _ int) {
		copy(row, heads[g.IntN(len(heads)/g.dim)*g.dim:][:g.dim])
		for range 4 {
			row[g.IntN(g.dim)] *= -1
		}
	}
	return g.fill(n, one), g.fill(queries, one)
}

// scales is of vectors of a thousand times the size of others.
func (g *hardRand) scales(n, queries int) (base, query []float32) {
	base, query = g.groups(n, queries, 50, 1, 0.5, true)
	for _, rows := range [][]float32{base, query} {
		for i := 0; i < len(rows); i += g.dim {
			size := float32(math.Pow(10, float64(g.IntN(4))))
			for j := range g.dim {
				rows[i+j] *= size
			}
		}
	}
	return base, query
}

// outliers has one vector in a hundred a hundred times as far away as the others.
func (g *hardRand) outliers(n, queries int) (base, query []float32) {
	base, query = g.groups(n, queries, 50, 1, 0.5, true)
	for i := range n / 100 {
		g.normal(base[i*100*g.dim:][:g.dim], 100)
	}
	return base, query
}
