package content

import (
	"testing"

	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// Exact compares all pairs, without index or clusters: the oracle of the neighbour lists.
type Exact struct {
	texts   *texts
	vectors *vectors
	wholes  []map[int]float64
}

// NewExact makes the vectors of all items as Train does.
func NewExact(t *testing.T, data *model.Dataset) *Exact {
	s, err := read(t.Context(), data, model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := &Exact{texts: s.texts, vectors: s.vectors}
	for item := range uint32(data.ItemCount()) {
		e.wholes = append(e.wholes, e.whole(item))
	}
	return e
}

// Similarity is the inner product of the two items' whole vectors, written out.
func (e *Exact) Similarity(a, b uint32) float32 {
	return float32(inner(e.wholes[a], e.wholes[b]))
}

func (e *Exact) whole(item uint32) map[int]float64 {
	whole, row := map[int]float64{}, e.vectors.row[item]
	for _, w := range e.texts.rows[item] {
		whole[int(w.id)] = float64(w.weight)
	}
	if row >= 0 {
		for d, x := range e.vectors.at(row) {
			whole[-1-d] = float64(x)
		}
	}
	if row >= 0 && len(e.texts.rows[item]) > 0 {
		for d := range whole {
			whole[d] *= half
		}
	}
	return whole
}

func inner(a, b map[int]float64) (sum float64) {
	for d, x := range a {
		sum += x * b[d]
	}
	return sum
}

// Nearest returns the k nearest items.
func (e *Exact) Nearest(item uint32, k int) []topk.Scored {
	var best topk.Selector
	best.Reset(k)
	for other := range uint32(len(e.wholes)) {
		if other != item {
			best.Push(other, e.Similarity(other, item))
		}
	}
	return best.Sorted()
}
