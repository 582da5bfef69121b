package blend

import (
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

const (
	sliceUsers = 1500 // users with withheld events, at most
	slicePart  = 5    // one event in so many is withheld
	sliceMost  = 20   // withheld events of a user, about
)

// withhold takes from a sample of users, evenly spread over those who have done something after something else, about the
// last fifth of what they did, and returns the rest of the data and what they turned to. Where nobody has, the data has no
// times, and a fifth of each user's items is drawn.
func withhold(data *model.Dataset, seed uint64) (early *model.Dataset, truth []Withheld) {
	var timed, several []uint32
	for u := range uint32(data.UserCount()) {
		history := data.History(u)
		if lastFrom(history) > 0 {
			timed = append(timed, u)
		}
		if len(history) > 1 {
			several = append(several, u)
		}
	}
	if len(timed) == 0 {
		return withholdDrawn(data, spread(several, sliceUsers), seed)
	}
	ends := make(map[uint32]int)
	for _, u := range spread(timed, sliceUsers) {
		history := data.History(u)
		end := lastFrom(history)
		ends[u] = end
		truth = append(truth, Withheld{u, Liked(history[:end], history[end:])})
	}
	return data.Before(func(user uint32, history []model.Event) int {
		if end, ok := ends[user]; ok {
			return end
		}
		return len(history)
	}), truth
}

// withholdDrawn draws items of the users.
func withholdDrawn(data *model.Dataset, users []uint32, seed uint64) (early *model.Dataset, truth []Withheld) {
	early = data.WithHistories(func(user uint32, history []model.Event) []model.Event {
		if _, chosen := slices.BinarySearch(users, user); !chosen {
			return history
		}
		kept, gone := drawn(history, seed, user)
		truth = append(truth, Withheld{user, Liked(kept, gone)})
		return kept
	})
	return early, truth
}

// lastFrom is where the last fifth of a history begins: no earlier than that at the next event of another time than the one
// before it, or else with the first of the last time. It is 0 when there is but one time.
func lastFrom(history []model.Event) int {
	if len(history) < 2 {
		return 0
	}
	least := len(history) - min(max(1, len(history)/slicePart), sliceMost)
	for at := least; at < len(history); at++ {
		if history[at].Time != history[at-1].Time {
			return at
		}
	}
	for at := least; at > 0; at-- {
		if history[at].Time != history[at-1].Time {
			return at
		}
	}
	return 0
}

// drawn parts a fifth of the history's items from the others.
func drawn(history []model.Event, seed uint64, user uint32) (kept, gone []model.Event) {
	items := make([]uint32, len(history))
	for i, e := range history {
		items[i] = e.Item
	}
	slices.Sort(items)
	if items = slices.Compact(items); len(items) < 2 {
		return history, nil
	}
	rng := rand.New(rand.NewPCG(seed, uint64(user)))
	rng.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	items = items[:min(max(1, len(items)/slicePart), sliceMost)]
	for _, e := range history {
		if slices.Contains(items, e.Item) {
			gone = append(gone, e)
		} else {
			kept = append(kept, e)
		}
	}
	return kept, gone
}

// Liked is the items that late speaks for, all its events of an item together, and that early has nothing of, in the order in
// which they came: what a user turned to.
func Liked(early, late []model.Event) []uint32 {
	sums := map[uint32]float32{}
	for _, e := range late {
		sums[e.Item] += e.Weight
	}
	for _, e := range early {
		delete(sums, e.Item)
	}
	var items []uint32
	for _, e := range late {
		if sums[e.Item] > 0 {
			items = append(items, e.Item)
			delete(sums, e.Item)
		}
	}
	return items
}
