package experiment

import (
	"fmt"
	"math"
)

// Reweight returns the experiment with new weights, one for each variant, moving as few units as possible: an arm that
// shrinks gives up exactly what it has too much, and an arm that grows takes only that. The variants it returns have
// Ranges, which must be kept: the next change starts from them. Weights that are no shares or do not add up to 1 are
// ErrInvalid, as is an experiment whose variants are.
func (e Experiment) Reweight(weights []float64) (Experiment, error) {
	var f faults
	f.variants(fmt.Sprintf("experiment %q", clip(e.Key)), &e)
	if len(f.list) > 0 {
		return Experiment{}, f.list[0]
	}
	if len(weights) != len(e.Variants) {
		return Experiment{}, fmt.Errorf("%w: %d weights for %d variants", ErrInvalid, len(weights), len(e.Variants))
	}
	sum := 0.0
	for _, w := range weights {
		f.share("weight", w)
		sum += w
	}
	if len(f.list) > 0 || math.Abs(sum-1) > weightTolerance {
		return Experiment{}, fmt.Errorf("%w: weights %v are not shares that add up to 1", ErrInvalid, weights)
	}
	want := make([]uint64, len(weights))
	var at uint64
	for i, end := range weightEnds(weights) {
		want[i], at = end-at, end
	}
	ranges := rearrange(ownedRanges(&e), want)
	variants := make([]Variant, len(e.Variants))
	for i, v := range e.Variants {
		v.Weight, v.Ranges = weights[i], ranges[i]
		variants[i] = v
	}
	e.Variants = variants
	return e, nil
}

// rearrange gives every arm as many buckets as it wants, in two passes over the ranges: each arm keeps what it has up to
// that number, then those that lack some take what was left, in order.
func rearrange(owned []ownedRange, want []uint64) [][]Range {
	out := make([][]Range, len(want))
	lack := append([]uint64(nil), want...)
	var free []Range
	give := func(arm int, r Range) {
		lack[arm] -= r.To - r.From
		if n := len(out[arm]); n > 0 && out[arm][n-1].To == r.From {
			out[arm][n-1].To = r.To
			return
		}
		out[arm] = append(out[arm], r)
	}
	for _, o := range owned {
		keep := min(o.To-o.From, lack[o.arm])
		if keep > 0 {
			give(int(o.arm), Range{o.From, o.From + keep})
		}
		if o.From+keep < o.To {
			free = append(free, Range{o.From + keep, o.To})
		}
	}
	arm := 0
	for _, r := range free {
		for r.From < r.To {
			for lack[arm] == 0 {
				arm++
			}
			take := min(r.To-r.From, lack[arm])
			give(arm, Range{r.From, r.From + take})
			r.From += take
		}
	}
	return out
}
