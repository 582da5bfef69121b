package recommend

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/goldrec/gold/store"
)

// Record stores interactions and makes them felt: they are in the store's log, as durably as it promises, when Record
// returns nil, and the next Recommend sees them. An interaction without a Time gets the present one. When one of them
// is invalid, or there are more than store.BatchMax, none is stored and the error, wrapping store.ErrInvalid, says which.
// Of interactions with the same ID of one user the first counts, so a call may be repeated when its outcome is not
// known. Items need not be in the catalogue.
//
// One that does not say what brought it about gets that from the user's newest pages, as far as they are in memory and had
// the item: its Page, Source, Rank, Propensity, and the experiment and variant that chose the page.
func (e *Engine) Record(ctx context.Context, batch ...store.Interaction) error {
	if err := e.life.begin(); err != nil {
		return err
	}
	defer e.life.done()
	entries := make([]store.Entry, len(batch))
	for i := range batch {
		in := &entries[i].Interaction
		if *in = batch[i]; in.Time.IsZero() {
			in.Time = e.now()
		}
		err := in.Validate()
		if err == nil {
			err = e.weights.check(in)
		}
		if err != nil {
			return fmt.Errorf("recommend: record: interaction %d of %d, of user %q with item %q: %w", i+1, len(batch),
				clip(in.User), clip(in.Item), err)
		}
		e.attribute(in)
	}
	return e.append(ctx, entries)
}

// clip shortens an identifier that may be anything.
func clip(id string) string { return id[:min(len(id), 64)] }

// append stores entries and applies them. The store says what became of them whatever becomes of ctx, so that memory and
// log do not part.
func (e *Engine) append(ctx context.Context, entries []store.Entry) error {
	if err := e.store.Append(ctx, entries); err != nil {
		return fmt.Errorf("recommend: record %d entries: %w", len(entries), err)
	}
	for i := range entries {
		if entries[i].Position != 0 { // else the log had it before
			e.apply(&entries[i])
		}
	}
	if e.applied.scattered() {
		return e.catchUp(ctx)
	}
	return nil
}

// attribute says which page an interaction comes from, if the caller did not.
func (e *Engine) attribute(in *store.Interaction) {
	if in.Page != "" || in.Source != "" || in.Variant != "" {
		return
	}
	u, met := e.users.get(in.User)
	if !met {
		e.attributeVariant(in)
		return
	}
	item, known := e.items.Lookup(in.Item)
	if s := u.state.Load(); s == nil || !known || !s.attribute(in, item) {
		e.attributeVariant(in)
	}
}

// attributeVariant stamps an interaction that comes from no page with the user's variant of the first experiment that has
// one.
func (e *Engine) attributeVariant(in *store.Interaction) {
	for _, x := range e.opts.Experiments {
		if variant := x.Variant(in.User); variant != "" {
			in.Experiment, in.Variant = x.Key(), variant
			return
		}
	}
}

// importBatch is how many interactions RecordAll hands to the store at a time.
const importBatch = 1000

// RecordAll records a sequence, such as the rows that store.ReadCSV yields, in batches, which is how much should come in
// fast. It returns how many were recorded, and stops at the first error, of the sequence or of Record; those of the
// batches before stay recorded.
func (e *Engine) RecordAll(ctx context.Context, all iter.Seq2[store.Interaction, error]) (n int, err error) {
	batch := make([]store.Interaction, 0, importBatch)
	flush := func() error {
		err := e.Record(ctx, batch...)
		if err == nil {
			n += len(batch)
		}
		batch = batch[:0]
		return err
	}
	for in, err := range all {
		if err == nil {
			if batch = append(batch, in); len(batch) < importBatch {
				continue
			}
			err = flush()
		}
		if err != nil {
			return n, errors.Join(err, flush())
		}
	}
	return n, flush()
}
