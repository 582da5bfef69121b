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

// Contribution is what one part adds to the score of an item.
type Contribution struct {
	Model   string
	Score   float32        // in the unit of the blend's scores; below 0 counts against the item
	Reasons []model.Reason // what the part says it is for, the strongest first; their shares are of this part's
}

// Contributions appends to dst what each part that counts for the user adds to the item's score, the greatest first, with up to
// n reasons of each part that gives any: every part is asked, also those that solve a system of equations to say. The scores sum
// up to the blend's.
func (a *Answer) Contributions(dst []Contribution, item uint32, n int) []Contribution {
	from := len(dst)
	for i, share := range a.Shares(nil, item) {
		if !a.hear(i) {
			continue
		}
		c := Contribution{Model: a.blend.parts[i].Name(), Score: share}
		if ex, ok := a.blend.parts[i].(model.Explainer); ok && share != 0 {
			c.Reasons = ex.Explain(nil, &a.voices[i].user, item, n)
		}
		dst = append(dst, c)
	}
	slices.SortStableFunc(dst[from:], func(x, y Contribution) int { return cmp.Compare(y.Score, x.Score) })
	return dst
}

// Explain appends up to n reasons to dst, the strongest first: parts by what they add to the score, those that count
// against the item left out, and in their place the items of the history that speak through them. Only parts whose lists
// say so at once, those that accumulate, are asked for these while any of them has a share; others solve a system of
// equations for each item, and are asked where they are all there is.
func (a *Answer) Explain(dst []model.Reason, item uint32, n int) []model.Reason {
	a.ExplainAll([]uint32{item}, n, func(_ int, reasons []model.Reason) { dst = append(dst, reasons...) })
	return dst
}

// ExplainAll calls emit for each of the items in turn, with what Explain appends for it; parts that can look at the history once
// for all of them. The slice is emit's while it runs.
func (a *Answer) ExplainAll(items []uint32, n int, emit func(i int, reasons []model.Reason)) {
	said := a.listen(items, n)
	for at, item := range items {
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
				a.because(said[i], at, i, item, n, share/total, ok || !listed)
			}
		}
		slices.SortStableFunc(a.reasons, func(x, y model.Reason) int { return cmp.Compare(y.Share, x.Share) })
		emit(at, a.reasons[:min(max(n, 0), len(a.reasons))])
	}
}

// told is what one part says of the items of a page.
type told struct {
	reasons []model.Reason
	ends    []int // in reasons, by item; nil: it has not been asked
}

// listen asks the parts that accumulate, and can say it of all items at once, for their reasons.
func (a *Answer) listen(items []uint32, n int) []told {
	said := make([]told, len(a.voices))
	for i, p := range a.blend.parts {
		ex, ok := p.(model.PageExplainer)
		if _, sums := p.(model.Accumulator); !ok || !sums || !a.hear(i) {
			continue
		}
		t := &said[i]
		t.ends = make([]int, 0, len(items))
		t.reasons = make([]model.Reason, 0, max(n, 0)*len(items))
		ex.ExplainAll(&a.voices[i].user, items, n, func(_ int, reasons []model.Reason) {
			t.reasons = append(t.reasons, reasons...)
			t.ends = append(t.ends, len(t.reasons))
		})
	}
	return said
}

// of is what was said of the item at a place.
func (t *told) of(at int) []model.Reason {
	from := 0
	if at > 0 {
		from = t.ends[at-1]
	}
	return t.reasons[from:t.ends[at]]
}

// because adds part i's reasons for the item at a place, which make up share of the score; asked says whether it is asked for items.
func (a *Answer) because(said told, at, i int, item uint32, n int, share float32, asked bool) {
	from := len(a.reasons)
	p := a.blend.parts[i]
	if said.ends != nil {
		a.reasons = append(a.reasons, said.of(at)...)
	} else if ex, ok := p.(model.Explainer); ok && asked {
		a.reasons = ex.Explain(a.reasons, &a.voices[i].user, item, n)
	}
	if len(a.reasons) == from {
		a.reasons = append(a.reasons, model.Reason{Model: p.Name(), Because: model.NoItem, Share: 1})
	}
	for j := range a.reasons[from:] {
		a.reasons[from+j].Share *= share
	}
}
