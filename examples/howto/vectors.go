package howto

import (
	"context"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/catalog"
)

// Alike finds items by vectors of your own, of pictures or texts, in an index that follows the catalogue.
type Alike struct {
	cat   *catalog.Catalog
	index *ann.HNSW // keys are the catalogue's handles
}

// NewAlike makes an empty index of vectors of a length.
func NewAlike(cat *catalog.Catalog, dim int) (*Alike, error) {
	index, err := ann.NewHNSW(ann.Options{Dim: dim, Metric: ann.Cosine})
	return &Alike{cat: cat, index: index}, err
}

// Follow takes in the vectors of all items and then whatever changes, until ctx ends. Searches go on meanwhile. An item without
// a vector, or with one of another length, is not in the index.
func (a *Alike) Follow(ctx context.Context) error {
	for change, err := range a.cat.Changes(ctx, 0) {
		if err != nil {
			return err
		}
		item := a.cat.Item(change.Handle)
		if item == nil || a.index.Add(change.Handle, item.Vector) != nil {
			a.index.Delete(change.Handle)
		}
	}
	return ctx.Err()
}

// Similar returns up to n items whose vectors are nearest to that of an item, of those that the filter matches.
func (a *Alike) Similar(item uint32, n int, filter catalog.Filter) ([]uint32, error) {
	vector, ok := a.index.Vector(nil, item)
	if !ok {
		return nil, catalog.ErrUnknownItem
	}
	matcher, err := a.cat.Compile(filter)
	if err != nil {
		return nil, err
	}
	near, err := a.index.Search(nil, vector, n+1, ann.SearchOptions{Filter: matcher.Bitmap()})
	var items []uint32
	for _, r := range near {
		if r.Key != item {
			items = append(items, r.Key)
		}
	}
	return items[:min(n, len(items))], err
}
