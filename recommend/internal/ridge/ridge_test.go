package ridge_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/internal/ridge"
)

// TestColumn solves small systems of which lists leave something out.
func TestColumn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		gram [][]topk.Scored // of four items of square 1
		want []float64       // what the first three say for the last; nil: something, and not much
	}{
		{"one list has it", [][]topk.Scored{
			{{Item: 3, Score: 0.5}}, {{Item: 0, Score: 0.5}, {Item: 3, Score: 0.5}}, nil, {{Item: 0, Score: 0.5}, {Item: 1, Score: 0.5}},
		}, []float64{1. / 3, 1. / 3}},
		{"the other has it", [][]topk.Scored{
			{{Item: 1, Score: 0.5}, {Item: 3, Score: 0.5}}, {{Item: 3, Score: 0.5}}, nil, {{Item: 0, Score: 0.5}, {Item: 1, Score: 0.5}},
		}, []float64{1. / 3, 1. / 3}},
		{"not definite", [][]topk.Scored{
			{{Item: 1, Score: 1}, {Item: 2, Score: 1}}, nil, nil, {{Item: 0, Score: 1}, {Item: 1, Score: 1}, {Item: 2, Score: 1}},
		}, nil},
	} {
		for k, e := range ridge.NewSolver(tt.gram, []float64{1, 1, 1, 1}, 1e-6).Column(tt.gram[3], 3) {
			if v := float64(e.Score); tt.want == nil && !(math.Abs(v) > 0.01 && math.Abs(v) < 10) || tt.want != nil && math.Abs(v-tt.want[k]) > 1e-5 {
				t.Errorf("%s: %d says %v, want %v", tt.name, e.Item, v, tt.want)
			}
		}
	}
}

// TestAgainstElimination solves systems of which nothing is left out, one after another with one solver, and wants what elimination
// gives; of the items beyond most those that are least alike stay out.
func TestAgainstElimination(t *testing.T) {
	t.Parallel()
	const n, lambda = 12, 200 // so much that what is left out does no harm
	rng := rand.New(rand.NewPCG(5, 6))
	full := make([][]float64, n)
	for i := range full {
		full[i] = make([]float64, n)
	}
	for range 40 {
		row := make([]float64, n)
		for i := range row {
			row[i] = float64(rng.IntN(3))
		}
		for i := range full {
			for j := range full {
				full[i][j] += row[i] * row[j]
			}
		}
	}
	gram, squares := make([][]topk.Scored, n), make([]float64, n)
	for i := range full {
		for j, v := range full[i] {
			if i != j && (i+j)%2 == min(i, j)%2 { // one list of the two has it
				gram[i] = append(gram[i], topk.Scored{Item: uint32(j), Score: float32(v)})
			}
		}
		squares[i] = full[i][i]
	}
	has := func(i, j int) bool { return i == j || (i+j)%2 == min(i, j)%2 }
	s := ridge.NewSolver(gram, squares, lambda)
	for round := range 20 {
		var right []topk.Scored
		var items []int
		for j := range n {
			if rng.IntN(3) > 0 {
				right = append(right, topk.Scored{Item: uint32(j), Score: rng.Float32()})
				items = append(items, j)
			}
		}
		system := make([][]float64, len(items))
		for a, i := range items {
			system[a] = make([]float64, len(items)+1)
			for b, j := range items {
				if has(i, j) {
					system[a][b] = full[i][j]
				}
			}
			system[a][a] += lambda
			system[a][len(items)] = float64(right[a].Score)
		}
		want := linkstest.Eliminate(system)
		got := s.Column(right, n)
		for k, e := range got {
			if len(got) != len(want) || int(e.Item) != items[k] || math.Abs(float64(e.Score)-want[k]) > 1e-6 {
				t.Fatalf("round %d: %v for the items %v, want %v", round, got, items, want)
			}
		}
	}
	s = ridge.NewSolver(make([][]topk.Scored, 3), []float64{1, 100, 1}, 1)
	few := s.Column([]topk.Scored{{Item: 0, Score: 0.5}, {Item: 1, Score: 1}, {Item: 2, Score: 0.6}}, 2)
	if len(few) != 2 || few[0].Item != 0 || few[1].Item != 2 {
		t.Errorf("the two most alike are %v, want 0 and 2", few)
	}
}
