package ann

import (
	"math"
	"math/rand/v2"
)

// An index measures on itself which Ef a recall takes: it searches for a sample of queries, exactly and at every step of a
// ladder of Efs, and keeps the mean recall of each. It does so after an AddBatch or Add when it has doubled since the last
// time, and after a Delete when it has halved, which costs a few thousand searches and calibrateQueries scans.
//
// The queries are those that were asked, once there are askedLeast of them (see asked). Until then they are vectors of its own,
// each searched for as though it was not stored: walks do not step on it, and it is not among the truth. So a query has no
// vector of its own to lead to its neighbours, as a real one has none. Mixtures of two vectors, which lie beside one, let
// GloVe-100's own queries have 0.887 where 0.95 was asked for. Queries are stranger than vectors all the same (those of GloVe-100
// miss 1.2 to 2.8 times as much at an Ef), so that half of the misses are aimed at until some were asked: there 0.80, 0.90, 0.95
// and 0.99 get 0.852, 0.914, 0.945 and 0.985, and afterwards 0.802, 0.898, 0.947 and 0.994.
const (
	calibrateQueries = 256
	calibrateFew     = 48  // queries at a large Ef, whose recalls spread less and take long to measure
	calibrateLarge   = 400 // is an Ef from here on
	calibrateLeast   = 256 // smaller indexes are searched at the largest Ef
	ladderSteps      = 12
	ladderEnough     = 0.998 // no step further is measured
)

// calibrateKs are the numbers of results that are measured; those between take the curve of the next.
var calibrateKs = [...]int{1, 10, 100}

// ladder is the Ef of a step, for k results.
func ladder(k, step int) int {
	return int(float64(max(k, 10)) * math.Pow(1.6, float64(step)))
}

// calibration is what was measured.
type calibration struct {
	size   int  // of the index
	asked  bool // on queries that were asked
	recall [len(calibrateKs)][ladderSteps]float32
}

// ef is the Ef at which k results are expected to have a recall.
func (c *calibration) ef(k int, recall float64) int {
	if !(recall > 0) { // NaN is not
		recall = 0.95
	}
	if c == nil {
		return ladder(k, ladderSteps-1)
	}
	if !c.asked {
		recall += (1 - recall) / 2
	}
	return c.reach(k, min(recall, 0.999))
}

// wider is the Ef at which more results have the recall that k have at ef.
func (c *calibration) wider(k, ef, more int) int {
	if c == nil {
		return ef + more + more/2
	}
	return max(ef, c.reach(more, c.recallOf(k, ef)))
}

// curve is the curve for k results, which is that of like, and of k in proportion where k is more.
func (c *calibration) curve(k int) (curve []float32, like int) {
	i := 0
	for i < len(calibrateKs)-1 && k > calibrateKs[i] {
		i++
	}
	return c.recall[i][:], calibrateKs[i]
}

// reach is the least Ef at which k results were measured to have a recall, or the largest measured.
func (c *calibration) reach(k int, recall float64) int {
	curve, like := c.curve(k)
	step := 0
	for step < ladderSteps-1 && float64(curve[step]) < recall {
		step++
	}
	ef := float64(ladder(like, step))
	if step > 0 && curve[step] > curve[step-1] { // between the two
		below := float64(ladder(like, step-1))
		t := (recall - float64(curve[step-1])) / float64(curve[step]-curve[step-1])
		ef = below * math.Pow(ef/below, min(max(t, 0), 1))
	}
	if k > like {
		ef *= float64(k) / float64(like)
	}
	return max(int(math.Ceil(ef)), k)
}

// recallOf is the recall that k results were measured to have at an Ef.
func (c *calibration) recallOf(k, ef int) float64 {
	curve, like := c.curve(k)
	at := float64(ef) * min(float64(like)/float64(k), 1)
	step := 1
	for step < ladderSteps-1 && at > float64(ladder(like, step)) {
		step++
	}
	below, above := float64(ladder(like, step-1)), float64(ladder(like, step))
	t := min(max(math.Log(at/below)/math.Log(above/below), 0), 1)
	return float64(curve[step-1])*(1-t) + float64(curve[step])*t
}

