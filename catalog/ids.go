package catalog

import (
	"sync"
)

// IDs is a stand-in until the compact one is merged.
type IDs struct {
	mu      sync.RWMutex
	ids     []string
	handles map[string]uint32
}

// Len is the number of handles.
func (t *IDs) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.ids)
}

// ID returns the identifier of a handle, "" for one never given.
func (t *IDs) ID(handle uint32) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if int(handle) >= len(t.ids) {
		return ""
	}
	return t.ids[handle]
}

// Lookup returns the handle of an identifier.
func (t *IDs) Lookup(id string) (uint32, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	h, ok := t.handles[id]
	return h, ok
}

// Intern returns the handle of an identifier, which gets one when it has none.
func (t *IDs) Intern(id string) (uint32, error) {
	if err := checkID(id); err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if h, ok := t.handles[id]; ok {
		return h, nil
	}
	if t.handles == nil {
		t.handles = map[string]uint32{}
	}
	h := uint32(len(t.ids))
	t.ids, t.handles[id] = append(t.ids, id), h
	return h, nil
}
