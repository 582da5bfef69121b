package recommendtest_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/recommendtest"
)

// countTrainer is the smallest model that there can be: items by how many events they had.
type countTrainer struct{}

type counts []float32 // by handle

func (countTrainer) Name() string { return "count" }

func (countTrainer) Train(ctx context.Context, data *model.Dataset, _ model.TrainOptions) (model.Model, error) {
	m := make(counts, data.ItemCount())
	for u := range uint32(data.UserCount()) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, e := range data.History(u) {
			m[e.Item]++
		}
	}
	return m, ctx.Err()
}

func (m counts) Name() string { return "count" }

func (m counts) Score(dst []float32, _ *model.User, items []uint32) {
	for i, item := range items {
		if dst[i] = 0; int64(item) < int64(len(m)) {
			dst[i] = m[item]
		}
	}
}

func (m counts) Propose(dst []model.Scored, _ *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
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

func (m counts) Save(w *codec.Writer) {
	w.Section("count", 1)
	w.Float32s(m)
}

func (countTrainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	r.Section("count", 1)
	stored := r.Float32s()
	if len(stored) > len(at) {
		r.Fail("%d items, known are %d", len(stored), len(at))
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	size, _, err := model.Places(at)
	m := make(counts, size)
	for i, score := range stored {
		if at[i] != model.NoItem && err == nil {
			m[at[i]] = score
		}
	}
	return m, err
}

// TestForeign runs the suite on a model of somebody who has only what is public.
func TestForeign(t *testing.T) {
	recommendtest.Run(t, func() model.Trainer { return countTrainer{} }, recommendtest.Options{Impersonal: true})
}

// A model of one's own. Its test is one call of [recommendtest.Run]:
//
//	func TestModel(t *testing.T) {
//		recommendtest.Run(t, func() model.Trainer { return countTrainer{} }, recommendtest.Options{Impersonal: true})
//	}
func Example() {
	var b model.Builder
	b.Add("ann", "tea", 1, 0)
	b.Add("bob", "mug", 1, 0)
	b.Add("bob", "tea", 1, 0)
	data := b.Build()
	m, err := countTrainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		panic(err)
	}
	for _, s := range m.Propose(nil, &model.User{}, 10, nil, model.Thorough) {
		fmt.Println(data.Items.ID(s.Item), s.Score)
	}
	// Output:
	// tea 2
	// mug 1
}
