package catalog

// Filter is a typed expression over items: And, Or, Not, Equals, In, Range, Available.
type Filter interface{ filter() }
