// Package als factorises who likes what: implicit alternating least squares.
//
// Every user u gets a vector x and every item i a vector y, and the score is their inner product. With c the
// [model.Confidence] of the summed weight of what u did with i, the vectors minimise
//
//	Σ over pairs with c > 0 of c·(1 − x·y)²  +  α₀·Σ over all pairs of (x·y)²  +  Σ λᵤ‖x‖²  +  Σ λᵢ‖y‖²
//	λᵤ = λ·(Σᵢ c + α₀·items)        λᵢ = λ·(Σᵤ c + α₀·users)
//
// This is the model of Hu, Koren and Volinsky (Collaborative filtering for implicit feedback datasets, ICDM 2008), with
// the unobserved weight and the regularisation by frequency of Rendle, Krichene, Zhang and Koren (Revisiting the
// performance of iALS on item recommendation benchmarks, RecSys 2022). One side is held still and the other solved for,
// in turn, by two preconditioned conjugate-gradient steps a row (Takács, Pilászy and Tikk, Applications of the conjugate
// gradient method for implicit feedback collaborative filtering, RecSys 2011).
//
// Users are not stored. A user's vector is solved for from the history when it is needed, by [Model.Embed], so that one
// whom training never saw is served like any other and a new interaction counts at once.
//
//	m, err := als.Trainer{Factors: 64}.Train(ctx, data, model.TrainOptions{Seed: 1})
//	best := m.Propose(nil, &model.User{History: history}, 20, allow, model.Quick)
//
// # Cost and concurrency
//
// Training costs in the order of Factors²·(users+items) + Factors·pairs operations for each conjugate-gradient step,
// of which there are two for both sides in each of the Iterations, and holds 16 bytes a pair and a float32 matrix of
// (users+items)·Factors, of which the model keeps the items' part. A model is immutable and safe for concurrent use. A
// user's vector costs some tens of microseconds, and a third of the steps to follow from event to event
// ([Model.Follow]); a proposal searches an index, or looks at all of a few thousand items at some nanoseconds each.
//
// # Caveats
//
// Items without a positive weight in training have no vector: they score zero and are never proposed. Train and serve
// on one kind of machine if scores must agree to the last bit: kernels round differently on different processors.
package als

import (
	"cmp"
	"fmt"
	"math"
)

// Trainer trains and loads ALS models. The zero value is a good one for catalogues of thousands to millions.
type Trainer struct {
	Factors    int // columns of the vectors; 0 means 192, more than 4096 is an error
	Iterations int // times that both sides are solved for; 0 means 12

	// Regularization is λ; 0 means 0.005. Good ones lie between 0.001 and 0.02.
	Regularization float64

	// Unobserved is what all pairs together weigh for being unobserved, over what the observed ones weigh:
	// α₀·users·items / Σ c. 0 means 12; a good α₀ of one data set is a poor one of another, but a good ratio of
	// one is good for most. α₀ is never more than the mean c.
	Unobserved float64
}

// Name is what the model is called, and its section in a file.
const Name = "als"

// Name is "als".
func (t Trainer) Name() string { return Name }

// factorsMax bounds what Trainer and Load accept.
const factorsMax = 4096

func (t Trainer) withDefaults() (Trainer, error) {
	t.Factors = cmp.Or(t.Factors, 192)
	t.Iterations = cmp.Or(t.Iterations, 12)
	t.Regularization = cmp.Or(t.Regularization, 0.005)
	t.Unobserved = cmp.Or(t.Unobserved, 12)
	switch {
	case t.Factors < 1 || t.Factors > factorsMax:
		return t, fmt.Errorf("als: %d factors, not 1 to %d", t.Factors, factorsMax)
	case t.Iterations < 1:
		return t, fmt.Errorf("als: %d iterations", t.Iterations)
	case !positive(t.Regularization):
		return t, fmt.Errorf("als: regularization %v is not above zero", t.Regularization)
	case !positive(t.Unobserved):
		return t, fmt.Errorf("als: unobserved weight %v is not above zero", t.Unobserved)
	}
	return t, nil
}

func positive(v float64) bool { return v > 0 && v <= math.MaxFloat32 }
