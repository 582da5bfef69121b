package store

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

type memoryProfiles struct {
	mu       sync.RWMutex
	stored   map[string]Profile
	segments map[string]map[string]struct{} // the users of each
}

// Profile implements Profiles.
func (m *Memory) Profile(ctx context.Context, user string) (Profile, error) {
	if err := m.check(ctx); err != nil {
		return Profile{}, err
	}
	m.profiles.mu.RLock()
	defer m.profiles.mu.RUnlock()
	if m.closed.Load() {
		return Profile{}, ErrClosed
	}
	p, ok := m.profiles.stored[user]
	if !ok {
		return Profile{}, fmt.Errorf("%w: profile of %q", ErrNotFound, user)
	}
	return p.Clone(), nil
}

// PutProfile implements Profiles.
func (m *Memory) PutProfile(ctx context.Context, p Profile) (Profile, error) {
	if err := m.check(ctx); err != nil {
		return Profile{}, err
	}
	if err := p.Validate(); err != nil {
		return Profile{}, err
	}
	p = p.Clone()
	m.profiles.mu.Lock()
	defer m.profiles.mu.Unlock()
	if m.closed.Load() {
		return Profile{}, ErrClosed
	}
	old := m.profiles.stored[p.User]
	if old.Version != p.Version {
		return Profile{}, fmt.Errorf("%w: profile of %q is at version %d, not %d", ErrConflict, p.User, old.Version, p.Version)
	}
	p.Version++
	m.profiles.leave(old)
	m.profiles.join(p)
	m.profiles.stored[p.User] = p
	return p.Clone(), nil
}

// DeleteProfile implements Profiles.
func (m *Memory) DeleteProfile(ctx context.Context, user string) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	m.profiles.mu.Lock()
	defer m.profiles.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	m.profiles.leave(m.profiles.stored[user])
	delete(m.profiles.stored, user)
	return nil
}

// Segment implements Profiles. It yields the users the segment had when it began, and may run again. A segment of n
// users costs O(n log n).
func (m *Memory) Segment(ctx context.Context, segment string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		users, err := m.segmentUsers(ctx, segment)
		for _, user := range users {
			if err = m.check(ctx); err != nil {
				break
			}
			if !yield(user, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

func (m *Memory) segmentUsers(ctx context.Context, segment string) ([]string, error) {
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	m.profiles.mu.RLock()
	users := slices.Collect(maps.Keys(m.profiles.segments[segment]))
	m.profiles.mu.RUnlock()
	slices.Sort(users)
	return users, nil
}

func (s *memoryProfiles) join(p Profile) {
	for _, segment := range p.Segments {
		if s.segments[segment] == nil {
			s.segments[strings.Clone(segment)] = make(map[string]struct{})
		}
		s.segments[segment][p.User] = struct{}{}
	}
}

func (s *memoryProfiles) leave(p Profile) {
	for _, segment := range p.Segments {
		delete(s.segments[segment], p.User)
		if len(s.segments[segment]) == 0 {
			delete(s.segments, segment)
		}
	}
}

func (s *memoryProfiles) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored, s.segments = nil, nil
}
