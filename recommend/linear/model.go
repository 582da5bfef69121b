package linear

import (
	"fmt"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// Model is a fitted B: immutable and safe for concurrent use.
type Model struct{ links.Model }

func newModel(t *links.Table) *Model { return &Model{links.NewModel(Name, t, links.Roots)} }

const fileVersion = 1

// Save puts the entries of B.
func (m *Model) Save(w *codec.Writer) {
	w.Section(Name, fileVersion)
	m.Put(w)
}

// Load reads what Save put. The trainer's fields do not matter.
func (t Trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	r.Section(Name, fileVersion)
	table, err := links.Get(r, at)
	if err != nil {
		return nil, fmt.Errorf("linear: load: %w", err)
	}
	return newModel(table), nil
}
