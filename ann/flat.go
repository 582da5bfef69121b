package ann

import (
	"context"
	"fmt"
	"sync"
)

// Flat compares every query with every vector: exact, with no graph to build, and quick enough for some thousands of
// vectors. It takes 4·Dim+4 bytes a vector and a map entry. Searches run beside one another; a write waits for those
// under way and holds up those that come while it copies its rows. The zero Flat is not usable; call NewFlat.
type Flat struct {
	dim     int
	metric  Metric
	scratch sync.Pool

	mu   sync.RWMutex
	rows []float32
	keys []uint32
	slot map[uint32]int // of each key
}

// flatBlock is how many rows are scored at a time: their scores stay in the first-level cache.
const flatBlock = 256

type flatScratch struct {
	query  []float32
	ids    [flatBlock]uint32
	scores [flatBlock]float32
	best   best
}

// NewFlat returns an empty Flat. It returns ErrOptions for a dimension outside 1 to DimMax or an unknown metric.
func NewFlat(dim int, m Metric) (*Flat, error) {
	if dim < 1 || dim > DimMax || m > InnerProduct {
		return nil, fmt.Errorf("%w: dimension %d, %v", ErrOptions, dim, m)
	}
	f := &Flat{dim: dim, metric: m, slot: make(map[uint32]int)}
	f.scratch.New = func() any { return &flatScratch{query: make([]float32, dim)} }
	return f, nil
}

// Add implements [Index].
func (f *Flat) Add(key uint32, vector []float32) error {
	if err := check(vector, f.dim, f.metric); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(key, vector)
	return nil
}

// AddBatch implements [Index].
func (f *Flat) AddBatch(ctx context.Context, keys []uint32, vectors []float32) error {
	if err := checkBatch(keys, vectors, f.dim, f.metric); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, key := range keys {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		f.put(key, vectors[i*f.dim:(i+1)*f.dim])
	}
	return nil
}

func (f *Flat) put(key uint32, vector []float32) {
	i, ok := f.slot[key]
	if !ok {
		i = len(f.keys)
		f.slot[key] = i
		f.keys = append(f.keys, key)
		f.rows = append(f.rows, vector...)
	}
	place(f.rows[i*f.dim:(i+1)*f.dim], vector, f.metric)
}

// Delete implements [Index].
func (f *Flat) Delete(key uint32) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.slot[key]
	if !ok {
		return false
	}
	last := len(f.keys) - 1
	copy(f.rows[i*f.dim:(i+1)*f.dim], f.rows[last*f.dim:])
	f.keys[i] = f.keys[last]
	f.slot[f.keys[i]] = i
	delete(f.slot, key)
	f.keys, f.rows = f.keys[:last], f.rows[:last*f.dim]
	return true
}

// Search implements [Index]. It costs about Dim/20 nanoseconds a vector on a processor with AVX-512.
func (f *Flat) Search(dst []Result, query []float32, k int, opts SearchOptions) ([]Result, error) {
	if err := check(query, f.dim, f.metric); err != nil {
		return dst, err
	}
	s := f.scratch.Get().(*flatScratch)
	defer f.scratch.Put(s)
	place(s.query, query, f.metric)
	f.mu.RLock()
	defer f.mu.RUnlock()
	if k = min(k, len(f.keys)); k < 1 {
		return dst, nil
	}
	s.best.reset(k)
	for i := 0; i < len(f.keys); {
		n := 0
		for ; i < len(f.keys) && n < flatBlock; i++ {
			if opts.Filter == nil || opts.Filter.Contains(f.keys[i]) {
				s.ids[n] = uint32(i)
				n++
			}
		}
		scores(s.scores[:], s.query, f.rows, s.ids[:n], f.metric)
		for j, v := range s.scores[:n] {
			if !s.best.full() || v >= s.best.worst() {
				s.best.offer(Result{Key: f.keys[s.ids[j]], Score: v})
			}
		}
	}
	return s.best.appendTo(dst), nil
}

// Vector implements [Index].
func (f *Flat) Vector(dst []float32, key uint32) ([]float32, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	i, ok := f.slot[key]
	if !ok {
		return dst, false
	}
	return append(dst, f.rows[i*f.dim:(i+1)*f.dim]...), true
}

// Len implements [Index].
func (f *Flat) Len() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.keys)
}

// Dim implements [Index].
func (f *Flat) Dim() int { return f.dim }

// Metric implements [Index].
func (f *Flat) Metric() Metric { return f.metric }
