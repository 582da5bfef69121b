// Package content recommends items that resemble what a user liked, by what the catalogue says of them: the model for
// items that nobody has touched yet.
//
// An item is one vector of length 1 with two parts. The first is TF-IDF over words and facets (Salton & Buckley,
// "Term-weighting approaches in automatic text retrieval", 1988): a term t that the item holds has
//
//	x_t = ln(1 + Σ weight(field)·count(field, t)) · ln(1 + N/df_t)
//
// with N items, of which df_t hold the term. The fields are the title (weight 3), the description (1), the brand (2),
// every prefix of every category path (2) and every value of every attribute (1). Words are the stems of package
// catalog/words, as in search; scripts written without spaces give overlapping pairs of characters. Brands, categories and
// attributes are terms of their own, not words. The second part is the item's Vector, at length 1. An item that has both
// parts gives each half of the similarity; one that has only one is that one.
//
// The similarity of two items is the inner product, and of each item the nearest are kept, both ways. At serving time
// item i scores for a user whose history holds items h
//
//	Σ w_h·sim(h, i) / Σ |w_h|
//
// over the last 50 different items, w_h being the sum of the weights of the events of h, so that scores lie in -1 to 1.
//
//	m, err := content.Trainer{}.Train(ctx, data, model.TrainOptions{}) // data has the items, by Builder.AddItem or Collect
//	best := m.Propose(nil, &model.User{History: history}, 20, allow, model.Quick)
//
// # Cost and concurrency
//
// A hundred thousand items of fifty words train in seconds, and a training from the one before looks only for
// neighbours of what is new or has changed. A model is immutable and safe for concurrent use, and costs 8 bytes a
// neighbour, of which an item has up to twice as many as the Trainer says, and 16 bytes a handle. Serving walks the
// lists of the history's items.
//
// # Caveats
//
// Stems are those of English. Vectors count in the most frequent dimension, the smaller one on a tie; vectors of another
// dimension, with a NaN or an infinity, or all zero are as if not given. Neighbours are found by looking at a bounded number
// of items that share the rarest terms or lie in the nearest clusters of vectors, so among many thousands of items a few of
// the nearest may be missed; what is kept has the exact similarity, as of the training or extension that found it. Every item that resembles
// any stands in five lists at least, yet a user whose history touches none of those five is not shown it.
package content

// Name is the name of the model and its Trainer.
const Name = "content"

// Trainer makes neighbour lists from what the catalogue says of items. The zero value is ready; it is safe for
// concurrent use. A hundred thousand items of fifty words take seconds.
type Trainer struct {
	Neighbors int // nearest items kept for each item, and as many that are near the other way; 0 means 50; at most 1000
}

// Name returns "content".
func (Trainer) Name() string { return Name }

// neighborsMax is the most that a Trainer may ask for.
const neighborsMax = 1000
