// Package blend is a stand-in.
package blend

import (
	"cmp"
	"context"
	"slices"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

// Weights of parts.
type Weights struct {
	Names []string
	W     []float32
}

// Even weights.
func Even(names []string) *Weights {
	w := &Weights{Names: names, W: make([]float32, len(names))}
	for i := range w.W {
		w.W[i] = 1
	}
	return w
}

// Save puts them.
func (w *Weights) Save(cw *codec.Writer) {
	cw.Section("blend", 1)
	cw.Strings(len(w.Names), func(i int) string { return w.Names[i] })
	cw.Float32s(w.W)
}

// LoadWeights gets them.
func LoadWeights(r *codec.Reader) *Weights {
	r.Section("blend", 1)
	w := &Weights{Names: r.Strings(), W: r.Float32s()}
	return w
}

// Of is a part's weight.
func (w *Weights) Of(name string) float32 {
	if i := slices.Index(w.Names, name); i >= 0 {
		return w.W[i]
	}
	return 0
}

// Blend of parts.
type Blend struct {
	parts   []model.Model
	weights []float32
	dims    []int
}

// New makes one.
func New(parts []model.Model, w *Weights) *Blend {
	b := &Blend{parts: parts}
	for _, p := range parts {
		b.weights = append(b.weights, w.Of(p.Name()))
		d := 0
		if e, ok := p.(model.Embedder); ok {
			d = len(e.Embed(nil, nil, 0))
		}
		b.dims = append(b.dims, d)
	}
	return b
}

// Select keeps only some parts.
func (b *Blend) Select(names []string) *Blend {
	out := *b
	out.weights = make([]float32, len(b.parts))
	any := false
	for i, p := range b.parts {
		if slices.Contains(names, p.Name()) {
			out.weights[i] = b.weights[i]
			any = any || b.weights[i] != 0
		}
	}
	if !any {
		for i, p := range b.parts {
			if slices.Contains(names, p.Name()) {
				out.weights[i] = 1
			}
		}
	}
	return &out
}

// Embed all parts' vectors.
func (b *Blend) Embed(dst []float32, history []model.Event, now int64) []float32 {
	for _, p := range b.parts {
		if e, ok := p.(model.Embedder); ok {
			dst = e.Embed(dst, history, now)
		}
	}
	return dst
}

// Follow goes on from a vector.
func (b *Blend) Follow(vector []float32, history []model.Event, now int64) {
	at := 0
	for i, p := range b.parts {
		v := vector[at : at+b.dims[i]]
		at += b.dims[i]
		if f, ok := p.(model.Follower); ok {
			f.Follow(v, history, now)
		} else if e, ok := p.(model.Embedder); ok {
			copy(v, e.Embed(nil, history, now))
		}
	}
}

// Answer is one question's.
type Answer struct {
	b     *Blend
	users []model.User
	sums  []model.Sums
	done  []bool
	scale []float32
}

// Ask begins an answer.
func (b *Blend) Ask(u *model.User) *Answer {
	a := &Answer{b: b, users: make([]model.User, len(b.parts)), sums: make([]model.Sums, len(b.parts)), scale: make([]float32, len(b.parts))}
	at := 0
	for i, p := range b.parts {
		a.users[i] = *u
		a.users[i].Vector = nil
		if len(u.Vector) >= at+b.dims[i] && b.dims[i] > 0 {
			a.users[i].Vector = u.Vector[at : at+b.dims[i]]
		}
		at += b.dims[i]
		if b.weights[i] == 0 {
			continue
		}
		a.scale[i] = 1
		if s, ok := p.(model.Scaler); ok {
			a.scale[i] = s.Scale(&a.users[i])
		}
		if acc, ok := p.(model.Accumulator); ok {
			acc.Accumulate(&a.sums[i], &a.users[i])
		}
	}
	return a
}

// Close ends it.
func (a *Answer) Close() {}

// Gather candidates.
func (a *Answer) Gather(dst []uint32, n int, allow model.Allow, pool []uint32) []uint32 {
	for i, p := range a.b.parts {
		if a.b.weights[i] == 0 {
			continue
		}
		for _, c := range p.Propose(nil, &a.users[i], max(n, 32), allow, model.Thorough) {
			dst = append(dst, c.Item)
		}
	}
	slices.Sort(dst)
	return slices.Compact(dst)
}

// Rank scores items.
func (a *Answer) Rank(dst []model.Scored, items []uint32) []model.Scored {
	scores := make([]float32, len(items))
	total := make([]float32, len(items))
	for i, p := range a.b.parts {
		if a.b.weights[i] == 0 || a.scale[i] == 0 {
			continue
		}
		p.Score(scores, &a.users[i], items)
		for j, v := range scores {
			total[j] += a.b.weights[i] * v / a.scale[i]
		}
	}
	for j, item := range items {
		dst = append(dst, model.Scored{Item: item, Score: total[j]})
	}
	slices.SortFunc(dst, func(x, y model.Scored) int { return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Item, y.Item)) })
	return dst
}

// Explain an item.
func (a *Answer) Explain(dst []model.Reason, item uint32, n int) []model.Reason {
	for i, p := range a.b.parts {
		if a.b.weights[i] == 0 {
			continue
		}
		if ex, ok := p.(model.Explainer); ok {
			dst = ex.Explain(dst, &a.users[i], item, n)
		}
	}
	return dst[:min(n, len(dst))]
}

// Fit trains.
func Fit(ctx context.Context, trainers []model.Trainer, data *model.Dataset, opt model.TrainOptions) ([]model.Model, *Weights, error) {
	var parts []model.Model
	var names []string
	for _, t := range trainers {
		m, err := t.Train(ctx, data, opt)
		if err != nil {
			return nil, nil, err
		}
		parts, names = append(parts, m), append(names, t.Name())
	}
	return parts, Even(names), nil
}

// Propose proposes.
func (b *Blend) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
	if len(u.History) == 0 {
		return dst
	}
	a := b.Ask(u)
	r := a.Rank(nil, a.Gather(nil, n, allow, nil))
	return append(dst, r[:min(n, len(r))]...)
}
