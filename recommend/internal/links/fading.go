package links

import (
	"fmt"
	"math"

	"github.com/goldrec/gold/codec"
)

// faint is what is no longer looked at, of a weight that fades.
const faint = 0.01

// Reach is how many events on a weight that falls by 1/e every decay events is too faint to be looked at.
func Reach(decay float64) int { return int(math.Ceil(-math.Log(faint) * decay)) }

// Fading is e^(−age/decay) by age, as far as [Reach].
func Fading(decay float64) []float32 {
	weights := make([]float32, Reach(decay))
	for age := range weights {
		weights[age] = float32(math.Exp(-float64(age) / decay))
	}
	return weights
}

const fadingVersion = 1

// PutFading puts a section of a model whose events fade: how soon, in events, and the table.
func PutFading(w *codec.Writer, m Model, recency float64) {
	w.Section(m.name, fadingVersion)
	w.Float64(recency)
	m.Put(w)
}

// GetFading reads what PutFading put of a model of that name, for a Trainer's Load; no training takes a recency above most.
func GetFading(r *codec.Reader, at []uint32, name string, most float64) (t *Table, recency float64, err error) {
	r.Section(name, fadingVersion)
	recency = r.Float64()
	if r.Err() == nil && !(recency > 0 && recency <= most) {
		r.Fail("%s: recency of %v events", name, recency)
	}
	if t, err = Get(r, at); err != nil {
		return nil, 0, fmt.Errorf("%s: load: %w", name, err)
	}
	return t, recency, nil
}
