package content

import (
	"fmt"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

const fileVersion = 1

// Save puts the neighbour lists by handle into one section.
func (m *Model) Save(w *codec.Writer) {
	w.Section(Name, fileVersion)
	w.Uint32(uint32(m.k))
	w.Uint32(uint32(m.whole))
	w.Uint32(uint32(m.since))
	w.Uint64s(m.prints)
	w.Uint64s(m.offsets)
	w.Uint32s(m.near)
	w.Float32s(m.similar)
}

// Load reads what Save put and moves it to the present handles: an item that is gone is in no list any more.
func (Trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	m, err := load(r, at)
	if err != nil {
		return nil, fmt.Errorf("content: load: %w", err)
	}
	return m, nil
}

func load(r *codec.Reader, at []uint32) (*Model, error) {
	_, same, err := model.Places(at)
	if err != nil {
		return nil, err
	}
	r.Section(Name, fileVersion)
	m := &Model{
		k: int(r.Uint32()), whole: int(r.Uint32()), since: int(r.Uint32()), prints: r.Uint64s(),
		offsets: r.Uint64s(), near: r.Uint32s(), similar: r.Float32s(),
	}
	if r.Err() == nil && !m.sound(len(at)) {
		r.Fail("lists that do not fit together")
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if !same {
		m = m.moved(at)
	}
	m.count()
	return m, nil
}

// sound reports whether what was read can be a model of items below a number.
func (m *Model) sound(items int) bool {
	n := len(m.prints)
	if m.k < 1 || m.k > neighborsMax || n > items || len(m.offsets) != n+1 || len(m.near) != len(m.similar) ||
		m.offsets[0] != 0 || m.offsets[n] != uint64(len(m.near)) {
		return false
	}
	for i := range n {
		if m.offsets[i] > m.offsets[i+1] {
			return false
		}
	}
	for i, item := range m.near {
		if int64(item) >= int64(n) || m.prints[item] == 0 || !(m.similar[i] > 0 && m.similar[i] <= 1) {
			return false
		}
	}
	return true
}

// moved returns the model in which item i is item at[i].
func (m *Model) moved(at []uint32) *Model {
	size := 0
	for i, p := range m.prints {
		if p != 0 && at[i] != model.NoItem {
			size = max(size, int(at[i])+1)
		}
	}
	lists, prints := make([][]model.Scored, size), make([]uint64, size)
	gone := 0
	for i, p := range m.prints {
		if p != 0 && at[i] == model.NoItem {
			gone++
		}
		if p == 0 || at[i] == model.NoItem {
			continue
		}
		var list []model.Scored
		near, similar := m.list(uint32(i))
		for j, item := range near {
			if to := at[item]; to != model.NoItem {
				list = append(list, model.Scored{Item: to, Score: similar[j]})
			}
		}
		lists[at[i]], prints[at[i]] = list, p
	}
	now := newModel(lists, prints, m.k)
	now.whole, now.since = m.whole, m.since+gone
	return now
}
