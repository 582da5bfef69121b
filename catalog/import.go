package catalog

import (
	"context"
	"errors"
	"iter"
)

// ImportOptions say how a feed becomes items. The zero value ends at the first bad row and removes nothing.
type ImportOptions struct {
	// Bad is called with each row that cannot be taken: what it returns ends the import as its error, nil goes on.
	Bad func(*RowError) error

	// Progress is called after every ProgressRows rows (0: 10,000), and at the end.
	Progress     func(ImportReport)
	ProgressRows int

	Missing MissingItems // what becomes of items that the feed does not have
}

// MissingItems is what becomes of items that are not in a feed.
type MissingItems int

// The choices.
const (
	KeepMissing   MissingItems = iota // the feed is a part of the catalogue, or what has changed
	DeleteMissing                     // the feed is all that is sold
)

// ImportReport counts what became of the rows of a feed.
type ImportReport struct {
	Rows      int // read so far, bad ones included
	Written   int // items that are new, or other than they were
	Unchanged int // rows that say what the catalogue has already
	Bad       int // rows that cannot be taken
	Deleted   int // items that the feed does not have
}

// Import brings the catalogue to what a reader such as [ReadMerchantXML] tells. It writes only what has changed, so that
// followers of [Catalog.Changes] hear of nothing else. What came before an error stays, and so do versions of an item that
// a later row replaces.
//
// With DeleteMissing, items that were there before the import and are in no row are deleted once the feed has been read
// to its end without an error; not, however, when a row was bad: nobody knows whose it was. It costs what Upsert costs for
// each row, and a bit for each handle. An error of the feed itself, or of ctx, ends it.
func (c *Catalog) Import(ctx context.Context, items iter.Seq2[Item, error], o ImportOptions) (report ImportReport, err error) {
	every := o.ProgressRows
	if every <= 0 {
		every = 10_000
	}
	before := uint32(c.Handles())
	seen := make([]uint64, before/64+1)
	for it, err := range items {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		report.Rows++
		if row, ok := errors.AsType[*RowError](err); ok {
			report.Bad++
			if o.Bad != nil {
				err = o.Bad(row)
			}
		} else if err == nil {
			err = c.importItem(&it, before, seen, &report)
		}
		if err != nil {
			return report, err
		}
		if o.Progress != nil && report.Rows%every == 0 {
			o.Progress(report)
		}
	}
	if o.Missing == DeleteMissing && report.Bad == 0 {
		c.deleteMissing(before, seen, &report)
	}
	if o.Progress != nil {
		o.Progress(report)
	}
	return report, nil
}

func (c *Catalog) importItem(it *Item, before uint32, seen []uint64, report *ImportReport) error {
	if err := it.check(); err != nil {
		return err
	}
	c.mu.Lock()
	handle, changed, err := c.upsert(it)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if handle < before {
		seen[handle/64] |= 1 << (handle % 64)
	}
	if changed {
		report.Written++
	} else {
		report.Unchanged++
	}
	return nil
}

func (c *Catalog) deleteMissing(before uint32, seen []uint64, report *ImportReport) {
	for handle := range before {
		if seen[handle/64]>>(handle%64)&1 == 0 && c.record(handle) != nil && c.Delete(c.ID(handle)) == nil {
			report.Deleted++
		}
	}
}
