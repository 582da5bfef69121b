// Package model is what a recommendation model is made from and must be able to do: the driver side of package
// recommend, for those who write models. Callers of the engine need only package recommend.
//
// A [Trainer] makes a [Model] from a [Dataset]. A model is immutable. It knows items by the handles of one table of
// identifiers ([catalog.IDs]), the catalogue's, which only ever grows; so a handle means the same item to every model,
// filter and counter, and a model that has never heard of one scores it zero. At serving time it meets a [User]: a
// history that may hold what happened a moment ago, so that nothing waits for training.
//
//	var b model.Builder // or Collect, from a log and with a catalogue's table
//	b.Add("ann", "tea", 1, when.Unix())
//	data := b.Build()
//	m, err := trainer.Train(ctx, data, model.TrainOptions{Seed: 1})
//	best := m.Propose(nil, &model.User{History: history}, 20, allow, model.Thorough)
//
// # What a model may do besides
//
// A model that implements one of these small interfaces is asked for it: [Explainer] says why, [Embedder] and
// [Follower] keep a vector with the user, [Extender] takes in new items without training, [Accumulator] gives all of
// its scores at once, and [Scaler] says how far they lie apart. A Trainer that is an [ImpressionLearner] is given what
// was only shown too.
//
// Package recommend/recommendtest is the suite that every model passes; its Example is a whole model in some seventy
// lines.
//
// # Cost and concurrency
//
// A Dataset is immutable and costs 24 bytes an event and about 30 and the identifier a user; [Collect] holds nothing
// else, a [Builder] 32 bytes an event until it has built. A Model is asked from many goroutines at once. Score takes
// no allocation per item.
//
// # Caveats
//
// Scores of one model mean nothing beside those of another; the blend divides them by how far they lie apart. A score
// must be finite and must not depend on what else is asked. Handles are not dense in what a model knows: a catalogue
// may have many more items than anybody touched.
package model

import (
	"context"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/store"
)

// ErrCorrupt says that a model file is damaged, cut short, or not a model file of this kind and version.
var ErrCorrupt = codec.ErrCorrupt

// Event is one interaction in dense handles.
type Event struct {
	Time    int64 // Unix seconds
	Item    uint32
	Weight  float32    // how much it says for the item; 0 says nothing (an impression), below 0 against it
	Session uint32     // which of the user's visits it belongs to; equal numbers are one visit, 0: not known
	Kind    store.Kind // what was done; 0: not known
}

// User is what a model knows of a user when it answers.
type User struct {
	History []Event   // oldest first
	Session []Event   // the end of History that is the present visit; may be empty
	Vector  []float32 // what the model's Embed made of History; nil for a model that has none
	Now     int64     // the time of the request, Unix seconds
}

// Scored is an item with its score.
type Scored struct {
	Item  uint32
	Score float32
}

// Allow says which items may be proposed. A nil Allow allows all. *roaring.Bitmap is one, and so is any filter of package
// ann. It is asked from the goroutine of the call that it was given to.
type Allow interface {
	Contains(item uint32) bool
}

// AllowFunc is a function as an [Allow].
type AllowFunc func(item uint32) bool

// Contains calls f.
func (f AllowFunc) Contains(item uint32) bool { return f(item) }

// Scorer gives scores for items; a higher one is better, and only the order of one model's scores means anything.
type Scorer interface {
	// Score sets dst[i] to the score of items[i] for the user; the lengths are equal. Scores are finite, do not
	// depend on what else is in items, and take no allocation per item. An item that the model does not know
	// scores 0, whatever its handle.
	Score(dst []float32, u *User, items []uint32)
}

// Effort says how hard a Proposer tries when little of what it finds is allowed.
type Effort uint8

const (
	// Quick looks once and returns what of that is allowed: for a caller who has other sources too.
	Quick Effort = iota
	// Thorough looks until it has found n, or all that it has anything to say for.
	Thorough
)

// Proposer proposes candidates.
type Proposer interface {
	// Propose appends to dst up to n items that allow contains, the best first, ties by handle, each once, with the
	// scores that Score gives, and returns the extended slice. Items that it has nothing to say for are left out. Items
	// in the history are proposed like others unless allow refuses them. A Quick look finds no item that a Thorough one
	// does not.
	Propose(dst []Scored, u *User, n int, allow Allow, effort Effort) []Scored
}

// Shortlister is a [Proposer] that can make ready to look through the same items for one user after the other.
type Shortlister interface {
	// Shortlist makes ready for the items, ascending and each once, at the cost of some looks through them.
	Shortlist(items []uint32) Shortlist
}

