package ann

import (
	"context"
	"math"
	"math/rand/v2"
)

// A calibration takes a scan and some twenty searches for each of its queries, a second at a hundred thousand vectors, which no
// one write may take. So every write goes on with it by measureSlice comparisons for each vector that it stores or deletes,
// about half of a millisecond's worth; a large batch does all of it at once, with all workers. A query is done with before the next
// is begun, lest its truth grow old.
const (
	measureSlice = 1 << 16
	measurePiece = 1 << 14 // slots of a scan at a time
	measureHop   = 24      // comparisons for a place in a walk's pool, about
)

// measuring is a calibration under way.
type measuring struct {
	size    int // of the index when it began
	queries []measured
	at      int // the first that is not done
}

// measured is a query, and what was found out about it so far.
type measured struct {
	vector  []float32
	without uint32      // the slot that it was taken from, or none
	scanned int         // slots that it was compared with
	pool    []candidate // the best of them
	truth   []Result
	k, step int // of the next search
	recall  [len(calibrateKs)][ladderSteps]float32
}

// calibrateIfDue goes on with a calibration by as much as a write of so many vectors is to do, and begins one if it is due.
func (h *HNSW) calibrateIfDue(g *graph, written int) {
	n, last := h.Len(), h.calibration.Load()
	if n < calibrateLeast {
		h.measuring = nil
		return
	}
	if h.measuring == nil {
		if last != nil && n < 2*last.size && 2*n > last.size && (last.asked || !h.asked.enough()) {
			return
		}
		h.measuring = &measuring{size: n, queries: h.measuredQueries(g)}
	}
	m := h.measuring
	if budget := written * measureSlice; budget < len(m.queries)*h.used {
		for m.at < len(m.queries) && budget > 0 {
			budget -= h.advance(g, h.writer(), &m.queries[m.at], m.at, budget)
			if m.queries[m.at].k == len(calibrateKs) {
				m.at++
			}
		}
		if m.at < len(m.queries) {
			return
		}
	}
	h.endMeasuring(context.Background(), g)
}

// endMeasuring does the rest, and stores what was measured unless ctx ends before.
func (h *HNSW) endMeasuring(ctx context.Context, g *graph) error {
	m := h.measuring
	left := m.queries[m.at:]
	each(h.workers(16*len(left)), len(left), func(w, i int) {
		for ctx.Err() == nil && left[i].k < len(calibrateKs) {
			h.advance(g, h.writers[w], &left[i], m.at+i, math.MaxInt)
		}
	})
	h.measuring = nil
	if err := ctx.Err(); err != nil {
		return err
	}
	h.calibration.Store(m.calibration())
	return nil
}

// advance compares a query with more slots or searches for it once more, until the budget is spent or it is done, and returns about how many
// comparisons that were. Large Efs are measured of the first few queries alone.
func (h *HNSW) advance(g *graph, s *scratch, q *measured, number, budget int) (spent int) {
	s.setQuery(g, q.vector)
	for spent < budget && q.scanned < h.used {
		n := min(measurePiece, h.used-q.scanned)
		s.pool = q.pool
		s.fill(g, q.scanned, q.scanned+n, calibrateKs[len(calibrateKs)-1], s.exact, func(slot uint32) bool {
			return slot != q.without && g.isAlive(slot)
		})
		q.pool, s.pool = s.pool, nil
		q.scanned, spent = q.scanned+n, spent+n
		if q.scanned == h.used {
			s.pool = q.pool
			q.truth, q.pool = h.collect(nil, s, g, calibrateKs[len(calibrateKs)-1]), nil
		}
	}
	for spent < budget && q.k < len(calibrateKs) {
		k := calibrateKs[q.k]
		ef := ladder(k, q.step)
		switch {
		case q.step > 0 && q.recall[q.k][q.step-1] == 1:
			q.recall[q.k][q.step] = 1
		case number < calibratedAt(ef):
			q.recall[q.k][q.step] = h.recallAt(g, s, q, k, ef)
			spent += measureHop * ef
		}
		if q.step++; q.step == ladderSteps {
			q.k, q.step = q.k+1, 0
		}
	}
	return spent
}

// recallAt is the recall of a search for k.
func (h *HNSW) recallAt(g *graph, s *scratch, q *measured, k, ef int) float32 {
	s.without = q.without
	g.descend(s, g.entry.Load(), 0)
	g.walk(s, 0, min(ef, g.size()))
	s.without = none
	s.rerank(g, k)
	return share(h.collect(nil, s, g, k), q.truth[:min(k, len(q.truth))])
}

// calibration is the mean of what was measured.
func (m *measuring) calibration() *calibration {
	c := &calibration{size: m.size, asked: len(m.queries) > 0 && m.queries[0].without == none}
	for i, k := range calibrateKs {
		for step := range ladderSteps {
			queries := m.queries[:min(calibratedAt(ladder(k, step)), len(m.queries))]
			var sum float32
			for _, q := range queries {
				sum += q.recall[i][step]
			}
			c.recall[i][step] = sum / float32(max(len(queries), 1))
			if step > 0 { // of other queries, or by chance
				c.recall[i][step] = max(c.recall[i][step], c.recall[i][step-1])
			}
		}
	}
	return c
}

// measuredQueries are those asked, or the index's own vectors, the same for the same graph and seed. Those are of the bottom
// level, since walks begin above it.
func (h *HNSW) measuredQueries(g *graph) []measured {
	var queries []measured
	for _, vector := range h.asked.all(g.dim) {
		queries = append(queries, measured{vector: vector, without: none})
	}
	if len(queries) >= askedLeast {
		return queries
	}
	rng, c := rand.New(rand.NewPCG(h.opts.Seed, 1)), newCoder(g.dim)
	queries = queries[:0]
	for tries := 0; len(queries) < calibrateQueries && tries < 64*calibrateQueries; tries++ {
		if slot := rng.Uint32N(uint32(h.used)); g.isAlive(slot) && g.level(slot) == 0 {
			queries = append(queries, measured{vector: g.vector(nil, slot, c), without: slot})
		}
	}
	return queries
}
