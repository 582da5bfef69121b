package als

import (
	"cmp"
	"context"
	"fmt"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

const fileVersion = 1

// Save puts the loss, what is kept of the users, the items and their vectors, and the index if there is one.
func (m *Model) Save(w *codec.Writer) {
	w.Section(Name, fileVersion)
	w.Uint32(uint32(m.factors))
	w.Float64(m.regularization)
	w.Float64(m.unobserved)
	w.Uint64(m.pairs)
	w.Uint32(uint32(m.users.active))
	w.Float32s(m.users.gram)
	w.Uint32(uint32(m.trained))
	w.Uint32s(m.items)
	w.Float32s(m.vectors)
	if m.index == nil {
		w.Uint32(0)
		return
	}
	w.Uint32(1)
	m.index.SaveSection(w.Within(Name + "/"))
}

// vectorMax bounds the numbers of a vector, so that no file makes a score that is not finite. Those of trained vectors
// are about one.
const vectorMax = 1e4

// Load reads what Save put. The trainer's fields do not matter. Items that are gone are proposed no more, but scores of
// the others stay what they were.
func (t Trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	r.Section(Name, fileVersion)
	p := parts{
		loss:  loss{factors: int(r.Uint32()), regularization: r.Float64(), unobserved: r.Float64()},
		pairs: r.Uint64(), users: audience{active: int(r.Uint32()), gram: r.Float32s()},
		trained: int(r.Uint32()), items: r.Uint32s(), vectors: r.Float32s(),
	}
	indexed := r.Uint32()
	p.check(r, len(at))
	_, _, err := model.Places(at)
	if err = cmp.Or(r.Err(), err); err != nil {
		return nil, fmt.Errorf("als: load: %w", err)
	}
	for row, item := range p.items {
		if item != model.NoItem {
			p.items[row] = at[item]
		}
	}
	m, err := newModel(context.Background(), p, 0)
	if err != nil {
		return nil, err
	}
	if indexed != 0 {
		if err := m.loadIndex(r.Within(Name+"/"), at); err != nil {
			return nil, fmt.Errorf("als: load: %w", err)
		}
	}
	return m, nil
}

// check fails r for what no training makes.
func (p *parts) check(r *codec.Reader, handles int) {
	switch {
	case p.factors < 1 || p.factors > factorsMax:
		r.Fail("als: %d factors", p.factors)
	case !positive(p.regularization) || p.unobserved != 0 && !positive(p.unobserved):
		r.Fail("als: weight out of range")
	case len(p.users.gram) != p.factors*p.factors:
		r.Fail("als: users of %d numbers", len(p.users.gram))
	case p.trained > len(p.items) || len(p.vectors) != (len(p.items)+1)*p.factors:
		r.Fail("als: %d numbers for %d vectors, %d of them trained", len(p.vectors), len(p.items)+1, p.trained)
	}
	if r.Err() != nil {
		return
	}
	for i, v := range p.vectors {
		if v > vectorMax || v < -vectorMax || i >= len(p.items)*p.factors && v != 0 {
			r.Fail("als: vector out of range")
			return
		}
	}
	taken := make([]bool, handles)
	for _, item := range p.items {
		switch {
		case item == model.NoItem:
		case uint64(item) >= uint64(handles) || taken[item]:
			r.Fail("als: item %d of %d is not there, or twice", item, handles)
			return
		default:
			taken[item] = true
		}
	}
}

// loadIndex reads the index. What it finds is scored by the vectors anew, so it need not agree with them.
func (m *Model) loadIndex(r *codec.Reader, at []uint32) (err error) {
	m.index, err = ann.LoadSection(r, ann.Options{}, func(key uint32) (uint32, bool) {
		if uint64(key) >= uint64(len(at)) {
			return 0, false
		}
		return at[key], int(m.row(at[key])) < len(m.items)
	})
	if err != nil {
		return err
	}
	if m.index.Dim() != m.factors || m.index.Metric() != ann.InnerProduct {
		r.Fail("als: index of other vectors")
	}
	return r.Err()
}
