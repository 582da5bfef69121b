package recommend

import (
	"fmt"
	"math"

	"github.com/goldrec/gold/store"
)

// DefaultWeights is what Options.Weights nil means. A rating's weight is multiplied by where its Value lies on the scale
// of Options.Ratings, from -2.5 at the lower end to 2.5 at the upper, so that a low one speaks against the item. A
// purchase's grows with the logarithm of its quantity, and a negative quantity is a return, which speaks against the
// item as much as the purchase did for it.
func DefaultWeights() map[store.Kind]float32 {
	return map[store.Kind]float32{
		store.View: 1, store.Click: 1, store.Cart: 3, store.Purchase: 5, store.Like: 5,
		store.Dislike: -5, store.Skip: -1, store.Impression: 0, store.Rating: 1,
	}
}

// Range is from Min to Max, both included.
type Range struct{ Min, Max float64 }

// weightMax bounds what Options.Weights may say of a kind, and so what one interaction may weigh: whatever a client
// sends, sums of weights stay numbers, and one event cannot speak louder than thousands of others.
const weightMax = 1000

// quantityMax is from which quantity on a purchase weighs no more.
const quantityMax = 1000

// weights is Options.Weights by kind, and the scale of ratings.
type weights struct {
	kinds   [store.Rating + 1]float32
	ratings Range
}

func newWeights(kinds map[store.Kind]float32, ratings Range) (*weights, error) {
	w := &weights{ratings: ratings}
	if !(ratings.Min < ratings.Max) || math.IsInf(ratings.Max-ratings.Min, 0) {
		return nil, fmt.Errorf("%w: ratings from %v to %v", ErrInvalid, ratings.Min, ratings.Max)
	}
	for kind, weight := range kinds {
		if !kind.Valid() {
			return nil, fmt.Errorf("%w: weight for unknown kind %d", ErrInvalid, kind)
		}
		if !(weight >= -weightMax && weight <= weightMax) {
			return nil, fmt.Errorf("%w: weight of %v is %v, not within ±%d", ErrInvalid, kind, weight, weightMax)
		}
		w.kinds[kind] = weight
	}
	return w, nil
}

// of is what an interaction says for its item. It is finite and bounded whatever the value, since stores may hold what
// was not checked against these ratings.
func (w *weights) of(in *store.Interaction) float32 {
	weight := w.kinds[in.Kind]
	switch {
	case weight == 0:
		return 0
	case in.Kind == store.Rating:
		return weight * w.liking(in.Value)
	case in.Kind == store.Purchase:
		return weight * quantity(in.Value)
	}
	return weight
}

// liking is where a rating lies on the scale: -2.5 to 2.5.
func (w *weights) liking(value float64) float32 {
	value = min(max(value, w.ratings.Min), w.ratings.Max)
	return float32(5*(value-w.ratings.Min)/(w.ratings.Max-w.ratings.Min) - 2.5)
}

// quantity is what so many of one thing count: 1 + ln of the number, below zero for a return.
func quantity(value float64) float32 {
	n := float32(1 + math.Log(min(max(math.Abs(value), 1), quantityMax)))
	if value < 0 {
		return -n
	}
	return n
}

// counts reports whether interactions of the kind mean that the user has met the item.
func (w *weights) counts(k store.Kind) bool { return w.kinds[k] != 0 }

// check says why an interaction cannot be recorded, although a store could hold it.
func (w *weights) check(in *store.Interaction) error {
	if in.Kind == store.Rating && (in.Value < w.ratings.Min || in.Value > w.ratings.Max) {
		return fmt.Errorf("%w: rating %v, not from %v to %v", store.ErrInvalid, in.Value, w.ratings.Min, w.ratings.Max)
	}
	return nil
}
