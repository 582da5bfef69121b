package session

import (
	"cmp"
	"fmt"
	"math"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// LinearTrainer trains and loads linear models of visits, SLIST (Choi, Kim, Lee, Shim and Lee, Session-aware linear item-item models for
// session-based recommendation, WWW 2021), in closed form:
//
//	B = argmin α·‖X − X·B‖² + (1−α)·‖T − S·B‖² + λ‖B‖²,  which is  B = (α·XᵀX + (1−α)·SᵀS + λI)⁻¹ · (α·XᵀX + (1−α)·SᵀT)
//	score(visit, j) = Σ over the visit's clicks c of e^(−age(c)/recency) · B[itemᵪ, j]
//
// X has a row for each visit, how often it clicked on what over the number of its clicks to the power of length/2. S and T have a
// row for each click, but for the last: S what was clicked on up to there, by e^(−clicks since/decay), T what came after, by
// e^(−clicks before it/ahead). B's diagonal is free, so that what is in a visit is likely to come again. Sums over S and T are
// geometric series, and are added up by pairs of clicks without their rows.
//
// What is done with memory is said of package linear: the whole inverse up to ExactMax items, and beyond that each column of B for
// the items most alike alone. The zero value is a good one, chosen like [Trainer].
type LinearTrainer struct {
	Alpha     float64 // α, below 1: how far clicks count that lie anywhere in a visit; 0 means 0.5, below 0 not at all
	Length    float64 // exponent, at most 2: how far one of many clicks says less of that; 0 means 0
	Decay     float64 // clicks back after which one counts 1/e in S, at most 20; 0 means 1
	Ahead     float64 // clicks on after which one counts 1/e in T, at most 20; 0 means 1
	Recency   float64 // clicks after which one says 1/e of the newest one, when it answers, at most 20; 0 means 3
	Ridge     float64 // λ over the mean of the diagonal of what is inverted; 0 means 0.5
	Neighbors int     // entries kept of each candidate, at most 4,096; 0 means 400, and in the sparse form, which solves for as many, 100
	ExactMax  int     // items up to which the exact form is taken, if it fits; 0 means 10,000, below 0 none
	MemoryMax int64   // bytes that training may hold besides the data; 0 means 1 GiB
}

// LinearName is what linear models of visits are called, and their section in a file.
const LinearName = "slist"

// Name is "slist".
func (t LinearTrainer) Name() string { return LinearName }

const (
	keptMax         = 4096
	exactNeighbors  = 400
	sparseNeighbors = 100
)

func (t LinearTrainer) withDefaults() (LinearTrainer, error) {
	t.Alpha = max(0, cmp.Or(t.Alpha, 0.5))
	t.Decay = cmp.Or(t.Decay, 1)
	t.Ahead = cmp.Or(t.Ahead, 1)
	t.Recency = cmp.Or(t.Recency, 3)
	t.Ridge = cmp.Or(t.Ridge, 0.5)
	t.ExactMax = max(0, cmp.Or(t.ExactMax, 10_000))
	t.MemoryMax = cmp.Or(t.MemoryMax, 1<<30)
	switch {
	case !(t.Alpha < 1):
		return t, fmt.Errorf("session: alpha is %v, want less than 1", t.Alpha)
	case !(t.Length >= 0 && t.Length <= 2):
		return t, fmt.Errorf("session: length to the power of %v", t.Length)
	case !(t.Decay > 0 && t.Decay <= decayMax && t.Ahead > 0 && t.Ahead <= decayMax && t.Recency > 0 && t.Recency <= decayMax):
		return t, fmt.Errorf("session: decays of %v, %v and %v clicks", t.Decay, t.Ahead, t.Recency)
	case !(t.Ridge > 0 && t.Ridge <= math.MaxFloat32):
		return t, fmt.Errorf("session: ridge of %v", t.Ridge)
	case t.Neighbors < 0 || t.Neighbors > keptMax:
		return t, fmt.Errorf("session: %d neighbours, want at most %d", t.Neighbors, keptMax)
	case t.MemoryMax < 0:
		return t, fmt.Errorf("session: memory of %d bytes", t.MemoryMax)
	}
	return t, nil
}

// MemoryError says that training would need more memory than it may have. Nothing was trained, and that memory not taken.
type MemoryError struct {
	Need, Max int64 // bytes: what training needs, and LinearTrainer.MemoryMax
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("session: training needs %d MiB, and may have %d", e.Need>>20, e.Max>>20)
}

// LinearModel is a fitted B: immutable and safe for concurrent use. It is a [model.Accumulator] and a [model.Explainer].
type LinearModel struct {
	links.Model
	recency float64
}

func newLinearModel(t *links.Table, recency float64) *LinearModel {
	weights := links.Fading(recency)
	say := func(dst []sparse.Entry, t *links.Table, history []model.Event) []sparse.Entry {
		var room [visitMax]uint32
		for age, item := range present(room[:0], &model.User{History: history}, len(weights)) {
			if row, ok := t.Row(item); ok {
				dst = append(dst, sparse.Entry{Col: row, Value: weights[age]})
			}
		}
		return dst
	}
	return &LinearModel{links.NewModel(LinearName, t, say), recency}
}

// Save puts how soon clicks fade, and the entries of B.
func (m *LinearModel) Save(w *codec.Writer) { links.PutFading(w, m.Model, m.recency) }

// Load reads what Save put. The trainer's fields do not matter.
func (t LinearTrainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	table, recency, err := links.GetFading(r, at, LinearName, decayMax)
	if err != nil {
		return nil, err
	}
	return newLinearModel(table, recency), nil
}
