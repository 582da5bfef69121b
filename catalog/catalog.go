package catalog

// Catalog is the items, by handle.
type Catalog struct{}
