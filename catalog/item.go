// Package catalog holds what can be recommended: items, their facets, and filters over them.
//
// A [Catalog] gives every item a dense handle, a uint32 that stays the item's for the life of the catalogue; sets of
// items are bitmaps of handles. Writers change items while readers read, and no reader ever waits.
//
//	cat := catalog.New()
//	h, err := cat.Upsert(catalog.Item{ID: "tea", Title: "Green tea", Available: true})
//	m, err := cat.Compile(catalog.And(catalog.Equals("brand", "Acme"), catalog.Available()))
//	ok := m.Match(h)
package catalog

import (
	"errors"
	"time"
)

var (
	// ErrUnknownItem says that the catalogue has no such item.
	ErrUnknownItem = errors.New("catalog: unknown item")
	// ErrInvalid says that an item or filter cannot be accepted; the wrapping error says which field and why.
	ErrInvalid = errors.New("catalog: invalid")
)

// PathSeparator stands between the names of a category path, as in "Home > Kitchen > Mugs".
const PathSeparator = " > "

// Money is an amount in the minor unit of a currency: {1999, "EUR"} is 19.99 €.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"` // ISO 4217, three upper-case letters
}

// Item is a product. Only ID is required. An Item handed to or got from a Catalog is shared and must not be changed.
type Item struct {
	ID          string              `json:"id"`
	Title       string              `json:"title,omitempty"`
	Description string              `json:"description,omitempty"`
	Categories  []string            `json:"categories,omitempty"` // paths, general to special: "Home > Kitchen"
	Brand       string              `json:"brand,omitempty"`
	Price       Money               `json:"price,omitzero"`
	Attributes  map[string][]string `json:"attributes,omitempty"` // such as colour: [red, blue]
	Image       string              `json:"image,omitempty"`      // a URL
	Vector      []float32           `json:"vector,omitempty"`     // an embedding; finite, of any one dimension
	Stock       int                 `json:"stock,omitempty"`      // units; what sells out is made unavailable by its owner
	Available   bool                `json:"available"`            // may be shown
	Created     time.Time           `json:"created,omitzero"`
}