// calibrateIfDue measures anew when the index has doubled.
func (h *HNSW) calibrateIfDue(g *graph) {
	n, last := h.Len(), h.calibration.Load()
	if n < calibrateLeast || last != nil && n < 2*last.size && 2*n > last.size {
		return
	}
	h.calibrate(g)
}

// calibrationQuery is a query and what is to be found.
type calibrationQuery struct {
	vector  []float32
	without uint32 // the slot that it was taken from, or none
	truth   []Result
}

// calibrate measures.
func (h *HNSW) calibrate(g *graph) {
	queries := h.calibrationQueries(g)
	c := &calibration{size: h.Len(), asked: len(queries) > 0 && queries[0].without == none}
	workers := h.workers(16 * len(queries))
	each(workers, len(queries), func(w, i int) { h.findTruth(g, h.writers[w], &queries[i]) })
	recalls := make([]float32, len(queries))
	for i, k := range calibrateKs {
		for step := range ladderSteps {
			ef := ladder(k, step)
			if step > 0 && c.recall[i][step-1] >= ladderEnough {
				c.recall[i][step] = c.recall[i][step-1]
				continue
			}
			some := len(queries)
			if ef >= calibrateLarge {
				some = min(some, calibrateFew)
			}
			each(workers, some, func(w, j int) { recalls[j] = h.recallAt(g, h.writers[w], &queries[j], k, ef) })
			var sum float32
			for _, r := range recalls[:some] {
				sum += r
			}
			c.recall[i][step] = sum / float32(max(some, 1))
			if step > 0 {
				c.recall[i][step] = max(c.recall[i][step], c.recall[i][step-1])
			}
		}
	}
	h.calibration.Store(c)
}

// findTruth finds the most that is asked for by a scan.
func (h *HNSW) findTruth(g *graph, s *scratch, q *calibrationQuery) {
	most := calibrateKs[len(calibrateKs)-1]
	s.setQuery(g, q.vector)
	s.fill(g, most, s.exact, func(slot uint32) bool { return slot != q.without && g.isAlive(slot) })
	q.truth = h.collect(nil, s, g, most)
}

// recallAt is the recall of a search for k.
func (h *HNSW) recallAt(g *graph, s *scratch, q *calibrationQuery, k, ef int) float32 {
	s.setQuery(g, q.vector)
	s.without = q.without
	g.descend(s, g.entry.Load(), 0)
	g.walk(s, 0, min(ef, g.size()))
	s.without = none
	s.rerank(g, k)
	return share(h.collect(nil, s, g, k), q.truth[:min(k, len(q.truth))])
}

// calibrationQueries are those asked, or the index's own vectors, the same for the same graph and seed. Those are of the bottom
// level, since walks begin above it.
func (h *HNSW) calibrationQueries(g *graph) []calibrationQuery {
	var queries []calibrationQuery
	for _, vector := range h.asked.all(g.dim) {
		queries = append(queries, calibrationQuery{vector: vector, without: none})
	}
	if len(queries) >= askedLeast {
		return queries
	}
	rng, c := rand.New(rand.NewPCG(h.opts.Seed, 1)), newCoder(g.dim)
	queries = queries[:0]
	for tries := 0; len(queries) < calibrateQueries && tries < 64*calibrateQueries; tries++ {
		if slot := rng.Uint32N(uint32(h.used)); g.isAlive(slot) && g.level(slot) == 0 {
			queries = append(queries, calibrationQuery{vector: g.vector(nil, slot, c), without: slot})
		}
	}
	return queries
}

// share is how much of want found has reached, by score.
func share(found, want []Result) float32 {
	if len(want) == 0 {
		return 1
	}
	hits := 0
	for _, r := range found {
		if r.Score >= want[len(want)-1].Score {
			hits++
		}
	}
	return float32(min(hits, len(want))) / float32(len(want))
}
