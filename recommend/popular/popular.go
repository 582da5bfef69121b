// Package popular recommends what is liked by most lately: the answer for a stranger, and the floor that every personal
// model has to beat.
//
// [Trainer] makes the model from a log, [Counters] follow the log as it grows, with no training in between. Both count
// an interaction of weight w as
//
//	w · 2^(-age / half-life)
//
// The model sees whole histories and counts repeats of one user for less: of the events of one user about one item the
// newest counts in full, the one before it for a half, then a third, and so on. Ten users who came once therefore weigh
// more than one user who came ten times (10 against 2.9). Counters do not know who came, and count every event in full.
package popular

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/goldrec/gold/recommend/model"
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

// Train counts in one pass over the events, on one goroutine; the seed plays no part.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	halfLife, err := halfLifeSeconds(t.HalfLifeDays)
	if err != nil {
		return nil, err
	}
	sums := make([]float64, data.Items.Len())
	repeats := newRepeats(data.Items.Len())
	for u := range uint32(data.Users.Len()) {
		if u%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, e := range slices.Backward(data.History(u)) {
			age := float64(data.Now) - float64(e.Time)
			sums[e.Item] += float64(e.Weight) * math.Exp2(-age/halfLife) / repeats.next(u, e.Item)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if opt.Progress != nil {
		opt.Progress(1, 1)
	}
	return newPopular(data.Items, scale(sums)), nil
}

func halfLifeSeconds(days float64) (float64, error) {
	if !(days >= 0) {
		return 0, fmt.Errorf("popular: half-life of %v days", days)
	}
	return cmp.Or(days, HalfLifeDays) * secondsPerDay, nil
}

// repeats numbers a user's events about an item 1, 2, 3 …, without a map.
type repeats struct {
	user  []uint32 // who was counted last, plus one
	count []uint32
}

func newRepeats(items int) repeats {
	return repeats{make([]uint32, items), make([]uint32, items)}
}

func (r repeats) next(user, item uint32) float64 {
	if r.user[item] != user+1 {
		r.user[item], r.count[item] = user+1, 0
	}
	r.count[item]++
	return float64(r.count[item])
}

// scale divides by the greatest magnitude, so that scores are finite whatever the weights, and comparable from one
// training to the next. What is not zero stays so, however old it is.
func scale(sums []float64) []float32 {
	var greatest float64
	for _, s := range sums {
		greatest = max(greatest, math.Abs(s))
	}
	scores := make([]float32, len(sums))
	for i, s := range sums {
		if s == 0 {
			continue
		}
		scores[i] = float32(s / greatest)
		if scores[i] == 0 {
			scores[i] = float32(math.Copysign(math.SmallestNonzeroFloat32, s))
		}
	}
	return scores
}
