package blend

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// Shares appends to dst, for each part in the order of [Blend.Parts], what it adds to the item's score: their sum is the
// score. It reads what the answer knows already.
func (a *Answer) Shares(dst []float32, item uint32) []float32 {
	a.item[0] = item
	for i := range a.voices {
		if a.score[0] = 0; a.hear(i) {
			a.part(a.score[:], i, a.item[:])
		}
		dst = append(dst, a.voices[i].factor*a.score[0])
	}
	return dst
}

// Explain appends up to n reasons to dst, the strongest first: parts by what they add to the score, those that count
// against the item left out, and in their place the items of the history that speak through them. Only parts whose lists
// say so at once, those that accumulate, are asked for these while any of them has a share; others solve a system of
// equations for each item, and are asked where they are all there is.
func (a *Answer) Explain(dst []model.Reason, item uint32, n int) []model.Reason {
	a.one = a.Shares(a.one[:0], item)
	var total float32
	listed := false
	for i, share := range a.one {
		if share > 0 {
			total += share
			_, ok := a.blend.parts[i].(model.Accumulator)
			listed = listed || ok
		}
	}
	a.reasons = a.reasons[:0]
	for i, share := range a.one {
		if share > 0 {
			_, ok := a.blend.parts[i].(model.Accumulator)
			a.because(i, item, n, share/total, ok || !listed)
		}
	}
	slices.SortStableFunc(a.reasons, func(x, y model.Reason) int { return cmp.Compare(y.Share, x.Share) })
	return append(dst, a.reasons[:min(max(n, 0), len(a.reasons))]...)
}

// because adds part i's reasons, which make up share of the score; asked says whether it is asked for items.
func (a *Answer) because(i int, item uint32, n int, share float32, asked bool) {
	from := len(a.reasons)
	p := a.blend.parts[i]
	if ex, ok := p.(model.Explainer); ok && asked {
		a.reasons = ex.Explain(a.reasons, &a.voices[i].user, item, n)
	}
	if len(a.reasons) == from {
		a.reasons = append(a.reasons, model.Reason{Model: p.Name(), Because: model.NoItem, Share: 1})
	}
	for j := range a.reasons[from:] {
		a.reasons[from+j].Share *= share
	}
}
