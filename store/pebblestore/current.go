package pebblestore

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

// Current implements store.Models. It costs one look-up.
func (s *Store) Current(ctx context.Context, name string) (uint64, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	version, _, err := s.current(name)
	if err == nil && version == 0 {
		err = fmt.Errorf("%w: current version of model %q", store.ErrNotFound, name)
	}
	return version, err
}

// current reads the current version of a model, 0 for none, and the highest fence seen.
func (s *Store) current(name string) (version, fence uint64, err error) {
	if store.ValidateModelName(name) != nil {
		return 0, 0, nil
	}
	value, found, err := s.get(idKey(prefixCurrent, name))
	if err != nil || !found {
		return 0, 0, err
	}
	return pair(value)
}

// SetCurrent implements store.Models.
func (s *Store) SetCurrent(ctx context.Context, name string, version, fence uint64) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.models.Lock()
	defer s.models.Unlock()
	_, highest, err := s.current(name)
	if err != nil {
		return err
	}
	found := false
	if store.ValidateModelName(name) == nil {
		if _, found, err = s.get(numberKey(prefixVersion, name, version)); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%w: model %q version %d", store.ErrNotFound, name, version)
	}
	if fence != 0 && fence < highest {
		return fmt.Errorf("%w: fence %d of model %q, after %d", store.ErrConflict, fence, name, highest)
	}
	err = s.commits.write(func(b *pebble.Batch) error {
		return b.Set(idKey(prefixCurrent, name), pairValue(version, max(fence, highest)), nil)
	})
	if err != nil {
		return fmt.Errorf("pebblestore: set the current version of %q: %w", name, err)
	}
	return nil
}
