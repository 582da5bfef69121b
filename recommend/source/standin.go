// Package source is a stand-in.
package source

import (
	"cmp"
	"slices"
	"sync"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// CountersOptions of counters.
type CountersOptions struct {
	HalfLifeDays float64
	ItemsMax     int
}

// Counters count.
type Counters struct {
	mu   sync.Mutex
	sums map[uint32]float32
}

// NewCounters makes them.
func NewCounters(CountersOptions) (*Counters, error) {
	return &Counters{sums: map[uint32]float32{}}, nil
}

// Add counts.
func (c *Counters) Add(item uint32, weight float32, unix int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sums[item] += weight
	return true
}

// Score of an item.
func (c *Counters) Score(item uint32) float32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sums[item]
}

// Top items.
func (c *Counters) Top(dst []model.Scored, n int, allow model.Allow) []model.Scored {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []model.Scored
	for item, s := range c.sums {
		if s > 0 && (allow == nil || allow.Contains(item)) {
			all = append(all, model.Scored{Item: item, Score: s})
		}
	}
	slices.SortFunc(all, func(x, y model.Scored) int { return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.Item, y.Item)) })
	return append(dst, all[:min(n, len(all))]...)
}

// Save puts them.
func (c *Counters) Save(w *codec.Writer) {
	w.Section("trending", 1)
	n := uint32(0)
	for i := range c.sums {
		n = max(n, i+1)
	}
	all := make([]float32, n)
	for i, s := range c.sums {
		all[i] = s
	}
	w.Float32s(all)
}

// Load gets them.
func (c *Counters) Load(r *codec.Reader, at []uint32) {
	r.Section("trending", 1)
	for i, s := range r.Float32s() {
		if i < len(at) && at[i] != model.NoItem && s != 0 {
			c.sums[at[i]] = s
		}
	}
}

// Trending source.
type Trending struct{ c *Counters }

// NewTrending makes one.
func NewTrending(c *Counters) *Trending { return &Trending{c} }

// Name is trending.
func (t *Trending) Name() string { return "trending" }

// Propose the top.
func (t *Trending) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	for _, s := range t.c.Top(nil, n, q.Allow) {
		dst = append(dst, stage.Candidate{Item: s.Item, Score: s.Score})
	}
	return dst
}

// Any source.
type Any struct{}

// Name is any.
func (Any) Name() string { return "any" }

// Propose whatever is allowed.
func (Any) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	for item := range uint32(q.Catalog.Handles()) {
		if n == 0 {
			break
		}
		if q.Allows(item) {
			dst = append(dst, stage.Candidate{Item: item})
			n--
		}
	}
	return dst
}
