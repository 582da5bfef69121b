// Package sequence recommends what tends to follow what a user did last: item-based nearest neighbours of which the order is
// part, as the field's session and next-item exams ask for (sequential item-kNN; compare Ludewig and Jannach, Evaluation of
// session-based recommendation algorithms, 2018).
//
// A history is a row of steps, an item each. A step b after a step a of the same user is a transition, which counts less
// the more steps lie between them, and backwards for a part of that:
//
//	C[i, j] = Σ over users, and their steps a of i and b of j, of √(cₐ·c_b) · e^(−(|b−a|−1)/gap) · (1 if b is later, else back)
//	M[i, j] = C[i, j] / (rowᵢ^r · colⱼ^c)
//	score(user, j) = Σ over the user's steps a of √cₐ · e^(−age(a)/recency) · M[itemₐ, j]
//
// where row and col are the sums of C's rows and columns, cₐ is the [model.Confidence] of the step's summed weight, and the
// age of the newest step is 0, of the one before it 1, and so on. Of each item the K strongest transitions are kept. There
// is nothing to learn by descent: training counts, and takes seconds for millions of events.
//
//	m, err := sequence.Trainer{}.Train(ctx, data, model.TrainOptions{})
//	best := m.Propose(nil, &model.User{History: history}, 20, allow, model.Quick)
//
// # Cost and concurrency
//
// Training looks at some five gaps of steps on either side of every step, and holds 12 bytes a step, 4 for every item
// and worker, and twice the model. A model is immutable and safe for concurrent use, costs 8 bytes a transition and 12
// an item, and some nanoseconds for each transition of each item of the history.
//
// # Caveats
//
// Events in a row with one item are one step. Items that a user's events do not speak for, all together, make no step.
// Events of one time follow one another as they were recorded. Time between steps does not count, only their number.
package sequence

import (
	"cmp"
	"fmt"
)

// Trainer trains and loads sequence models. The zero value is a good one. It was chosen by what users of the public Beauty
// set did second to last, with what came before to learn from; see docs/accuracy.md for the command.
type Trainer struct {
	Gap         float64 // steps after which a transition counts 1/e of one to the next step; 0 means 8
	Backward    float64 // what a transition counts backwards, up to 1; 0 means 0.3, below 0 nothing
	RowExponent float64 // r, up to 1; 0 means 0.4, below 0 none: how little an item of many transitions says for each
	ColExponent float64 // c, up to 1; 0 means 0.1, below 0 none: how far a candidate's popularity counts against it
	Recency     float64 // steps of age at which one says 1/e of what the newest says; 0 means 2, at most 100
	Neighbors   int     // K, kept of each item; 0 means 500
}

// Name is what the model is called, and its section in a file.
const Name = "sequence"

// Name is "sequence".
func (t Trainer) Name() string { return Name }

func (t Trainer) withDefaults() (Trainer, error) {
	t.Gap = cmp.Or(t.Gap, 8)
	t.Backward = max(0, cmp.Or(t.Backward, 0.3))
	t.RowExponent = max(0, cmp.Or(t.RowExponent, 0.4))
	t.ColExponent = max(0, cmp.Or(t.ColExponent, 0.1))
	t.Recency = cmp.Or(t.Recency, 2)
	t.Neighbors = cmp.Or(t.Neighbors, 500)
	switch {
	case !(t.Gap > 0 && t.Gap <= gapMax):
		return t, fmt.Errorf("sequence: gap of %v steps", t.Gap)
	case !(t.Backward <= 1):
		return t, fmt.Errorf("sequence: backwards %v, want at most 1", t.Backward)
	case !(t.RowExponent <= 1 && t.ColExponent <= 1):
		return t, fmt.Errorf("sequence: exponents %v and %v, want at most 1", t.RowExponent, t.ColExponent)
	case !(t.Recency > 0 && t.Recency <= recencyMax):
		return t, fmt.Errorf("sequence: recency of %v steps", t.Recency)
	case t.Neighbors < 1:
		return t, fmt.Errorf("sequence: %d neighbours", t.Neighbors)
	}
	return t, nil
}

const (
	gapMax     = 100
	recencyMax = 100
)
