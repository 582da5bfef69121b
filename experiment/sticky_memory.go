package experiment

import (
	"context"
	"fmt"
	"strconv"
	"sync"
)

// MemorySticky keeps the sticky variants of the units met last. It is safe for concurrent use.
type MemorySticky struct {
	mu       sync.Mutex
	variants *lru[StickyKey, string]
}

// NewMemorySticky keeps up to entriesMax variants, 100,000 when it is 0 or less, and forgets the one used longest ago.
func NewMemorySticky(entriesMax int) *MemorySticky {
	if entriesMax <= 0 {
		entriesMax = 100_000
	}
	return &MemorySticky{variants: newLRU[StickyKey, string](entriesMax)}
}

// Stuck implements Sticky; it cannot fail.
func (m *MemorySticky) Stuck(key StickyKey) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	variant, _ := m.variants.get(key)
	return variant, nil
}

// Stick implements Sticky; it cannot fail.
func (m *MemorySticky) Stick(key StickyKey, variant string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.variants.put(key, variant)
	return nil
}

// Table keeps small values by key, durably. It is what a StoredSticky needs of a program's database, such as a table of
// two columns there; no store of this library is one. Implementations are safe for concurrent use.
type Table interface {
	// Get returns the value put last, nil when there is none.
	Get(ctx context.Context, key string) ([]byte, error)
	Put(ctx context.Context, key string, value []byte) error
}

// StoredSticky keeps sticky variants in a Table, with the units met last in memory before it. It is safe for concurrent
// use.
type StoredSticky struct {
	ctx    context.Context
	table  Table
	memory *MemorySticky
}

// NewStoredSticky reads and writes the table under ctx, since an assignment has none of its own: give it one that ends
// with the program, and a table with a timeout of its own. entriesMax is that of NewMemorySticky.
func NewStoredSticky(ctx context.Context, table Table, entriesMax int) *StoredSticky {
	return &StoredSticky{ctx: ctx, table: table, memory: NewMemorySticky(entriesMax)}
}

// Stuck implements Sticky. Its error is the table's.
func (s *StoredSticky) Stuck(key StickyKey) (string, error) {
	if variant, _ := s.memory.Stuck(key); variant != "" {
		return variant, nil
	}
	value, err := s.table.Get(s.ctx, key.String())
	if err != nil {
		return "", fmt.Errorf("experiment: read sticky variant: %w", err)
	}
	if len(value) > 0 {
		s.memory.Stick(key, string(value))
	}
	return string(value), nil
}

// Stick implements Sticky. Its error is the table's; nothing is then kept in memory either.
func (s *StoredSticky) Stick(key StickyKey, variant string) error {
	if err := s.table.Put(s.ctx, key.String(), []byte(variant)); err != nil {
		return fmt.Errorf("experiment: keep sticky variant: %w", err)
	}
	return s.memory.Stick(key, variant)
}

// String is the key's form in a Table: lengths first, so that no two keys are alike.
func (k StickyKey) String() string {
	return "sticky/" + strconv.Itoa(len(k.Experiment)) + "/" + k.Experiment + "/" + strconv.Itoa(k.Phase) + "/" + k.Unit
}
