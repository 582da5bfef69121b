package eval

import (
	"math"
	"math/rand/v2"

	"github.com/goldrec/gold/recommend/model"
)

// SplitRandom holds out a fraction, 0 to 1, of each user's items: a user of n items has the nearest whole number to
// fraction·n of them drawn for test, with every event of theirs, and keeps at least one. The same seed draws the same.
func SplitRandom(d *model.Dataset, fraction float64, seed uint64) (train, test *model.Dataset) {
	return split(d, func(user uint32, history []model.Event) func(model.Event) bool {
		items := distinct(history)
		n := min(int(math.Round(fraction*float64(len(items)))), len(items)-1)
		rng := rand.New(rand.NewPCG(seed, uint64(user)))
		rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
		return heldOut(items[:max(n, 0)])
	})
}

// SplitLast holds out the item of each user's newest event, with every event of it; a user of one item keeps it.
func SplitLast(d *model.Dataset) (train, test *model.Dataset) {
	return split(d, func(_ uint32, history []model.Event) func(model.Event) bool {
		items := distinct(history)
		if len(items) < 2 {
			return heldOut(nil)
		}
		return heldOut([]uint32{history[len(history)-1].Item})
	})
}

// SplitTime holds out the newest part of each user's history: of the n different times at which a user did something,
// such as the times of invoices, the last fraction·n, rounded to the nearest whole number, and never all. An item may
// then stand on both sides.
func SplitTime(d *model.Dataset, fraction float64) (train, test *model.Dataset) {
	return split(d, func(_ uint32, history []model.Event) func(model.Event) bool {
		var times []int64
		for i, e := range history {
			if i == 0 || e.Time != times[len(times)-1] {
				times = append(times, e.Time)
			}
		}
		n := min(int(math.Round(fraction*float64(len(times)))), len(times)-1)
		if n <= 0 {
			return heldOut(nil)
		}
		from := times[len(times)-n]
		return func(e model.Event) bool { return e.Time >= from }
	})
}

// split cuts every history in two by what choose says of it.
func split(
	d *model.Dataset, choose func(user uint32, history []model.Event) (held func(model.Event) bool),
) (train, test *model.Dataset) {
	part := func(want bool) *model.Dataset {
		return d.WithHistories(func(user uint32, history []model.Event) []model.Event {
			held := choose(user, history)
			var kept []model.Event
			for _, e := range history {
				if held(e) == want {
					kept = append(kept, e)
				}
			}
			return kept
		})
	}
	return part(false), part(true)
}

func heldOut(items []uint32) func(model.Event) bool {
	set := make(map[uint32]bool, len(items))
	for _, item := range items {
		set[item] = true
	}
	return func(e model.Event) bool { return set[e.Item] }
}

// distinct returns the items of a history in the order of their first events.
func distinct(history []model.Event) []uint32 {
	seen := make(map[uint32]bool, len(history))
	var items []uint32
	for _, e := range history {
		if !seen[e.Item] {
			seen[e.Item] = true
			items = append(items, e.Item)
		}
	}
	return items
}
