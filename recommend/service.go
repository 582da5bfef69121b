package recommend

import (
	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// service is a model in its place: immutable, read through one atomic pointer. It joins the model's handles to the
// catalogue's, so that neither has to know of the other.
type service struct {
	model    model.Model
	version  uint64         // in the store
	epoch    uint64         // grows with every swap in this process
	position store.Position // the newest entry of the log that it was trained on

	toModel   []uint32 // catalogue handle → model handle or model.NoItem
	toCatalog []uint32 // model handle → catalogue handle or model.NoItem
}

func newService(m model.Model, position store.Position, version, epoch uint64, cat *catalog.Catalog) *service {
	items := m.Items()
	s := &service{
		model: m, version: version, epoch: epoch, position: position,
		toModel:   make([]uint32, cat.Handles()),
		toCatalog: make([]uint32, items.Len()),
	}
	for h := range s.toModel {
		s.toModel[h] = model.NoItem
	}
	for mh := range s.toCatalog {
		s.toCatalog[mh] = model.NoItem
		if h, ok := cat.Lookup(items.ID(uint32(mh))); ok && int(h) < len(s.toModel) {
			s.toCatalog[mh] = h
			s.toModel[h] = uint32(mh)
		}
	}
	return s
}

// modelItem is the model's handle of a catalogue item; items newer than the service have none.
func (s *service) modelItem(item uint32) (uint32, bool) {
	if int(item) >= len(s.toModel) {
		return 0, false
	}
	h := s.toModel[item]
	return h, h != model.NoItem
}

// parted is a model made of others that can be asked for by name.
type parted interface {
	Part(name string) (model.Model, bool)
}

// has reports whether a pipeline can be asked for by its name; a nil service has only what is trending.
func (s *service) has(name string) bool {
	if s == nil || name == Trending {
		return name == Trending
	}
	_, ok := s.named(name)
	return ok
}

// named is the model itself for "" and its own name, else its part of that name.
func (s *service) named(name string) (model.Model, bool) {
	if name == "" || name == s.model.Name() {
		return s.model, true
	}
	if p, ok := s.model.(parted); ok {
		return p.Part(name)
	}
	return nil, false
}
