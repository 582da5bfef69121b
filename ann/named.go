package ann

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Named finds vectors by names of the caller's instead of numbers, in an index that holds nothing else. It keeps each name
// once, and gives the number of a deleted name to a later one. It is safe for concurrent use, but unlike the index under it
// a writer waits for the searches under way, and they for it.
type Named struct {
	index Index

	mu      sync.RWMutex
	numbers map[string]uint32
	names   []string // of each number
	free    []uint32
}

// NamedResult is a vector found.
type NamedResult struct {
	Name  string
	Score float32 // as in Result
}

// ErrNotEmpty says that an index has vectors already, which have no names.
var ErrNotEmpty = errors.New("ann: the index is not empty")

// NewNamed puts names on an empty index, which belongs to it from then on. One that holds vectors, such as an index that
// Load read, is ErrNotEmpty: nothing says what they are called.
func NewNamed(index Index) (*Named, error) {
	if n := index.Len(); n > 0 {
		return nil, fmt.Errorf("%w: it has %d vectors, and no names for them", ErrNotEmpty, n)
	}
	return &Named{index: index, numbers: make(map[string]uint32)}, nil
}

// Add stores a copy of vector under name, in the place of what was there, with the errors of [Index].
func (n *Named) Add(name string, vector []float32) error {
	return n.AddBatch(context.Background(), []string{name}, vector)
}

// AddBatch is Add for many, as [Index] has it.
func (n *Named) AddBatch(ctx context.Context, names []string, vectors []float32) error {
	if err := checkBatch(make([]uint32, len(names)), vectors, n.index.Dim(), n.index.Metric()); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	keys := make([]uint32, len(names))
	for i, name := range names {
		keys[i] = n.number(name)
	}
	err := n.index.AddBatch(ctx, keys, vectors)
	if err != nil { // what was not stored has no name
		for i, key := range keys {
			if _, ok := n.index.Vector(nil, key); !ok {
				n.forget(names[i])
			}
		}
	}
	return err
}

// number returns the number of a name, giving it one if need be.
func (n *Named) number(name string) uint32 {
	if key, ok := n.numbers[name]; ok {
		return key
	}
	key := uint32(len(n.names))
	if last := len(n.free) - 1; last >= 0 {
		key, n.free = n.free[last], n.free[:last]
		n.names[key] = name
	} else {
		n.names = append(n.names, name)
	}
	n.numbers[name] = key
	return key
}

func (n *Named) forget(name string) {
	if key, ok := n.numbers[name]; ok {
		delete(n.numbers, name)
		n.names[key] = ""
		n.free = append(n.free, key)
	}
}

// Delete removes the vector under name and tells whether there was one.
func (n *Named) Delete(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	key, ok := n.numbers[name]
	if !ok {
		return false
	}
	n.forget(name)
	return n.index.Delete(key)
}

// Search appends to dst the k best vectors that allow allows, as [Index] does; a nil allow allows all. Ef and Recall are as
// in opts, whose Filter is not looked at.
func (n *Named) Search(dst []NamedResult, query []float32, k int, allow func(name string) bool, opts SearchOptions) ([]NamedResult, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	opts.Filter = nil
	if allow != nil {
		opts.Filter = FilterFunc(func(key uint32) bool { return allow(n.names[key]) })
	}
	found, err := n.index.Search(nil, query, k, opts)
	if err != nil {
		return dst, err
	}
	for _, r := range found {
		dst = append(dst, NamedResult{n.names[r.Key], r.Score})
	}
	return dst, nil
}

// Len is the number of vectors.
func (n *Named) Len() int { return n.index.Len() }
