package content

import (
	"fmt"
	"io"

	"github.com/goldrec/gold/internal/codec"
	"github.com/goldrec/gold/recommend/model"
)

const fileVersion = 1

// Save writes the items and their neighbour lists.
func (c *content) Save(w io.Writer) error {
	n := c.items.Len()
	sizes := make([]uint32, n)
	ids, scores := make([]uint32, len(c.neighbours)), make([]float32, len(c.neighbours))
	for i := range sizes {
		sizes[i] = uint32(len(c.list(uint32(i))))
	}
	for i, near := range c.neighbours {
		ids[i], scores[i] = near.Item, near.Score
	}
	out := codec.NewWriter(w, Name, fileVersion)
	out.Strings(n, func(i int) string { return c.items.ID(uint32(i)) })
	out.Uint32s(sizes)
	out.Uint32s(ids)
	out.Float32s(scores)
	if err := out.Close(); err != nil {
		return fmt.Errorf("content: save: %w", err)
	}
	return nil
}

// Load reads what Save wrote. A damaged stream is an error that wraps model.ErrCorrupt.
func (Trainer) Load(r io.Reader) (model.Model, error) {
	c, err := load(r)
	if err != nil {
		return nil, fmt.Errorf("content: load: %w", err)
	}
	return c, nil
}

func load(r io.Reader) (*content, error) {
	in, err := codec.NewReader(r, Name, fileVersion)
	if err != nil {
		return nil, err
	}
	names, sizes, ids, scores := in.Strings(), in.Uint32s(), in.Uint32s(), in.Float32s()
	c := &content{items: model.NewIDs(names), offsets: make([]int, len(sizes)+1)}
	for i, size := range sizes {
		c.offsets[i+1] = c.offsets[i] + int(size)
	}
	if len(sizes) != len(names) || c.offsets[len(sizes)] != len(ids) || len(ids) != len(scores) {
		in.Fail("lists that do not fit together")
	}
	for i, id := range ids {
		if int64(id) >= int64(len(names)) || i < len(scores) && !(scores[i] > 0 && scores[i] <= 1) {
			in.Fail("neighbour out of range")
			break
		}
	}
	if err := in.Close(); err != nil {
		return nil, err
	}
	c.neighbours = make([]model.Scored, len(ids))
	for i, id := range ids {
		c.neighbours[i] = model.Scored{Item: id, Score: scores[i]}
	}
	return c, nil
}
