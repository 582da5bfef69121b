package ann

import (
	"math"
	"math/rand/v2"
)

// An index measures on itself which Ef a recall takes: it searches for a sample of made-up queries, mixtures of two of its
// vectors each, exactly and at every step of a ladder of Efs, and keeps the mean recall of each. It does so after an
// AddBatch or Add when it has doubled since the last time, and after a Delete when it has halved, which costs a few hundred searches and calibrateQueries scans.
const (
	calibrateQueries = 48
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
	size   int // of the index
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
	// A sample errs, and real queries differ: aim half of the way further to 1.
	return c.reach(k, min(recall+(1-recall)/2, 0.999))
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
	s, c := newScratch(h.opts.Dim), &calibration{size: n}
	queries := h.calibrationQueries(g)
	truth := make([][]Result, len(queries))
	for i, q := range queries {
		s.setQuery(g, q)
		s.fill(g, calibrateKs[len(calibrateKs)-1], s.exact, g.isAlive)
		truth[i] = h.collect(nil, s, g, calibrateKs[len(calibrateKs)-1])
	}
	for i, k := range calibrateKs {
		for step := range ladderSteps {
			if step > 0 && c.recall[i][step-1] >= ladderEnough {
				c.recall[i][step] = c.recall[i][step-1]
				continue
			}
			var sum float32
			for j, q := range queries {
				s.setQuery(g, q)
				g.descend(s, g.entry.Load(), 0)
				g.walk(s, 0, min(ladder(k, step), g.size()))
				s.rerank(g, k)
				sum += share(h.collect(nil, s, g, k), truth[j][:min(k, len(truth[j]))])
			}
			c.recall[i][step] = sum / float32(max(len(queries), 1))
		}
	}
	h.calibration.Store(c)
}

// calibrationQueries makes up queries, the same for the same graph and seed.
func (h *HNSW) calibrationQueries(g *graph) [][]float32 {
	rng, c := rand.New(rand.NewPCG(h.opts.Seed, 1)), newCoder(g.dim)
	draw := func() []float32 {
		for {
			if slot := rng.Uint32N(uint32(h.used)); g.isAlive(slot) {
				return g.vector(nil, slot, c)
			}
		}
	}
	var queries [][]float32
	for range calibrateQueries {
		a, b := draw(), draw()
		for i := range a {
			a[i] = 0.7*a[i] + 0.3*b[i]
		}
		if check(a, g.dim, g.metric) == nil { // two opposite vectors may cancel out
			queries = append(queries, a)
		}
	}
	return queries
}

// share is how much of want found has reached, by score.
func share(found, want []Result) float32 {
	hits := 0
	for _, r := range found {
		if r.Score >= want[len(want)-1].Score {
			hits++
		}
	}
	return float32(min(hits, len(want))) / float32(len(want))
}