// Shortlist is a list of items, immutable and safe for concurrent use.
type Shortlist interface {
	// Best appends to dst, in no order, up to n items of the list that allow contains, among which are nearly all of those
	// that score best for the user, who has a Vector where the model is an Embedder.
	Best(dst []uint32, u *User, n int, allow Allow) []uint32
}

// Model is what training made: immutable, safe for concurrent use.
type Model interface {
	Scorer
	Proposer
	// Name is that of the Trainer that made it, such as "als".
	Name() string
	// Save puts the model into sections, the first of which is called by the model's name, for its Trainer's Load. It
	// holds no identifiers: the file says elsewhere which item had which handle. The first error stays with w.
	Save(w *codec.Writer)
}

// Accumulator is a Model whose scores are sparse: it gives all that are not zero at once, which serves proposing, scoring
// and scaling in one pass.
type Accumulator interface {
	// Accumulate adds to sums the score of every item that has one. The sums are the caller's, and are not emptied.
	Accumulate(sums *Sums, u *User)
}

// Embedder is a Model that sums a history up in a vector, which the engine keeps with the user's state so that it is
// made once for each new interaction and not for each request.
type Embedder interface {
	// Embed appends the vector of the history to dst and returns it. An empty history gives a vector too.
	Embed(dst []float32, history []Event, now int64) []float32
}

// Follower is an Embedder that can go on from a vector that it made of almost the same history, which costs less.
type Follower interface {
	Embedder
	// Follow changes vector, which the model's Embed or Follow made of a history, into what Embed gives for this one,
	// within rounding as long as few events are new.
	Follow(vector []float32, history []Event, now int64)
}

// Scaler is a Model that knows how far its scores lie apart. An [Accumulator] need not be one.
type Scaler interface {
	// Scale is the standard deviation of the model's scores for this user over all items that it knows, which are those
	// that it can give a score to anybody; 0 when it has nothing to say.
	Scale(u *User) float32
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

// PageExplainer is an Explainer that looks at the history once for all items of a page.
type PageExplainer interface {
	Explainer
	// ExplainAll calls emit for each of the items in turn, with what Explain appends for it. The slice is emit's while it runs.
	ExplainAll(u *User, items []uint32, n int, emit func(i int, reasons []Reason))
}

// Extender is a Model that can take in items that it was not trained with.
type Extender interface {
	// Extend returns a model that also knows what data says of items that this one does not know: their content, or the
	// events they have had. It scores other items as before. It costs time in proportion to those, and to the size of
	// what has to be read or copied; the receiver stays as it is. Data may hold only the newest events. It stops early
	// with ctx's error.
	Extend(ctx context.Context, data *Dataset, opt TrainOptions) (Model, error)
}

// EventExtender is an Extender that takes in items by the events they have had.
type EventExtender interface {
	Extender
	// Knows reports whether the model has learned the item from events. Extend takes in those that it does not know and of
	// which data has events that speak for them.
	Knows(item uint32) bool
}

// TrainOptions is how, not what, to train. The zero value works.
type TrainOptions struct {
	Seed     uint64                // the same seed and data give the same model
	Workers  int                   // goroutines; 0 means GOMAXPROCS; the model does not depend on it
	Progress func(done, total int) // called from one goroutine at a time, for instance after each epoch; may be nil

	// Previous is a model of the same trainer that training may start from, to come to an equally good one sooner. What it
	// was trained on is mostly in the data too. nil: none.
	Previous Model

	// Draft says that the model is only compared, and gone on from, and not served: what only makes it quick may be left
	// out, and so may the last bit of exactness.
	Draft bool
}

// ImpressionLearner is a [Trainer] that can learn from what was only shown. Impressions are many, and otherwise not held in
// memory: where no trainer asks for them, a dataset has none.
type ImpressionLearner interface {
	Trainer
	// Impressions reports whether the dataset is to hold impressions, as events of that kind and of weight 0.
	Impressions() bool
}

// Trainer makes and loads models of one kind. Its fields are the hyper-parameters; the zero value has good ones.
type Trainer interface {
	// Name is what the engine, its policies and reasons call the model; it begins with a letter.
	Name() string
	// Train makes a model from the data. It stops early with ctx's error. An empty dataset gives a model that
	// proposes nothing and scores zero, not an error.
	Train(ctx context.Context, data *Dataset, opt TrainOptions) (Model, error)
	// Load reads what Save put. The file knew items by handles below len(at); at[i] is the handle that item i has now,
	// NoItem for one that there is no more; see [Places]. The model gives the same scores to the same items, and none to
	// those that are gone. A damaged or foreign section is an error that wraps ErrCorrupt, and so is an at that names a
	// handle twice; it never panics and never allocates more than in proportion to the bytes read and to at. That nothing
	// behind the sections is damaged is known when the caller closes r.
	Load(r *codec.Reader, at []uint32) (Model, error)
}
