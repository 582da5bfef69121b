package pebblestore

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

// profileVersion precedes the JSON of a stored profile.
const profileVersion = 1

func profileKey(user string) []byte { return append([]byte{prefixProfile}, user...) }

func segmentKey(segment, user string) []byte { return append(idKey(prefixSegment, segment), user...) }

// Profile implements store.Profiles. It costs one look-up.
func (s *Store) Profile(ctx context.Context, user string) (store.Profile, error) {
	if err := s.enter(ctx); err != nil {
		return store.Profile{}, err
	}
	defer s.leave()
	p, err := s.profile(user)
	if err == nil && p.Version == 0 {
		err = fmt.Errorf("%w: profile of %q", store.ErrNotFound, user)
	}
	return p, err
}

// profile reads a profile; one of version 0 is not there.
func (s *Store) profile(user string) (p store.Profile, err error) {
	data, found, err := s.get(profileKey(user))
	if err != nil || !found {
		return store.Profile{}, err
	}
	if len(data) == 0 || data[0] != profileVersion {
		return store.Profile{}, fmt.Errorf("%w: profile of %q", ErrDamaged, user)
	}
	if err := json.Unmarshal(data[1:], &p); err != nil {
		return store.Profile{}, fmt.Errorf("%w: profile of %q: %w", ErrDamaged, user, err)
	}
	return p, nil
}

// PutProfile implements store.Profiles. Like every write it waits for one sync, shared with others.
func (s *Store) PutProfile(ctx context.Context, p store.Profile) (store.Profile, error) {
	if err := s.enter(ctx); err != nil {
		return store.Profile{}, err
	}
	defer s.leave()
	if err := p.Validate(); err != nil {
		return store.Profile{}, err
	}
	if s.space.full(0) {
		return store.Profile{}, ErrFull
	}
	mu := s.profileLock(p.User)
	mu.Lock()
	defer mu.Unlock()
	old, err := s.profile(p.User)
	if err != nil {
		return store.Profile{}, err
	}
	if old.Version != p.Version {
		return store.Profile{}, fmt.Errorf("%w: profile of %q is at version %d, not %d",
			store.ErrConflict, p.User, old.Version, p.Version)
	}
	p = p.Clone()
	p.Version++
	if err := s.writeProfile(ctx, old, p); err != nil {
		return store.Profile{}, fmt.Errorf("pebblestore: put profile: %w", err)
	}
	return p, nil
}

// DeleteProfile implements store.Profiles.
func (s *Store) DeleteProfile(ctx context.Context, user string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	mu := s.profileLock(user)
	mu.Lock()
	defer mu.Unlock()
	old, err := s.profile(user)
	if err != nil || old.Version == 0 {
		return err
	}
	if err := s.writeProfile(ctx, old, store.Profile{}); err != nil {
		return fmt.Errorf("pebblestore: delete profile: %w", err)
	}
	return nil
}

// writeProfile replaces old by p in one batch with its segments; either may be the zero Profile.
func (s *Store) writeProfile(ctx context.Context, old, p store.Profile) error {
	return s.commits.write(func(b *pebble.Batch) error {
		for _, segment := range old.Segments {
			if !slices.Contains(p.Segments, segment) {
				if err := b.Delete(segmentKey(segment, old.User), nil); err != nil {
					return err
				}
			}
		}
		if p.Version == 0 {
			return b.Delete(profileKey(old.User), nil)
		}
		for _, segment := range p.Segments {
			if err := b.Set(segmentKey(segment, p.User), nil, nil); err != nil {
				return err
			}
		}
		data, err := json.Marshal(p)
		if err != nil {
			return err
		}
		return b.Set(profileKey(p.User), append([]byte{profileVersion}, data...), nil)
	})
}

// profileLock is held while a profile is replaced. Users share it by hash, so that locks do not grow with them.
func (s *Store) profileLock(user string) *sync.Mutex {
	return &s.profiles[maphash.String(s.seed, user)%uint64(len(s.profiles))]
}

// Segment implements store.Profiles. It reads a thousand users at a time.
func (s *Store) Segment(ctx context.Context, segment string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var page []string
		from, err := idKey(prefixSegment, segment), store.ValidateID("segment", segment)
		if err != nil {
			from, err = nil, nil // it has nobody
		}
		for {
			page, err = s.segmentPage(ctx, page[:0], segment, from)
			for _, user := range page {
				if !yield(user, nil) {
					return
				}
			}
			if err != nil || len(page) < scanEntries {
				break
			}
			from = append(segmentKey(segment, page[len(page)-1]), 0)
		}
		if err != nil {
			yield("", err)
		}
	}
}

// segmentPage appends the next users of the segment to page; a from of nil is at its end.
func (s *Store) segmentPage(ctx context.Context, page []string, segment string, from []byte) ([]string, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	if from == nil {
		return nil, nil
	}
	prefix := idKey(prefixSegment, segment)
	it, err := s.db.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: from, UpperBound: idEnd(prefix)})
	if err != nil {
		return nil, err
	}
	for valid := it.First(); valid && len(page) < scanEntries; valid = it.Next() {
		page = append(page, string(it.Key()[len(prefix):]))
	}
	return page, it.Close()
}
