// Package stage is how a page comes about between the models and the reader: candidates, where they come from, and the
// stages that make a page of a ranked list. Its nouns:
//
//   - A [Source] proposes candidates for a [Query]: what is trending, new, on offer, or on somebody's list.
//   - A [Candidate] is an item with its score, the chance with which it stands where it stands, and its source.
//   - A [Stage] changes the list: [Preferences], [Boost], [Pin], [Promote], [Cap], [Once], [Diverse], [Explore].
//   - [Seen] says which items that the user knows already may come again.
//
// The parts of the blend and the sources propose, each inside what is allowed; the blend scores every candidate; the list,
// the best first, goes through the stages in their order; the first N are the page.
//
// What every stage promises is in the doc of [Stage]; package recommend/stage/stagetest holds it to that, yours too.
//
//	stages := []stage.Stage{&stage.Preferences{}, &stage.Diverse{}, &stage.Cap{Field: "brand", Max: 2}}
//	policy := recommend.Policy{Placement: "home", Stages: stages}
//
// # Order
//
// What changes scores comes first (Preferences, Boost), then what chooses by order (Diverse, Cap, Once), then what draws
// (Explore), then what has its place whatever happens (Promote, Pin). A stage sees only what those before it left: a Cap
// in front of a Diverse holds for the list that Diverse gets, and not for the page.
//
// # Cost and concurrency
//
// Stages and sources are safe for concurrent use, and their fields must not be changed once they are in use; those
// with caches, as all here, are used by pointer. For 100 candidates Boost, Cap and Explore cost about 5 µs each,
// Diverse about 20 µs for two fields; Preferences costs nothing for a user without a profile. When a stage has
// something to do, the engine gathers five times as many candidates as the page holds, and that costs more than the
// stages; [Idler] says when it has not.
//
// # Caveats
//
// Scores are in standard deviations of what the user's scores vary by, so that ½ is a nudge for every model. A stage
// drops nothing: what it does not want it puts behind the rest, where it shows only on a page that would be short.
// Propensities hold for pages whose later stages do not choose by order.
package stage

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// Candidate is an item on its way to a page.
type Candidate struct {
	Item uint32 // the catalogue's handle

	// Score is in standard deviations of what the user's scores vary by: 1 more is much, 0.1 is little, whatever the model.
	// It is finite. The stages here keep lists sorted by it, apart from Fixed and drawn places, and lower the score of
	// what they put further down.
	Score float32

	// Propensity is the chance, above 0 and at most 1, with which the item stands where it stands, given what stands
	// before it; 1 where nothing was drawn. A source may leave it 0, which is taken as 1. A stage that draws multiplies it.
	Propensity float32

	Source uint8 // index into Query.Sources
	Fixed  bool  // no stage moves, drops or rescales it
}

// Query is what a page is asked for. Sources and stages of one page see the same Query, one after the other. It must not be
// kept beyond the call.
type Query struct {
	User    model.User
	Profile *store.Profile   // what the user has stated; nil: nothing
	Catalog *catalog.Catalog // never nil

	UserID, SessionID, Placement string
	Context                      map[string]string // of the request, such as device: phone

	N     int         // items of the page, at least 1
	Now   time.Time   // of the request
	Allow model.Allow // what may be shown: there, available, not seen, inside the request's filter; nil: everything

	// Rand is for those who draw. The engine seeds it by the user, their state and its own seed, so that the same request
	// gives the same page again. nil: nothing is drawn.
	Rand *rand.Rand

	Sources []string // names of where candidates come from, at most 256; see Source
}

// Allows reports whether an item may be shown.
func (q *Query) Allows(item uint32) bool { return q.Allow == nil || q.Allow.Contains(item) }

// Source returns the index of a source's name in Sources, which it adds when it is not there. It allocates only then; when
// 256 are there, the last stands for all others.
func (q *Query) Source(name string) uint8 {
	i := slices.Index(q.Sources, name)
	if i < 0 && len(q.Sources) <= math.MaxUint8 {
		i = len(q.Sources)
		q.Sources = append(q.Sources[:i:i], name) // never into an array that the next page shares
	}
	if i < 0 {
		return math.MaxUint8
	}
	return uint8(i)
}

// Source proposes candidates. It is safe for concurrent use.
type Source interface {
	// Name is what the engine, the log and reports call the source, such as "trending".
	Name() string
	// Propose appends to dst up to n candidates, each once, inside q.Allow, the best first, and returns the extended
	// slice. Scores are finite; the blend's are added to them, so a source whose scores are of another unit than
	// Candidate.Score leaves them 0: the order is then the blend's. Propensity, Source and Fixed are set by the
	// engine and may be left zero.
	Propose(dst []Candidate, q *Query, n int) []Candidate
}

// Stage changes a list of candidates. It is safe for concurrent use, and its fields must not be changed once it is in use.
// Stages with caches, as all here, are used by pointer.
type Stage interface {
	// Apply returns what it makes of list, which is ranked, usually some times N long, and Apply's to change and to
	// return. The result may share memory with it.
	//
	// No item is there twice, and none that q.Allow refuses and list did not have. A Fixed candidate stays as it is, and in
	// its place as long as there are enough others to stand before it. Of a list of N or more, N or more are left; of a
	// shorter one, all: what a stage wants to drop it puts behind the others, so that it shows only when the page would
	// be short. With the same list, Query and draws of q.Rand it returns the same.
	Apply(list []Candidate, q *Query) []Candidate
}

// Idler is a Stage that knows when it has nothing to do. Where none of a page's stages has, no more candidates are gathered
// than the page holds, which is most of what a page costs.
type Idler interface {
	// Idle reports whether Apply would leave any list as it is.
	Idle(q *Query) bool
}

// Checked is a Stage or Source that knows whether it makes sense. The engine asks once, when it opens, and does not open with one
// that does not.
type Checked interface {
	// Validate says what is wrong: a field that no item can have, a number that is NaN, infinite or out of its range. An
	// item, value or attribute that there is none of yet is no error. The error wraps ErrInvalid.
	Validate() error
}
