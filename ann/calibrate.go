package ann

import "math"

// An index measures on itself which Ef a recall takes: it searches for a sample of queries, exactly and at every step of a
// ladder of Efs, and keeps the mean recall of each. It does so after an AddBatch or Add when it has doubled since the last
// time, after a Delete when it has halved, and once there are queries that were asked; measure.go has how.
//
// The queries are those that were asked, once there are askedLeast of them (see asked). Until then they are vectors of its own,
// each searched for as though it was not stored: walks do not step on it, and it is not among the truth. So a query has no
// vector of its own to lead to its neighbours, as a real one has none. Mixtures of two vectors, which lie beside one, let
// GloVe-100's own queries have 0.887 where 0.95 was asked for. Queries are stranger than vectors all the same (those of GloVe-100
// miss 1.2 to 2.8 times as much at an Ef), so that half of the misses are aimed at until some were asked: there 0.80, 0.90, 0.95
// and 0.99 get 0.852, 0.914, 0.945 and 0.985, and afterwards 0.802, 0.898, 0.947 and 0.994.
const (
	calibrateQueries = 256
	calibrateLeast   = 256 // smaller indexes are searched at the largest Ef
	ladderSteps      = 12
	ladderEnough     = 0.998 // no step further is measured
)

// calibratedAt is how many queries an Ef is measured on. Recalls at a large one spread less, and take long to measure: all of them at every Ef
// made building GloVe-100 take a tenth longer.
func calibratedAt(ef int) int {
	switch {
	case ef < 400:
		return calibrateQueries
	case ef < 3000:
		return 48
	}
	return 12
}

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
