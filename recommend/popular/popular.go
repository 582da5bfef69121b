// Package popular recommends what is liked by most lately: the answer for a stranger, and the floor that every personal
// model has to beat. An interaction of weight w counts
//
//	w · 2^(-age / half-life)
//
// and repeats of one user count for less: of the events of one user about one item the newest counts in full, the one
// before it for a half, then a third, and so on. Ten users who came once therefore weigh more than one user who came ten
// times (10 against 2.9).
//
//	m, err := popular.Trainer{HalfLifeDays: 7}.Train(ctx, data, model.TrainOptions{})
//	best := m.Propose(nil, &model.User{}, 20, allow, model.Quick) // the same for everybody
//
// # Cost and concurrency
//
// Training is one pass over the events on one goroutine, with 16 bytes an item. A model is immutable and safe for
// concurrent use, costs 8 bytes a handle, and proposes by walking down from the top until enough are allowed.
//
// # Caveats
//
// Age is counted from the newest event of the dataset, not from the clock. What is popular right now, between
// trainings, is the trending of recommend/source, which the engine keeps beside the models.
package popular

import (
	"cmp"
	"fmt"
)

// Name is the name of the model and its Trainer.
const Name = "popular"

// HalfLifeDays is the half-life that a zero option means.
const HalfLifeDays = 30.0

const secondsPerDay = 24 * 60 * 60

// Trainer counts what is popular. The zero value is ready; it is safe for concurrent use.
type Trainer struct {
	HalfLifeDays float64 // after which an event counts half; 0 means 30; +Inf: events do not age; below 0 or NaN: an error
}

// Name returns "popular".
func (Trainer) Name() string { return Name }

func halfLifeSeconds(days float64) (float64, error) {
	if !(days >= 0) {
		return 0, fmt.Errorf("popular: half-life of %v days", days)
	}
	return cmp.Or(days, HalfLifeDays) * secondsPerDay, nil
}
