package als

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

const version = 1

// Save puts the loss, the items and their vectors, and the index if there is one.
func (m *Model) Save(w *codec.Writer) {
	w.Section(name, version)
	w.Uint32(uint32(m.factors))
	w.Float64(m.regularization)
	w.Float64(m.unobserved)
	w.Uint32s(m.items)
	w.Float32s(m.vectors)
	var index bytes.Buffer
	if m.index != nil {
		if _, err := m.index.WriteTo(&index); err != nil {
			w.Fail(err)
		}
	}
	w.Bytes(index.Bytes())
}

// vectorMax bounds the numbers of a vector, so that no file makes a score that is not finite. Those of trained vectors
// are about one.
const vectorMax = 1e4

// Load reads what Save put. The trainer's fields do not matter. Items that are gone are proposed no more, but scores of
// the others stay what they were. Of several items that have become one the first counts.
func (t Trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	r.Section(name, version)
	l := loss{factors: int(r.Uint32()), regularization: r.Float64(), unobserved: r.Float64()}
	items, vectors, stored := r.Uint32s(), r.Float32s(), r.Bytes()
	checkFile(r, l, items, vectors)
	moveItems(r, items, at)
	if r.Err() != nil {
		return nil, fmt.Errorf("als: load: %w", r.Err())
	}
	m, err := newModel(context.Background(), l, items, vectors, 0)
	if err != nil {
		return nil, err
	}
	if len(stored) > 0 {
		m.index, err = readIndex(stored, l.factors)
	}
	return m, err
}

// checkFile fails r for numbers that no training makes.
func checkFile(r *codec.Reader, l loss, items []uint32, vectors []float32) {
	switch {
	case l.factors < 1 || l.factors > factorsMax:
		r.Fail("als: %d factors", l.factors)
	case !positive(l.regularization) || l.unobserved != 0 && !positive(l.unobserved):
		r.Fail("als: weight out of range")
	case len(vectors) != (len(items)+1)*l.factors:
		r.Fail("als: %d numbers for %d vectors", len(vectors), len(items)+1)
	}
	if r.Err() != nil {
		return
	}
	for i, v := range vectors {
		if v > vectorMax || v < -vectorMax || i >= len(items)*l.factors && v != 0 {
			r.Fail("als: vector out of range")
			return
		}
	}
}

// moveItems replaces the items' handles in a file by the present ones.
func moveItems(r *codec.Reader, items, at []uint32) {
	taken := make([]bool, len(at))
	for row, item := range items {
		if item == model.NoItem {
			continue
		}
		if uint64(item) >= uint64(len(at)) || taken[item] {
			r.Fail("als: item %d of %d is not there, or twice", item, len(at))
			return
		}
		taken[item] = true
		items[row] = at[item]
	}
}

// readIndex reads the index. What it finds is scored by the vectors anew, so it need not agree with them.
func readIndex(stored []byte, factors int) (*ann.HNSW, error) {
	index, err := ann.ReadHNSW(bytes.NewReader(stored), ann.Options{})
	switch {
	case errors.Is(err, ann.ErrCorrupt):
		return nil, fmt.Errorf("%w: %w", model.ErrCorrupt, err)
	case err != nil:
		return nil, err
	case index.Dim() != factors || index.Metric() != ann.InnerProduct:
		return nil, fmt.Errorf("%w: index of other vectors", model.ErrCorrupt)
	}
	return index, nil
}
