package stage

import (
	"fmt"
	"sync/atomic"

	"github.com/goldrec/gold/catalog"
)

// where keeps the compiled form of a filter for the catalogue that it was last asked about: an engine has one.
type where struct{ last atomic.Pointer[compiled] }

type compiled struct {
	catalog *catalog.Catalog
	matcher *catalog.Matcher // nil: the filter makes no sense
}

// in returns the filter's matcher, nil for a filter that makes no sense: Validate has said so.
func (w *where) in(c *catalog.Catalog, f catalog.Filter) *catalog.Matcher {
	last := w.last.Load()
	if last == nil || last.catalog != c {
		last = &compiled{catalog: c}
		if m, err := c.Compile(f); err == nil {
			last.matcher = m
		}
		w.last.Store(last)
	}
	return last.matcher
}

// columns keeps the columns of fields for the catalogue that it was last asked about.
type columns struct{ last atomic.Pointer[columnsOf] }

type columnsOf struct {
	catalog *catalog.Catalog
	list    []*catalog.Column // up to the first field that is none
}

// in returns the columns of the fields, which are the same each time; too few when one is none: Validate has said so.
func (c *columns) in(of *catalog.Catalog, fields ...string) []*catalog.Column {
	last := c.last.Load()
	if last == nil || last.catalog != of {
		last = &columnsOf{catalog: of}
		for _, field := range fields {
			column, err := of.Column(field)
			if err != nil {
				break
			}
			last.list = append(last.list, column)
		}
		c.last.Store(last)
	}
	return last.list
}

// checkFilter says what is wrong with a filter, which must be there.
func checkFilter(stage string, f catalog.Filter) error {
	if f == nil {
		return fmt.Errorf("%w: %s: no filter", ErrInvalid, stage)
	}
	if _, err := catalog.New().Compile(f); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrInvalid, stage, err)
	}
	return nil
}

// checkField says what is wrong with the name of a field whose values are counted or compared.
func checkField(stage, field string) error {
	if _, err := catalog.New().Column(field); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrInvalid, stage, err)
	}
	return nil
}
