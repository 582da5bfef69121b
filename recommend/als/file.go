package als

import (
	"context"
	"fmt"
	"io"

	"github.com/goldrec/gold/internal/codec"
	"github.com/goldrec/gold/recommend/model"
)

const version = 1

// Save writes the loss, the items and their vectors.
func (m *Model) Save(w io.Writer) error {
	c := codec.NewWriter(w, name, version)
	c.Uint32(uint32(m.factors))
	c.Float64(m.regularization)
	c.Float64(m.unobserved)
	c.Strings(m.items.Len(), func(i int) string { return m.items.ID(uint32(i)) })
	c.Float32s(m.vectors)
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
	if err := c.Close(); err != nil {
		return nil, fmt.Errorf("als: load: %w", err)
	}
	return newModel(context.Background(), l, model.NewIDs(items), vectors, 0)
}
