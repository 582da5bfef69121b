package als

import (
	"cmp"
	"slices"

	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/recommend/model"
)

// Explain says which items of the history a score comes from: with W the inverse of the user's system, the score of i is
//
//	x·yᵢ = Σ over the history's j of cⱼ·(yᵢᵀ W yⱼ)
//
// and the terms of the sum are the shares (Hu, Koren and Volinsky 2008, section 5). It costs as much as [Model.Embed].
// Items that speak against i are left out, and the shares are of what the others say.
func (m *Model) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	s := m.memory.Get().(*serving)
	defer m.memory.Put(s)
	m.tally(s, u.History)
	if len(s.tallied) == 0 || n <= 0 {
		return dst
	}
	// z = W yᵢ: the same system with another right side.
	z := make([]float32, m.factors)
	copy(s.r, m.vector(m.row(item)))
	m.sys.solveFrom0(z, s.tallied, s.weights, m.ridge(s.weights, m.trained), serveSteps, &s.scratch)
	terms := make([]float32, len(s.tallied))
	simd.DotIDs(terms, z, m.vectors, s.tallied)
	var reasons []model.Reason
	var total float32
	for k, row := range s.tallied {
		if share := s.weights[k] * terms[k]; share > 0 {
			reasons = append(reasons, model.Reason{Model: Name, Because: m.items[row], Share: share})
			total += share
		}
	}
	for i := range reasons {
		reasons[i].Share /= total
	}
	slices.SortFunc(reasons, func(a, b model.Reason) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Because, b.Because))
	})
	return append(dst, reasons[:min(n, len(reasons))]...)
}
