package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
)

type memoryModels struct {
	mu    sync.RWMutex
	names map[string]*memoryModel
}

// memoryModel is every version of one name. It stays when the versions go, for the numbers not to come back.
type memoryModel struct {
	last     uint64          // the highest number given
	current  uint64          // 0: none
	fence    uint64          // the highest seen
	versions []memoryVersion // the oldest first
}

type memoryVersion struct {
	number uint64
	data   []byte
}

// PutModel implements Models. The model is read before any lock is taken.
func (m *Memory) PutModel(ctx context.Context, name string, r io.Reader) (uint64, error) {
	if err := m.check(ctx); err != nil {
		return 0, err
	}
	if err := ValidateModelName(name); err != nil {
		return 0, err
	}
	data, err := io.ReadAll(&contextReader{ctx, r})
	if err != nil {
		return 0, fmt.Errorf("store: read model %q: %w", name, err)
	}
	m.models.mu.Lock()
	defer m.models.mu.Unlock()
	if m.closed.Load() {
		return 0, ErrClosed
	}
	model := m.models.names[name]
	if model == nil {
		model = new(memoryModel)
		m.models.names[name] = model
	}
	model.last++
	model.versions = append(model.versions, memoryVersion{model.last, slices.Clip(data)})
	return model.last, nil
}

// OpenModel implements Models. What it opened can be read to its end whatever becomes of the version or the store.
func (m *Memory) OpenModel(ctx context.Context, name string, version uint64) (io.ReadCloser, uint64, error) {
	if err := m.check(ctx); err != nil {
		return nil, 0, err
	}
	m.models.mu.RLock()
	defer m.models.mu.RUnlock()
	if m.closed.Load() {
		return nil, 0, ErrClosed
	}
	if model := m.models.names[name]; model != nil {
		for _, v := range slices.Backward(model.versions) {
			if version == 0 || version == v.number {
				return memoryReader{bytes.NewReader(v.data)}, v.number, nil
			}
		}
	}
	return nil, 0, fmt.Errorf("%w: model %q version %d", ErrNotFound, name, version)
}

// ModelVersions implements Models.
func (m *Memory) ModelVersions(ctx context.Context, name string) ([]uint64, error) {
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	m.models.mu.RLock()
	defer m.models.mu.RUnlock()
	if m.closed.Load() {
		return nil, ErrClosed
	}
	var versions []uint64
	if model := m.models.names[name]; model != nil {
		for _, v := range model.versions {
			versions = append(versions, v.number)
		}
	}
	return versions, nil
}

// DeleteModel implements Models.
func (m *Memory) DeleteModel(ctx context.Context, name string, version uint64) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	m.models.mu.Lock()
	defer m.models.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	if model := m.models.names[name]; model != nil {
		model.versions = slices.DeleteFunc(model.versions, func(v memoryVersion) bool { return v.number == version })
		if model.current == version {
			model.current = 0
		}
	}
	return nil
}

// Current implements Models.
func (m *Memory) Current(ctx context.Context, name string) (uint64, error) {
	if err := m.check(ctx); err != nil {
		return 0, err
	}
	m.models.mu.RLock()
	defer m.models.mu.RUnlock()
	if m.closed.Load() {
		return 0, ErrClosed
	}
	if model := m.models.names[name]; model != nil && model.current != 0 {
		return model.current, nil
	}
	return 0, fmt.Errorf("%w: current version of model %q", ErrNotFound, name)
}

// SetCurrent implements Models.
func (m *Memory) SetCurrent(ctx context.Context, name string, version, fence uint64) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	m.models.mu.Lock()
	defer m.models.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	model := m.models.names[name]
	if model == nil || !slices.ContainsFunc(model.versions, func(v memoryVersion) bool { return v.number == version }) {
		return fmt.Errorf("%w: model %q version %d", ErrNotFound, name, version)
	}
	if fence != 0 && fence < model.fence {
		return fmt.Errorf("%w: fence %d of model %q, after %d", ErrConflict, fence, name, model.fence)
	}
	model.current, model.fence = version, max(model.fence, fence)
	return nil
}

// memoryReader is what OpenModel opens: a bytes.Reader, with its Size, ReadAt and Seek.
type memoryReader struct{ *bytes.Reader }

func (memoryReader) Close() error { return nil }

func (s *memoryModels) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = nil
}

// contextReader ends with the context's error when that is over.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
