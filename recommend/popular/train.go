package popular

import (
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// Train counts in one pass over the events, on one goroutine, with 16 bytes an item. Seed, workers and a previous model
// play no part: counting is as quick as anything that could be made of them.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	halfLife, err := halfLifeSeconds(t.HalfLifeDays)
	if err != nil {
		return nil, err
	}
	sums := make([]float64, data.ItemCount())
	repeats := newRepeats(data.ItemCount())
	for u := range uint32(data.UserCount()) {
		if u%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, e := range slices.Backward(data.History(u)) {
			if e.Weight == 0 {
				continue // an impression is no visit: the event before it is still the newest
			}
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
	return newModel(scale(sums)), nil
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
