// Package howto is the code of docs/howto.md.
package howto

import (
	"cmp"
	"context"
	"slices"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

// ApprovalTrainer makes a model of how well items are liked by those who had to do with them, whoever asks:
//
//	score = Σ weights / (events + 10)
//
// The ten keep an item with one happy buyer from being the best of all.
type ApprovalTrainer struct{}

// Approval is the score of each item, by handle.
type Approval []float32

// Name is what policies, reasons and files call the model.
func (ApprovalTrainer) Name() string { return "approval" }

// Name is that of the trainer.
func (Approval) Name() string { return "approval" }

// Train counts in one pass. The same data gives the same model, and ctx is looked at on the way.
func (ApprovalTrainer) Train(ctx context.Context, data *model.Dataset, _ model.TrainOptions) (model.Model, error) {
	sums, events := make([]float64, data.ItemCount()), make([]float64, data.ItemCount())
	for u := range uint32(data.UserCount()) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, e := range data.History(u) {
			sums[e.Item] += float64(model.Confidence(e.Weight)) // nobody shouts
			events[e.Item]++
		}
	}
	m := make(Approval, len(sums))
	for item := range m {
		m[item] = float32(sums[item] / (events[item] + 10))
	}
	return m, ctx.Err()
}

// Score looks items up; one that came after the training scores 0.
func (m Approval) Score(dst []float32, _ *model.User, items []uint32) {
	for i, item := range items {
		if dst[i] = 0; int64(item) < int64(len(m)) {
			dst[i] = m[item]
		}
	}
}

// Propose takes the best that may be shown, the best first and ties by handle.
func (m Approval) Propose(dst []model.Scored, _ *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
	from := len(dst)
	for item, score := range m {
		if score > 0 && (allow == nil || allow.Contains(uint32(item))) {
			dst = append(dst, model.Scored{Item: uint32(item), Score: score})
		}
	}
	slices.SortFunc(dst[from:], func(a, b model.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return dst[:min(len(dst), from+max(n, 0))]
}

// Save puts the scores into a section of the model's name.
func (m Approval) Save(w *codec.Writer) {
	w.Section("approval", 1)
	w.Float32s(m)
}

// Load reads them, and moves each to the handle that its item has now.
func (ApprovalTrainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	r.Section("approval", 1)
	stored := r.Float32s()
	if len(stored) > len(at) {
		r.Fail("%d items, known are %d", len(stored), len(at))
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	size, _, err := model.Places(at)
	if err != nil {
		return nil, err
	}
	m := make(Approval, size)
	for i, score := range stored {
		if at[i] != model.NoItem {
			m[at[i]] = score
		}
	}
	return m, nil
}
