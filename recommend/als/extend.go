package als

import (
	"context"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/recommend/model"
)

// Knows reports whether the model has a vector of the item.
func (m *Model) Knows(item uint32) bool { return int(m.row(item)) < len(m.items) }

// Extend returns a model that has vectors also of items that this one had none of: those that training would give them
// with everything else held still, solved from what data's users did with them, of whom each has the vector that [Model.Embed]
// makes of the rest of the history. Scores of the items that were known do not change for histories of these.
//
// The users of the training count as not having had the new items. Items once taken in keep their vectors until the next
// training. Those that only the content tells of are not taken in.
func (m *Model) Extend(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	byUser, err := pairs(ctx, data, opt.Workers, func(item uint32) bool { return int(m.row(item)) == len(m.items) })
	if err != nil {
		return nil, err
	}
	items := byUser.Squeeze()
	byItem, err := byUser.Transpose(ctx, opt.Workers)
	if err != nil {
		return nil, err
	}
	p := m.parts
	p.items = slices.Concat(m.items, items)
	p.vectors = make([]float32, (len(p.items)+1)*m.factors)
	copy(p.vectors, m.vectors)
	folded := p.vectors[len(m.items)*m.factors:]
	if err := m.fold(ctx, data, byUser, byItem, folded, opt.Workers); err != nil {
		return nil, err
	}
	out, err := newModel(ctx, p, opt.Workers)
	if err != nil || m.index == nil {
		return out, err
	}
	out.index = m.index.Clone()
	return out, out.addToIndex(ctx, items, folded[:len(items)*m.factors])
}

// fold solves for the vectors of the items, of which the users had these.
func (m *Model) fold(
	ctx context.Context, data *model.Dataset, byUser, byItem *sparse.Matrix, vectors []float32, workers int,
) error {
	place := make([]uint32, byUser.Rows()) // of who had any, among them
	var users []uint32
	for u := range byUser.Rows() {
		if row, _ := byUser.Row(u); len(row) > 0 {
			place[u] = uint32(len(users))
			users = append(users, uint32(u))
		}
	}
	opposite := m.users.system(m.factors)
	opposite.vectors = make([]float32, len(users)*m.factors)
	err := parallel.For(ctx, workers, len(users), func(_, i int) {
		from := i * m.factors
		m.Embed(opposite.vectors[from:from:from+m.factors], data.History(users[i]), data.Now)
	})
	if err != nil {
		return err
	}
	if err := opposite.invert(ctx, workers, float32(m.least(m.users.active))); err != nil {
		return err
	}
	return parallel.For(ctx, workers, byItem.Rows(), func(_, i int) {
		index, weights := byItem.Row(i)
		rows, sc := make([]uint32, len(index)), newScratch(m.factors)
		for k, u := range index {
			rows[k] = place[u]
		}
		y := vectors[i*m.factors:][:m.factors]
		opposite.right(sc, rows, weights)
		opposite.solveFrom0(y, rows, weights, m.ridge(weights, m.users.active), serveSteps, sc)
		bound(y, vectorMax)
	})
}

// audience is what a model keeps of the users that it was trained with, to solve for an item's vector.
type audience struct {
	active int       // how many had anything
	gram   []float32 // α₀·XᵀX
}

// system is the users' system but for their vectors and the inverse.
func (a audience) system(factors int) *system {
	return &system{gram: a.gram, columns: numbered(factors)}
}
