package als

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/internal/codec"
	"github.com/goldrec/gold/recommend/model"
)

const version = 1

// Save writes the loss, the items, their vectors, and the index if there is one.
func (m *Model) Save(w io.Writer) error {
	c := codec.NewWriter(w, name, version)
	c.Uint32(uint32(m.factors))
	c.Float64(m.regularization)
	c.Float64(m.unobserved)
	c.Strings(m.items.Len(), func(i int) string { return m.items.ID(uint32(i)) })
	c.Float32s(m.vectors)
	c.Nested(func(w io.Writer) error {
		if m.index == nil {
			return nil
		}
		_, err := m.index.WriteTo(w)
		return err
	})
	return c.Close()
}

// vectorMax bounds the numbers of a vector, so that no file makes a score that is not finite. Those of trained vectors
// are about one.
const vectorMax = 1e4

// Load reads what Save wrote. The trainer's fields do not matter.
func (t Trainer) Load(r io.Reader) (model.Model, error) {
	c, err := codec.NewReader(r, name, version)
	if err != nil {
		return nil, fmt.Errorf("als: load: %w", err)
	}
	l := loss{factors: int(c.Uint32()), regularization: c.Float64(), unobserved: c.Float64()}
	items, vectors := c.Strings(), c.Float32s()
	switch {
	case l.factors < 1 || l.factors > factorsMax:
		c.Fail("number of factors")
	case !positive(l.regularization) || l.unobserved != 0 && !positive(l.unobserved):
		c.Fail("weight out of range")
	case len(vectors) != len(items)*l.factors:
		c.Fail("as many vectors as items were due")
	}
	for _, v := range vectors {
		if v > vectorMax || v < -vectorMax {
			c.Fail("vector out of range")
			break
		}
	}
	var index *ann.HNSW
	c.Nested(func(r io.Reader) error {
		index, err = readIndex(r, l.factors)
		return err
	})
	if err := c.Close(); err != nil {
		return nil, fmt.Errorf("als: load: %w", err)
	}
	m, err := newModel(context.Background(), l, model.NewIDs(items), vectors, 0)
	if err != nil {
		return nil, err
	}
	m.index = index
	return m, nil
}

// readIndex reads the index, or nil from an empty stream. What it finds is scored by the vectors anew, so it need not
// agree with them.
func readIndex(r io.Reader, factors int) (*ann.HNSW, error) {
	b := bufio.NewReader(r)
	if _, err := b.Peek(1); err == io.EOF {
		return nil, nil
	}
	index, err := ann.ReadHNSW(b, ann.Options{})
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
