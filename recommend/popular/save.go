package popular

import (
	"fmt"
	"io"

	"github.com/goldrec/gold/internal/codec"
	"github.com/goldrec/gold/recommend/model"
)

const fileVersion = 1

// Save writes the items and their scores; the order is made again by Load.
func (p *popular) Save(w io.Writer) error {
	out := codec.NewWriter(w, Name, fileVersion)
	out.Strings(p.items.Len(), func(i int) string { return p.items.ID(uint32(i)) })
	out.Float32s(p.scores)
	if err := out.Close(); err != nil {
		return fmt.Errorf("popular: save: %w", err)
	}
	return nil
}

// Load reads what Save wrote. A damaged stream is an error that wraps model.ErrCorrupt.
func (Trainer) Load(r io.Reader) (model.Model, error) {
	p, err := load(r)
	if err != nil {
		return nil, fmt.Errorf("popular: load: %w", err)
	}
	return p, nil
}

func load(r io.Reader) (*popular, error) {
	in, err := codec.NewReader(r, Name, fileVersion)
	if err != nil {
		return nil, err
	}
	ids, scores := in.Strings(), in.Float32s()
	if len(ids) != len(scores) {
		in.Fail("items and scores differ in number")
	}
	if err := in.Close(); err != nil {
		return nil, err
	}
	return newPopular(model.NewIDs(ids), scores), nil
}
