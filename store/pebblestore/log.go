package pebblestore

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

const (
	scanEntries   = 1024   // read in one go by Scan and Segment
	forgetEntries = 10_000 // deleted in one batch by Forget
)

// Append implements store.Log. It waits for one sync of the disk, which it shares with the calls made meanwhile. When
// ctx ends while it waits, what it appends may be stored or not.
func (s *Store) Append(ctx context.Context, batch []store.Interaction) (store.Position, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	if len(batch) == 0 {
		return s.end(), nil
	}
	if err := store.ValidateBatch(batch); err != nil {
		return 0, err
	}
	if s.space.full() {
		return 0, ErrFull
	}
	last, err := s.commits.append(ctx, batch)
	if err != nil {
		return 0, fmt.Errorf("pebblestore: append %d interactions: %w", len(batch), err)
	}
	return last, nil
}

func (s *Store) end() store.Position { return store.Position(s.commits.end.Load()) }

// History implements store.Log. It costs one seek and the reading of limit neighbouring records.
func (s *Store) History(ctx context.Context, user string, limit int) ([]store.Interaction, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	if limit <= 0 || store.ValidateID("user", user) != nil {
		return nil, nil
	}
	it, err := s.historyIter(ctx, user, s.end())
	if err != nil {
		return nil, err
	}
	var history []store.Interaction
	for valid := it.First(); valid && len(history) < limit; valid = it.Next() {
		var in store.Interaction
		if in, err = decodeRecord(it.Value()); err != nil {
			break
		}
		in.User = user
		history = append(history, in)
	}
	if err := firstError(err, it.Close()); err != nil {
		return nil, fmt.Errorf("pebblestore: history: %w", err)
	}
	return history, nil
}

// historyIter goes through the user's history up to a position, the newest first.
func (s *Store) historyIter(ctx context.Context, user string, end store.Position) (*pebble.Iterator, error) {
	return s.db.NewIterWithContext(ctx, &pebble.IterOptions{
		LowerBound: historyKey(user, end),
		UpperBound: idEnd(idKey(prefixHistory, user)),
	})
}

// Scan implements store.Log. It reads a thousand entries at a time and holds no snapshot while the caller has them.
func (s *Store) Scan(ctx context.Context, since store.Position) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		end, err := s.scanEnd(ctx)
		var page []store.Entry
		for after := since; err == nil && after < end; {
			seen := s.forgotten.Load()
			page, err = s.scanPage(ctx, page[:0], after, end)
			if len(page) == 0 {
				break
			}
			for i := range page {
				if s.forgotten.Load() != seen {
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

func (s *Store) scanEnd(ctx context.Context) (store.Position, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	return s.end(), nil
}

// scanPage appends the entries after a position to page. With an error it returns those before the error.
func (s *Store) scanPage(ctx context.Context, page []store.Entry, after, end store.Position) ([]store.Entry, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	it, err := s.db.NewIterWithContext(ctx, &pebble.IterOptions{
		LowerBound: logKey(after + 1), UpperBound: idEnd(logKey(end)),
	})
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

// Forget implements store.Log. It costs O(interactions of the user), in batches of ten thousand; when it fails, some
// may be gone.
func (s *Store) Forget(ctx context.Context, user string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if store.ValidateID("user", user) != nil {
		return nil
	}
	end := s.end()
	for {
		positions, err := s.historyPositions(ctx, user, end)
		if err == nil && len(positions) == 0 {
			return nil
		}
		if err == nil {
			err = s.commits.write(ctx, func(b *pebble.Batch) error { return forget(b, user, positions, end) })
		}
		if err != nil {
			return fmt.Errorf("pebblestore: forget: %w", err)
		}
		s.forgotten.Add(1)
	}
}

// historyPositions returns the newest positions of the user up to end.
func (s *Store) historyPositions(ctx context.Context, user string, end store.Position) ([]store.Position, error) {
	it, err := s.historyIter(ctx, user, end)
	if err != nil {
		return nil, err
	}
	var positions []store.Position
	for valid := it.First(); valid && len(positions) < forgetEntries; valid = it.Next() {
		var p store.Position
		if p, err = parseHistoryKey(it.Key()); err != nil {
			break
		}
		positions = append(positions, p)
	}
	return positions, firstError(err, it.Close())
}

// forget deletes the user's entries at these positions, the newest first, and remembers that end was given out.
func forget(b *pebble.Batch, user string, positions []store.Position, end store.Position) error {
	for _, p := range positions {
		if err := b.Delete(logKey(p), nil); err != nil {
			return err
		}
	}
	newest, oldest := positions[0], positions[len(positions)-1]
	err := b.DeleteRange(historyKey(user, newest), idEnd(historyKey(user, oldest)), nil)
	return firstError(err, b.Set(endKey, binary.BigEndian.AppendUint64(nil, uint64(end)), nil))
}

// lastPosition is the largest position that was ever durable.
func (s *Store) lastPosition() (store.Position, error) {
	var end store.Position
	value, found, err := s.get(endKey)
	if err != nil {
		return 0, err
	}
	if found {
		if len(value) != 8 {
			return 0, fmt.Errorf("%w: end of %d bytes", errDamaged, len(value))
		}
		end = store.Position(binary.BigEndian.Uint64(value))
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixLog}, UpperBound: []byte{prefixLog + 1}})
	if err != nil {
		return 0, err
	}
	if it.Last() {
		var p store.Position
		p, err = parseLogKey(it.Key())
		end = max(end, p)
	}
	return end, firstError(err, it.Close())
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
