// Package itemknn recommends what goes with what a user already has: item-based nearest neighbours (Sarwar, Karypis,
// Konstan and Riedl, Item-based collaborative filtering recommendation algorithms, WWW 2001).
//
// Every item is the vector w of the users who have it, weighted by one of the [Weighting] schemes, and the likeness of
// a candidate i to an item j of the history is their shrunk asymmetric cosine,
//
//	s(i, j) = n/(n + shrink) · Σ over users of wᵢ·wⱼ / (‖wᵢ‖^2a · ‖wⱼ‖^2(1−a))
//
// with n the number of users they share (shrinkage as in Bell and Koren, ICDM 2007; asymmetry a, which decides how far
// a candidate's popularity counts against it, as in Aiolli, Efficient top-N recommendation for very large scale binary
// rated datasets, RecSys 2013; a = ½ is the plain cosine). Of each candidate's neighbours the K most alike are kept, and
//
//	score(user, i) = Σ over the history's j of √cⱼ · s(i, j)
//
// with cⱼ the [model.Confidence] of the summed weight of what the user did with j.
//
//	m, err := itemknn.Trainer{Neighbors: 50}.Train(ctx, data, model.TrainOptions{Seed: 1})
//	best := m.Propose(nil, &model.User{History: history}, 20, allow, model.Quick)
//
// # Cost and concurrency
//
// Training counts pairs: in the order of the sum over users of the square of their items, of which Trainer.UserMax
// bounds each. It holds 16 bytes for each pair of a user and an item, 8 for every item and worker, and twice the
// model, which is 8 bytes a neighbour kept. A model is immutable and safe for concurrent use, and costs some
// nanoseconds for each neighbour of each item of the history.
//
// # Caveats
//
// Items whose weights in a history do not sum up to more than zero count for nothing. Of a longer history the newest
// 1,000 events count. An item nobody had together with another has no neighbours and is never proposed.
package itemknn

import (
	"cmp"
	"fmt"
	"math"
)

// Weighting says what one user's doing with one item weighs in the item's vector; c is the [model.Confidence] of the
// summed weight of the events.
type Weighting uint8

const (
	// TFIDF is √c·ln(1 + items/items of the user), items being those that anybody has: who has everything says little about
	// what goes together.
	TFIDF Weighting = iota
	// BM25 is the same with a saturating c·(k+1)/(k·(1−b+b·length)+c) in place of √c, where length is the item's
	// summed weight over the mean item's, k = 100 and b = 0.8.
	BM25
	// Plain is c itself.
	Plain
)

// Trainer trains and loads item-kNN models. The zero value is a good one.
type Trainer struct {
	Neighbors int       // K, kept of each candidate; 0 means 200
	Weighting Weighting // of the item vectors
	Shrink    float64   // users that two items must share for half of their likeness to count; 0 means 5, below 0 none
	Asymmetry float64   // a, above 0 and up to 1; 0 means 0.2
	UserMax   int       // items of one user that training looks at, a sample of more drawn by seed; 0 means 1,000
}

// Name is what the model is called, and its section in a file.
const Name = "itemknn"

// Name is "itemknn".
func (t Trainer) Name() string { return Name }

func (t Trainer) withDefaults() (Trainer, error) {
	t.Neighbors = cmp.Or(t.Neighbors, 200)
	t.Shrink = max(0, cmp.Or(t.Shrink, 5))
	t.Asymmetry = cmp.Or(t.Asymmetry, 0.2)
	t.UserMax = cmp.Or(t.UserMax, 1000)
	switch {
	case t.Neighbors < 1:
		return t, fmt.Errorf("itemknn: %d neighbours", t.Neighbors)
	case t.Weighting > Plain:
		return t, fmt.Errorf("itemknn: unknown weighting %d", t.Weighting)
	case !(t.Shrink <= math.MaxFloat32):
		return t, fmt.Errorf("itemknn: shrink %v", t.Shrink)
	case !(t.Asymmetry > 0 && t.Asymmetry <= 1):
		return t, fmt.Errorf("itemknn: asymmetry %v is not above zero and at most one", t.Asymmetry)
	case t.UserMax < 2:
		return t, fmt.Errorf("itemknn: at most %d items of a user", t.UserMax)
	}
	return t, nil
}
