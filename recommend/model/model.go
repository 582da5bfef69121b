// Package model is what a recommendation model is made from and must be able to do: the driver side of package
// recommend, for those who write models. Callers of the engine need only package recommend.
//
// A [Trainer] makes a [Model] from a [Dataset]. A model is immutable and carries its own item table, so that the
// catalogue may change under it. At serving time it meets a [User]: a history in the model's own handles, which may
// hold what happened a moment ago, so that nothing waits for training.
//
// Package recommend/recommendtest is the suite that every model passes.
package model

import (
	"context"
	"io"

	"github.com/goldrec/gold/internal/codec"
)

// ErrCorrupt says that a model file is damaged, cut short, or not a model file of this kind and version.
var ErrCorrupt = codec.ErrCorrupt

// Event is one interaction in dense handles.
type Event struct {
	Item   uint32
	Weight float32 // how much it says for the item; 0 says nothing, below 0 against it
	Time   int64   // Unix seconds
}

// User is what a model knows of a user when it answers.
type User struct {
	History []Event   // oldest first; only items in the model's table
	Vector  []float32 // what the model's Embed made of History; nil for a model that has none
	Now     int64     // the time of the request, Unix seconds
}

// Scored is an item with its score.
type Scored struct {
	Item  uint32
	Score float32
}

// Scorer gives scores for items; a higher one is better, and only the order of one model's scores means anything.
type Scorer interface {
	// Score sets dst[i] to the score of items[i] for the user; the lengths are equal. Scores are finite, do not
	// depend on what else is in items, and take no allocation per item. Handles are below Items().Len().
	Score(dst []float32, u *User, items []uint32)
}

// Source proposes candidates.
type Source interface {
	// Candidates appends to dst up to n items that allow reports true for, the best first, ties by handle, each
	// once, and returns the extended slice. It looks inside what is allowed, so that a narrow filter is filled as
	// far as the model has anything to say: items it knows nothing for are left out. allow may be nil: all are
	// allowed. Items in the history are proposed like others unless allow refuses them.
	Candidates(dst []Scored, u *User, n int, allow func(item uint32) bool) []Scored
}

// Model is what training made: immutable, safe for concurrent use.
type Model interface {
	Scorer
	Source
	Name() string           // of the Trainer that made it, such as "als"
	Items() *IDs            // the items it was trained on, its handles
	Save(w io.Writer) error // one checksummed stream that its Trainer's Load reads
}

// Embedder is a Model that sums a history up in a vector, which the engine keeps with the user's state so that it is
// made once for each new interaction and not for each request.
type Embedder interface {
	// Embed appends the vector of the history to dst and returns it. An empty history gives a vector too.
	Embed(dst []float32, history []Event, now int64) []float32
}

// Reason says what an item's score comes from.
type Reason struct {
	Model   string  // name of the model that speaks, such as "itemknn"
	Because uint32  // the item of the history that says it; NoItem when none in particular does
	Share   float32 // its part of the score, 0 to 1
}

// NoItem is a handle that no item has.
const NoItem = ^uint32(0)

// Explainer is a Model that can say why it scored an item as it did.
type Explainer interface {
	// Explain appends up to n reasons to dst, the strongest first.
	Explain(dst []Reason, u *User, item uint32, n int) []Reason
}

// TrainOptions is how, not what, to train. The zero value works.
type TrainOptions struct {
	Seed     uint64                // the same seed and data give the same model
	Workers  int                   // goroutines; 0 means GOMAXPROCS; the model does not depend on it
	Progress func(done, total int) // called from one goroutine at a time, for instance after each epoch; may be nil
}

// Trainer makes and loads models of one kind. Its fields are the hyper-parameters; the zero value has good ones.
type Trainer interface {
	Name() string
	// Train makes a model from the data. It stops early with ctx's error. An empty dataset gives a model that
	// proposes nothing and scores zero, not an error.
	Train(ctx context.Context, data *Dataset, opt TrainOptions) (Model, error)
	// Load reads what Save wrote. A damaged or foreign stream is an error that wraps ErrCorrupt; it never panics
	// and never allocates more than in proportion to the bytes read.
	Load(r io.Reader) (Model, error)
}
