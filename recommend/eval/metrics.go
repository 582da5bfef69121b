package eval

import (
	"math"
	"slices"
)

// Metrics says how good rankings are down to a cutoff k, as means over users. Relevance is yes or no; with R relevant
// items of which those at ranks r₁ < r₂ < … ≤ k were found, a user counts
//
//	Recall     found / R
//	Precision  found / k
//	HitRate    1 if any was found
//	NDCG       Σ 1/log₂(1+rᵢ), divided by the same sum over ranks 1 to min(k, R)
//	MRR        1/r₁, or 0
//	MAP        Σ (i/rᵢ) / R
//
// These are the definitions of trec_eval. Of what was shown, relevant or not, the means over users are
//
//	Novelty     mean of -log₂ of the part of train's users who had the item; for one whom nobody had, as if half of one had
//	Popularity  part of the items shown that are among the most popular ones that have a fifth of train's pairs of user and item
//	Diversity   mean of 1 - Options.Similar over pairs of items shown; 0 for fewer than two items or without Similar
//
// and over all users together
//
//	Coverage    part of train's items that some user was shown
//	Gini        how unequally often train's items were shown: 0 alike, near 1 a few alone; 0 when nothing was
type Metrics struct {
	K         int     `json:"k"`
	Recall    float64 `json:"recall"`
	Precision float64 `json:"precision"`
	HitRate   float64 `json:"hit_rate"`
	NDCG      float64 `json:"ndcg"`
	MRR       float64 `json:"mrr"`
	MAP       float64 `json:"map"`
	Coverage  float64 `json:"coverage"`

	Novelty    float64 `json:"novelty"`
	Popularity float64 `json:"popularity"`
	Diversity  float64 `json:"diversity"`
	Gini       float64 `json:"gini"`
}

// Measure returns the metrics of relevance of one ranking, the best item first, in which relevant of all items are relevant
// and hit reports which. They are zero when none is, and for a k below 1. An item that comes again takes its place
// and is not found a second time.
func Measure(ranking []uint32, relevant int, hit func(item uint32) bool, k int) Metrics {
	m := Metrics{K: k}
	if relevant <= 0 || k <= 0 {
		return m
	}
	found, gain, precision := 0, 0.0, 0.0
	ranking = ranking[:min(k, len(ranking))]
	for i, item := range ranking {
		if !hit(item) || slices.Contains(ranking[:i], item) {
			continue
		}
		found++
		rank := float64(i + 1)
		gain += 1 / math.Log2(1+rank)
		precision += float64(found) / rank
		if found == 1 {
			m.HitRate, m.MRR = 1, 1/rank
		}
	}
	ideal := 0.0
	for i := range min(k, relevant) {
		ideal += 1 / math.Log2(2+float64(i))
	}
	m.Recall = float64(found) / float64(relevant)
	m.Precision = float64(found) / float64(k)
	m.NDCG = gain / ideal
	m.MAP = precision / float64(relevant)
	return m
}

// add adds what one user, or one part of the users, counts.
func (m *Metrics) add(o Metrics) {
	m.Recall += o.Recall
	m.Precision += o.Precision
	m.HitRate += o.HitRate
	m.NDCG += o.NDCG
	m.MRR += o.MRR
	m.MAP += o.MAP
	m.Novelty += o.Novelty
	m.Popularity += o.Popularity
	m.Diversity += o.Diversity
}

// over divides the sums by the number of users.
func (m *Metrics) over(users int) {
	n := float64(max(users, 1))
	m.Recall /= n
	m.Precision /= n
	m.HitRate /= n
	m.NDCG /= n
	m.MRR /= n
	m.MAP /= n
	m.Novelty /= n
	m.Popularity /= n
	m.Diversity /= n
}
