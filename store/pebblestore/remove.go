package pebblestore

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

// Forget implements store.Histories. It costs O(entries of the user), in batches of ten thousand; commits wait while it
// reads the last of them.
func (s *Store) Forget(ctx context.Context, user string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if user == "" || store.ValidateID("user", user) != nil {
		return nil
	}
	s.removing.Lock()
	defer s.removing.Unlock()
	if err := s.forget(ctx, user); err != nil {
		return fmt.Errorf("pebblestore: forget: %w", err)
	}
	return nil
}

func (s *Store) forget(ctx context.Context, user string) error {
	defer s.removed.Add(1)
	for {
		some, err := s.userEntries(ctx, user, removeEntries)
		if err != nil {
			return err
		}
		if len(some) < removeEntries {
			break
		}
		if err := s.removeSome(some, 0); err != nil {
			return err
		}
	}
	return s.commits.forget(user, s.now(), func() ([]store.Position, error) {
		all, err := s.userEntries(ctx, user, math.MaxInt)
		positions := make([]store.Position, len(all))
		for i := range all {
			positions[i] = all[i].Position
		}
		return positions, err
	})
}

// userEntries returns up to limit entries of the user, without what is in them but the user and the fact: Interacted, or
// any other.
func (s *Store) userEntries(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	var entries []store.Entry
	for _, of := range [...]struct {
		fact   store.Fact
		prefix byte
	}{{store.Interacted, prefixHistory}, {store.Exposed, prefixOther}} {
		it, err := s.userIter(ctx, of.prefix, user)
		if err != nil {
			return nil, err
		}
		for valid := it.First(); valid && len(entries) < limit; valid = it.Next() {
			e := store.Entry{Fact: of.fact, Interaction: store.Interaction{User: user}}
			if e.Position, err = parseUserKey(it.Key()); err != nil {
				break
			}
			entries = append(entries, e)
		}
		if err := firstError(err, it.Close()); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// removeSome deletes entries, with their IDs where they say them, and remembers how far positions were given out, and,
// other than 0, up to where facts have been trimmed.
func (s *Store) removeSome(entries []store.Entry, trimmed store.Position) error {
	end := s.end()
	err := s.commits.remove(func(b *pebble.Batch) (ids [][]byte, err error) {
		for i := range entries {
			e := &entries[i]
			prefix := byte(prefixOther)
			if e.Fact == store.Interacted {
				prefix = prefixHistory
			}
			err = firstError(b.Delete(logKey(e.Position), nil), b.Delete(userKey(prefix, e.Interaction.User, e.Position), nil))
			if err == nil && e.Interaction.ID != "" {
				ids = append(ids, entryIDKey(&e.Interaction))
				err = b.Delete(ids[len(ids)-1], nil)
			}
			if err != nil {
				return nil, err
			}
		}
		if trimmed > 0 {
			if err := b.Set(trimmedKey, numberValue(uint64(trimmed)), nil); err != nil {
				return nil, err
			}
		}
		return ids, b.Set(endKey, numberValue(uint64(end)), nil)
	})
	s.removed.Add(1)
	return err
}

// Trim implements store.Log. It reads the whole log and costs O(entries), in batches of ten thousand.
func (s *Store) Trim(ctx context.Context, before time.Time) error {
	end, err := s.End(ctx)
	for after := store.Position(0); err == nil && after < end.At(0); {
		after, err = s.trimSome(ctx, after, end.At(0), before)
	}
	if err != nil {
		return fmt.Errorf("pebblestore: trim: %w", err)
	}
	return nil
}

// trimSome removes what is to go of the next entries after a position, and returns how far it came.
func (s *Store) trimSome(ctx context.Context, after, end store.Position, before time.Time) (store.Position, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	// Nobody else removes anything between the reading and the deleting, or an ID that has come again would go too.
	s.removing.Lock()
	defer s.removing.Unlock()
	it, err := s.logIter(ctx, after, end)
	if err != nil {
		return 0, err
	}
	var gone []store.Entry
	var trimmed store.Position
	more := it.First()
	for n := 0; more && n < removeEntries; n++ {
		var e store.Entry
		if e, err = decodeEntry(it.Key(), it.Value()); err != nil {
			break
		}
		if e.Interaction.Time.Before(before) {
			gone = append(gone, e)
			if e.Fact != store.Interacted && e.Fact != store.Exposed {
				trimmed = e.Position
			}
		}
		after = e.Position
		more = it.Next()
	}
	if err := firstError(err, it.Close()); err != nil {
		return 0, err
	}
	if !more {
		after = end
	}
	if len(gone) == 0 {
		return after, nil
	}
	if before, err := s.number(trimmedKey); err != nil || trimmed <= store.Position(before) {
		return after, firstError(err, s.removeSome(gone, 0))
	}
	return after, s.removeSome(gone, trimmed)
}

// Trimmed implements store.Log.
func (s *Store) Trimmed(ctx context.Context) (store.Place, error) {
	if err := s.enter(ctx); err != nil {
		return store.Place{}, err
	}
	defer s.leave()
	at, err := s.number(trimmedKey)
	if err != nil {
		return store.Place{}, fmt.Errorf("pebblestore: trimmed: %w", err)
	}
	return store.Place{}.With(0, store.Position(at)), nil
}

// forget deletes all entries of a user and appends a Forgotten one, all or nothing, and returns when that is durable.
// While positions reads those that the database has, no group is committed: what else there is of the user is in the
// open group.
func (c *committer) forget(user string, at time.Time, positions func() ([]store.Position, error)) error {
	if _, err := c.begin(); err != nil {
		return err
	}
	c.quiet++
	for c.committing && c.guard.err() == nil {
		c.idle.Wait()
	}
	c.mu.Unlock()
	found, err := positions()
	c.mu.Lock()
	c.quiet--
	if err = firstError(c.guard.err(), err); err != nil {
		c.mu.Unlock()
		c.work.Signal()
		return err
	}
	g := c.open
	for _, e := range g.entries {
		if e.user == user {
			found = append(found, e.position)
		}
	}
	c.freeIDs(user)
	err = deleteUser(g.batch, user, found)
	if err == nil {
		forgotten := store.Entry{Fact: store.Forgotten, Interaction: store.Interaction{User: user, Time: at}}
		err = c.put(g, &forgotten, nil)
	}
	return c.finish(g, g, err)
}

// deleteUser deletes the entries of a user at these positions, which are all, and the IDs.
func deleteUser(b *pebble.Batch, user string, positions []store.Position) error {
	for _, p := range positions {
		if err := b.Delete(logKey(p), nil); err != nil {
			return err
		}
	}
	for _, prefix := range [...]byte{prefixHistory, prefixOther, prefixID} {
		key := idKey(prefix, user)
		if err := b.DeleteRange(key, idEnd(key), nil); err != nil {
			return err
		}
	}
	return nil
}
