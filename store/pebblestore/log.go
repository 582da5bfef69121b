package pebblestore

import (
	"context"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

const (
	scanEntries   = 1024   // read in one go by Scan and Segment
	removeEntries = 10_000 // deleted in one batch by Forget and Trim
)

// Append implements store.Log. It waits for one sync of the disk, which it shares with the calls made meanwhile, and not
// less: ctx is looked at only before. An entry with an ID costs a look-up more.
func (s *Store) Append(ctx context.Context, batch []store.Entry) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if len(batch) == 0 {
		return nil
	}
	if err := store.ValidateBatch(batch); err != nil {
		return err
	}
	if s.space.full(batchBytes(batch)) {
		return ErrFull
	}
	if err := s.commits.append(batch); err != nil {
		return fmt.Errorf("pebblestore: append %d entries: %w", len(batch), err)
	}
	return nil
}

// batchBytes is about what a batch takes in the log, in the histories, and in the write-ahead log. A small one counts
// nothing: the reserve is there for it.
func batchBytes(batch []store.Entry) (n int) {
	if len(batch) < 100 {
		return 0
	}
	for i := range batch {
		in := &batch[i].Interaction
		n += 100 + 2*(len(in.User)+len(in.Item)+len(in.Session)+len(in.Placement)+len(in.Variant)+len(in.ID)+
			len(in.Experiment)+len(in.Source)+len(in.Page))
	}
	return 2 * n
}

func (s *Store) end() store.Position { return store.Position(s.commits.end.Load()) }

// End implements store.Log.
func (s *Store) End(ctx context.Context) (store.Place, error) {
	if err := s.enter(ctx); err != nil {
		return store.Place{}, err
	}
	defer s.leave()
	return store.Place{}.With(0, s.end()), nil
}

// Wait implements store.Log. The commit of what it waits for wakes it. It returns ErrFailed when there will be none.
func (s *Store) Wait(ctx context.Context, since store.Place) error {
	for {
		changed, found, err := s.look(ctx, since.At(0))
		if err != nil || found {
			return err
		}
		select {
		case <-changed:
		case <-s.closing:
			return store.ErrClosed
		case <-s.guard.failed:
			return s.guard.err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look reports whether there is an entry after a position, and gives what is closed when there may be another.
func (s *Store) look(ctx context.Context, after store.Position) (changed <-chan struct{}, found bool, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, false, err
	}
	defer s.leave()
	changed = s.commits.changed()
	end := s.end()
	if after >= end {
		return changed, false, nil
	}
	it, err := s.logIter(ctx, after, end)
	if err != nil {
		return nil, false, err
	}
	found = it.First()
	if err := it.Close(); err != nil {
		return nil, false, fmt.Errorf("pebblestore: wait after %d: %w", after, err)
	}
	return changed, found, nil
}

// logIter goes through the log after a position up to an end.
func (s *Store) logIter(ctx context.Context, after, end store.Position) (*pebble.Iterator, error) {
	return s.db.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: logKey(after + 1), UpperBound: idEnd(logKey(end))})
}

// History implements store.Histories. It costs one seek and the reading of limit neighbouring records.
func (s *Store) History(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	if limit <= 0 || store.ValidateID("user", user) != nil {
		return nil, nil
	}
	it, err := s.userIter(ctx, prefixHistory, user)
	if err != nil {
		return nil, err
	}
	var history []store.Entry
	for valid := it.First(); valid && len(history) < limit; valid = it.Next() {
		var e store.Entry
		if e, err = decodeHistory(it.Key(), it.Value()); err != nil {
			break
		}
		e.Interaction.User = user
		history = append(history, e)
	}
	if err := firstError(err, it.Close()); err != nil {
		return nil, fmt.Errorf("pebblestore: history: %w", err)
	}
	return history, nil
}

func decodeHistory(key, value []byte) (store.Entry, error) {
	p, err := parseUserKey(key)
	if err != nil {
		return store.Entry{}, err
	}
	e, err := decodeRecord(value)
	if err == nil && e.Fact != store.Interacted {
		err = fmt.Errorf("%w: %v in a history", ErrDamaged, e.Fact)
	}
	e.Position = p
	return e, err
}

// userIter goes through the keys of a user that are ordered by position, up to the end, the newest first.
func (s *Store) userIter(ctx context.Context, prefix byte, user string) (*pebble.Iterator, error) {
	return s.db.NewIterWithContext(ctx, &pebble.IterOptions{
		LowerBound: userKey(prefix, user, s.end()),
		UpperBound: idEnd(idKey(prefix, user)),
	})
}

// Scan implements store.Log. It reads a thousand entries at a time and holds no snapshot while the caller has them.
func (s *Store) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		end, err := s.End(ctx)
		var page []store.Entry
		for after := since.At(0); err == nil && after < end.At(0); {
			seen := s.removed.Load()
			page, err = s.scanPage(ctx, page[:0], after, end.At(0))
			if len(page) == 0 {
				break
			}
			for i := range page {
				if s.removed.Load() != seen {
					break // read the rest of the page again
				}
				after = page[i].Position
				if !yield(page[i], nil) {
					return
				}
			}
		}
		if err != nil {
			yield(store.Entry{}, err)
		}
	}
}

// scanPage appends the entries after a position to page. With an error it returns those before the error.
func (s *Store) scanPage(ctx context.Context, page []store.Entry, after, end store.Position) ([]store.Entry, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	it, err := s.logIter(ctx, after, end)
	if err != nil {
		return nil, err
	}
	for valid := it.First(); valid && len(page) < scanEntries; valid = it.Next() {
		var e store.Entry
		if e, err = decodeEntry(it.Key(), it.Value()); err != nil {
			break
		}
		page = append(page, e)
	}
	if err := firstError(err, it.Close()); err != nil {
		return page, fmt.Errorf("pebblestore: scan after %d: %w", after, err)
	}
	return page, nil
}

// lastPosition is the largest position that was ever durable.
func (s *Store) lastPosition() (store.Position, error) {
	end, err := s.number(endKey)
	if err != nil {
		return 0, err
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixLog}, UpperBound: []byte{prefixLog + 1}})
	if err != nil {
		return 0, err
	}
	if it.Last() {
		var p store.Position
		p, err = parseLogKey(it.Key())
		end = max(end, uint64(p))
	}
	return store.Position(end), firstError(err, it.Close())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
