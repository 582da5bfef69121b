package catalog

import "time"

// PathSeparator stands between the names of a category path, as in "Home > Kitchen > Mugs".
const PathSeparator = " > "

// Bounds of an [Item]. What is beyond one is refused with an [InvalidError].
const (
	IDMax     = 512  // bytes of an identifier
	ValuesMax = 1000 // category paths with all their prefixes, and attribute values, of one item together
)

// Money is an amount in the minor unit of a currency: {1999, "EUR"} is 19.99 €. The zero value is no price at all.
type Money struct {
	Minor    int64  `json:"minor"`    // 0 or more
	Currency string `json:"currency"` // ISO 4217, three upper-case letters
}

// Item is a product. Only ID is required; every string is UTF-8. An item whose Available is false is never recommended: one
// written down in Go has to say Available: true. An Item that came from a Catalog is the caller's own.
type Item struct {
	ID          string              `json:"id"` // 1 to IDMax bytes
	Title       string              `json:"title,omitempty"`
	Description string              `json:"description,omitempty"`
	Categories  []string            `json:"categories,omitempty"` // paths, general to special: "Home > Kitchen"
	Brand       string              `json:"brand,omitempty"`
	Group       string              `json:"group,omitempty"` // what variants of one product have in common, such as its sizes
	Price       Money               `json:"price,omitzero"`
	Attributes  map[string][]string `json:"attributes,omitempty"` // such as colour: [red, blue]; no empty key or value
	Image       string              `json:"image,omitempty"`      // a URL
	Vector      []float32           `json:"vector,omitempty"`     // an embedding: finite, of any dimension
	Stock       int                 `json:"stock,omitempty"`      // units, 0 or more; what sells out is made unavailable by its owner
	Available   bool                `json:"available"`            // may be shown; set it, or the item never is
	Created     time.Time           `json:"created,omitzero"`     // a catalogue keeps it in UTC
}

// Patch is what changes often. nil fields stay as they are:
//
//	err := cat.Patch("tea", catalog.Patch{Stock: new(0), Available: new(false)})
type Patch struct {
	Price     *Money `json:"price,omitempty"`
	Stock     *int   `json:"stock,omitempty"`
	Available *bool  `json:"available,omitempty"`
}
