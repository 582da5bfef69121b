package eval

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// SplitLastTwo is [SplitLast] twice: the item of each user's newest event is for test, of what is left that of the newest is for
// valid, by which one chooses. A user of one item keeps it, and one of two has nothing in valid. Models that are tested as papers do
// are trained on train alone and shown train and valid, which are SplitLast's train.
func SplitLastTwo(d *model.Dataset) (train, valid, test *model.Dataset) {
	rest, test := SplitLast(d)
	train, valid = SplitLast(rest)
	return train, valid, test
}

// SplitAt holds out what anybody did at or after a time, in Unix seconds. Unlike [SplitTime] it keeps from training what was not
// yet known at that time, of anybody; users who came later have nothing in train, and items may stand on both sides.
func SplitAt(d *model.Dataset, unix int64) (train, test *model.Dataset) {
	return split(d, func(uint32, []model.Event) func(model.Event) bool {
		return func(e model.Event) bool { return e.Time >= unix }
	})
}

// TimeBefore is the time for [SplitAt] that holds out at least this fraction, 0 to 1, of all events of d, and no more than
// equal times demand. For none it is after all events.
func TimeBefore(d *model.Dataset, fraction float64) int64 {
	var times []int64
	for u := range uint32(d.UserCount()) {
		for _, e := range d.History(u) {
			times = append(times, e.Time)
		}
	}
	n := int(math.Ceil(min(max(fraction, 0), 1) * float64(len(times))))
	if n <= 0 {
		return d.Now + 1
	}
	slices.Sort(times)
	return times[len(times)-n]
}

// SplitFold holds out one of so many folds of each user's items, with every event of theirs: the folds of one seed together hold
// every event out once. They are of equal size up to one item a user, and which is larger is drawn too. A user of one item
// has nothing to learn from in one of the folds. It panics unless 0 ≤ fold < folds.
func SplitFold(d *model.Dataset, fold, folds int, seed uint64) (train, test *model.Dataset) {
	if fold < 0 || fold >= folds {
		panic("eval: no such fold")
	}
	return split(d, func(user uint32, history []model.Event) func(model.Event) bool {
		items := distinct(history)
		rng := rand.New(rand.NewPCG(seed, uint64(user)))
		rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		var held []uint32
		for i, at := 0, rng.IntN(folds); i < len(items); i++ {
			if (i+at)%folds == fold {
				held = append(held, items[i])
			}
		}
		return heldOut(held)
	})
}

// SplitUsers is for strong generalisation: one user in part, drawn as [Sample] does, is not trained on at all. Of their items a
// fraction is for test and the rest is shown, for folding in: Evaluate takes shown in the place of train. A part below 2 draws all.
func SplitUsers(d *model.Dataset, part uint64, fraction float64, seed uint64) (train, shown, test *model.Dataset) {
	drawn := Sample(d, part, seed)
	only := func(want bool) *model.Dataset {
		return d.WithHistories(func(user uint32, history []model.Event) []model.Event {
			if drawn(user) != want {
				return nil
			}
			return history
		})
	}
	shown, test = SplitRandom(only(true), fraction, seed)
	return only(false), shown, test
}
