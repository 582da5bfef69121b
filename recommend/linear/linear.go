// Package linear recommends by a linear model of items by items, fitted in closed form: EASE (Steck, Embarrassingly shallow
// autoencoders for sparse data, WWW 2019), and where that does not fit into memory its sparse approximation.
//
// X is the users' histories, x(u, i) = √c · (d_u/d̄)^(−e/2) with c the [model.Confidence] of what user u did with item i in
// all and d_u the number of the user's items. Every item is predicted from all others by ridge regression,
//
//	B = argmin ‖X − X·B‖² + λ‖B‖²  with diag(B) = 0,  which is  B[j, i] = −P[j, i] / P[i, i],  P = (Xᵀ·X + λI)⁻¹
//	score(user, i) = Σ over the history's j of √cⱼ · B[j, i]
//
// Of each candidate i the entries of the greatest magnitude are kept, by which it is served. The exact form holds P, and
// so 4 bytes for every pair of items, and takes n³ operations.
//
// The sparse form never holds more than some hundred entries of a row of Xᵀ·X, those of the highest cosine, and solves each
// column for the items that it is most alike to alone: the columns of B on the support of a thresholded correlation matrix, as in
// Steck, Markov random fields for collaborative filtering, NeurIPS 2019. Its time and memory grow with the number of items and not
// with its square.
//
//	m, err := linear.Trainer{}.Train(ctx, data, model.TrainOptions{})
//	best := m.Propose(nil, &model.User{History: history}, 20, allow, model.Quick)
//
// # Cost and concurrency
//
// The exact form holds 4 bytes for every pair of items and takes n³ operations, so ExactMax and MemoryMax bound it;
// the sparse form grows with the number of items. A model is immutable and safe for concurrent use, costs 8 bytes a
// link and 12 an item, and some nanoseconds for each link of each item of the history.
//
// # Caveats
//
// Links may be negative: that somebody has a thing may speak against another. Items whose weights in a history do not sum
// up to more than zero count for nothing, and of a longer history the newest 1,000 events count.
package linear

import (
	"cmp"
	"fmt"
	"math"
)

// Trainer trains and loads linear models. The zero value is a good one. It was chosen on fifths drawn from the training
// data of public sets; see docs/accuracy.md for the command.
type Trainer struct {
	Ridge        float64 // λ over the mean of XᵀX's diagonal; 0 means 3
	UserExponent float64 // e, how far one of a user's many items counts less, up to 2; 0 means 0.3, below 0 none
	Neighbors    int     // entries kept of each candidate, at most 4,096; 0 means 400, and in the sparse form, which solves for as many, 100
	UserMax      int     // items of one user that training looks at, a sample of more drawn by seed; 0 means 1,000
	ExactMax     int     // items up to which the exact form is taken, if it fits; 0 means 10,000, below 0 none
	MemoryMax    int64   // bytes that training may hold besides the data; 0 means 1 GiB
}

// Name is what the model is called, and its section in a file.
const Name = "linear"

// Name is "linear".
func (t Trainer) Name() string { return Name }

const (
	ridgeDefault    = 3.0
	exponentDefault = 0.3
	neighborsMax    = 4096
	exactNeighbors  = 400
	sparseNeighbors = 100
)

func (t Trainer) withDefaults() (Trainer, error) {
	t.Ridge = cmp.Or(t.Ridge, ridgeDefault)
	t.UserExponent = max(0, cmp.Or(t.UserExponent, exponentDefault))
	t.UserMax = cmp.Or(t.UserMax, 1000)
	t.ExactMax = max(0, cmp.Or(t.ExactMax, 10_000))
	t.MemoryMax = cmp.Or(t.MemoryMax, 1<<30)
	switch {
	case !(t.Ridge > 0 && t.Ridge <= math.MaxFloat32):
		return t, fmt.Errorf("linear: ridge of %v", t.Ridge)
	case !(t.UserExponent <= 2):
		return t, fmt.Errorf("linear: user exponent %v, want at most 2", t.UserExponent)
	case t.Neighbors < 0 || t.Neighbors > neighborsMax:
		return t, fmt.Errorf("linear: %d neighbours, want at most %d", t.Neighbors, neighborsMax)
	case t.UserMax < 2:
		return t, fmt.Errorf("linear: at most %d items of a user", t.UserMax)
	case t.MemoryMax < 0:
		return t, fmt.Errorf("linear: memory of %d bytes", t.MemoryMax)
	}
	return t, nil
}

// MemoryError says that training would need more memory than it may have. Nothing was trained, and that memory not taken.
type MemoryError struct {
	Need, Max int64 // bytes: what training needs, and Trainer.MemoryMax
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("linear: training needs %d MiB, and may have %d", e.Need>>20, e.Max>>20)
}
