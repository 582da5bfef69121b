// Package stock is what a shop opens with: its products, what people did there before, and a few shoppers to look over
// the shoulder of. Package seed makes one up and package retail reads one; a [Dir] keeps it.
package stock

import (
	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

// Stock is a shop before its doors open.
type Stock struct {
	Source       string // what it comes from, such as "seed 1": one line, kept so that nobody mixes two up
	Items        []catalog.Item
	Interactions []store.Interaction // the oldest first
	Shoppers     []Shopper           // for the switcher of the storefront; a handful
}

// Shopper is somebody whom a visitor of the demonstration can be.
type Shopper struct {
	ID   string `json:"id"`   // as in Interaction.User
	Name string `json:"name"` // for people
	Note string `json:"note"` // what they are like, in a few words
}
