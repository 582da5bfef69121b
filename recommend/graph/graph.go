// Package graph recommends along the graph of users and items: what short walks lead to, and what is smooth on it.
//
// R is who has what, d the degrees of users and items, over their means. The walk of three edges goes from an item of the
// history to one of its users and on to another item of theirs,
//
//	W[j, i] = d_j^(−h) · d_i^(−c) · Σ over users v of j and i of x(v, j) · x(v, i) · d_v^(−u)
//
// (RP3-beta: Christoffel, Paudel, Newell and Bernstein, Blockbusters and wallflowers, RecSys 2015, with an exponent for every
// degree). The low pass keeps of a history what the leading right singular vectors V of D_U^(−½)·R·D_I^(−½) can say:
//
//	L = D_I^(−½) · V · Vᵀ · D_I^(½)
//	score(user, i) = Σ over the history's j of √cⱼ · (W + low·L)[j, i]
//
// where L counts only for items that a walk leads to. With h = c = ½ and u = 1 this is GF-CF (Shen et al., How powerful
// is graph convolution for recommendation?, CIKM 2021) but for that. Any polynomial filter of the graph, such as Chebyshev's, is a
// weighting of the same singular vectors. The sum is made once, in training: of each item the links of the highest weight are
// kept, and a request adds up a few thousand numbers instead of multiplying by the graph.
//
// # Cost
//
// Training costs what the walks do, the users' histories squared and bounded by UserMax, and for the low pass some
// products of the data with Rank vectors, twice and at most 2,048 of them: twenty seconds of one processor for a million
// interactions and a rank of 512, two without it. A page costs some nanoseconds for each
// link of each item of the history. A model holds 8 bytes a link.
//
// # Caveats
//
// Items whose weights in a history do not sum up to more than zero count for nothing, and of a longer history the newest
// 1,000 events count.
package graph

import (
	"cmp"
	"fmt"
	"math"
)

// Trainer trains and loads graph models. The zero value is a good one: exponents chosen on fifths drawn from the training
// data of Gowalla, rank and weight of the low pass those of GF-CF, which fifths of Gowalla do not tell from none and of
// Yelp2018 prefer; see docs/accuracy.md.
type Trainer struct {
	UserExponent      float64 // u, up to 2; 0 means 0.7, below 0 none
	HistoryExponent   float64 // h, up to 2; 0 means 0.6, below 0 none
	CandidateExponent float64 // c, up to 2; 0 means 0.3, below 0 none: how far a candidate's popularity counts against it
	Low               float64 // weight of the low pass, up to 1,000; 0 means 0.3
	Rank              int     // singular vectors of the low pass, up to 2,048; 0 means 512, below 0 none and no low pass
	Neighbors         int     // links kept of each item; 0 means 500
	UserMax           int     // items of one user that training looks at, a sample of more drawn by seed; 0 means 1,000
}

// Name is what the model is called, and its section in a file.
const Name = "graph"

// Name is "graph".
func (t Trainer) Name() string { return Name }

func (t Trainer) withDefaults() (Trainer, error) {
	t.UserExponent = max(0, cmp.Or(t.UserExponent, 0.7))
	t.HistoryExponent = max(0, cmp.Or(t.HistoryExponent, 0.6))
	t.CandidateExponent = max(0, cmp.Or(t.CandidateExponent, 0.3))
	t.Low = cmp.Or(t.Low, 0.3)
	t.Rank = max(0, cmp.Or(t.Rank, 512))
	t.Neighbors = cmp.Or(t.Neighbors, 500)
	t.UserMax = cmp.Or(t.UserMax, 1000)
	for _, e := range []float64{t.UserExponent, t.HistoryExponent, t.CandidateExponent} {
		if !(e <= 2) {
			return t, fmt.Errorf("graph: exponent %v, want at most 2", e)
		}
	}
	switch {
	case !(t.Low >= 0 && t.Low <= 1000):
		return t, fmt.Errorf("graph: low pass of weight %v", t.Low)
	case t.Rank > rankMax:
		return t, fmt.Errorf("graph: rank %d, want at most %d", t.Rank, rankMax)
	case t.Neighbors < 1:
		return t, fmt.Errorf("graph: %d neighbours", t.Neighbors)
	case t.UserMax < 2:
		return t, fmt.Errorf("graph: at most %d items of a user", t.UserMax)
	}
	return t, nil
}

const rankMax = 2048

// power is a degree over the mean to a power; 1 for an item or user of none.
func power(degree int, mean, exponent float64) float64 {
	if degree == 0 || exponent == 0 {
		return 1
	}
	return math.Pow(float64(degree)/mean, exponent)
}
