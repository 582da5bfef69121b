package content

import (
	"context"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// Extend finds neighbours for the items of data that have content and that the model did not know; they also enter the
// lists of those, beside what is in them, so that no item that was known scores otherwise than before. What the catalogue
// says otherwise now, or no longer, waits for the next training. It reads the content of all items again, in some seconds
// for a million, and compares the new ones only. With nothing new it returns the model itself.
func (m *Model) Extend(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !m.misses(data) {
		return m, nil
	}
	s, err := read(ctx, data, opt)
	if err != nil {
		return nil, err
	}
	prints, wanted := slices.Clone(m.prints), []uint32(nil)
	if more := len(s.prints) - len(prints); more > 0 {
		prints = append(prints, make([]uint64, more)...)
	}
	for i, p := range s.prints {
		if p != 0 && prints[i] == 0 {
			prints[i] = p
			wanted = append(wanted, uint32(i))
		}
	}
	near, err := s.nearest(ctx, wanted, m.k, opt)
	if err != nil {
		return nil, err
	}
	near = append(near, make([][]model.Scored, len(prints)-len(near))...)
	out := newModel(joining{k: m.k, extend: true}.join(m.lists(len(prints)), near), prints, m.k)
	out.whole, out.since = m.whole, m.since+len(wanted)
	return out, nil
}

// misses reports whether data has content that the model does not know.
func (m *Model) misses(data *model.Dataset) bool {
	for i := range uint32(data.ItemCount()) {
		if m.print(i) != 0 {
			continue
		}
		if item := data.Content(i); item != nil && len(appendTerms(nil, item))+len(unit(item.Vector)) > 0 {
			return true
		}
	}
	return false
}

// lists returns the lists of n items.
func (m *Model) lists(n int) [][]model.Scored {
	all := make([][]model.Scored, n)
	for i := range m.prints {
		near, similar := m.list(uint32(i))
		all[i] = make([]model.Scored, 0, len(near))
		for j, item := range near {
			all[i] = append(all[i], model.Scored{Item: item, Score: similar[j]})
		}
	}
	return all
}
