package ann

import (
	"context"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// asked keeps some of the queries that searches without a filter had, for calibration: the first 512, then every second of as many as
// that, then every fourth and so on, each in the place of the oldest, so that they are spread over all that were asked, the later ones
// more densely. Which ones those are depends on nothing but their number, so that the same searches in the same order leave the
// same.
type asked struct {
	number atomic.Uint64
	mu     sync.Mutex
	room   []float32 // nil until the index is large enough to be calibrated
	taken  int       // how many were kept, those replaced since among them
}

const (
	askedRoom  = 256
	askedBytes = 1 << 20
	askedLeast = 64 // fewer say too little
)

// open makes room once an index of so many vectors is calibrated.
func (a *asked) open(vectors, dim int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.room == nil && vectors >= calibrateLeast {
		a.room = make([]float32, dim*max(askedLeast, min(askedRoom, askedBytes/(4*dim))))
	}
}

// note counts a query that was checked, and keeps it if it is its turn. It waits for nobody.
func (a *asked) note(query []float32) {
	n := a.number.Add(1) - 1
	if n%(1<<max(0, bits.Len64(n/askedRoom)-1)) != 0 || !a.mu.TryLock() {
		return
	}
	defer a.mu.Unlock()
	if a.room == nil {
		a.number.Store(0)
		return
	}
	rows := len(a.room) / len(query)
	copy(a.room[a.taken%rows*len(query):], query)
	a.taken++
}

// enough tells whether there are enough of them.
func (a *asked) enough() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.taken >= askedLeast
}

// all returns copies of what is kept.
func (a *asked) all(dim int) (rows [][]float32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for row := range slices.Chunk(a.room[:min(a.taken*dim, len(a.room))], dim) {
		rows = append(rows, slices.Clone(row))
	}
	return rows
}

// Calibrate measures anew which Ef a recall takes, on a sample of the queries that were asked when there have been 64 or more, and else on
// the index's own vectors. An index does that itself when it has doubled; after that it is worth a call once queries have come that are
// unlike its vectors, as those of users are unlike items. It costs up to 256 scans and some thousands of searches; other searches go on
// meanwhile, and writers wait. It returns ctx's error where that is done before.
func (h *HNSW) Calibrate(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if h.Len() < calibrateLeast {
		return nil
	}
	g := h.graph.Load()
	h.measuring = &measuring{size: h.Len(), queries: h.measuredQueries(g)}
	return h.endMeasuring(ctx, g)
}
