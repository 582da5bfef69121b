// Package source holds sources of candidates that are not models: what is trending ([Trending], over [Counters]), new ([Fresh]),
// on offer now ([Live]), on somebody's list ([List]), and whatever there is ([Any]).
//
//	counters, err := source.NewCounters(source.CountersOptions{})
//	counters.Add(item, 1, event.Unix(), now.Unix())
//	trending := &source.Trending{Counters: counters}
//
// Each proposes inside what the query allows, the best first, and is safe for concurrent use; its fields must not be changed
// once it is in use. Scores are 0, so that the blend alone decides where a candidate comes, unless Worth says what coming from
// the source is worth: the first then scores Worth, the n-th of n asked for nearly nothing, and those between lie evenly.
//
// # Cost and concurrency
//
// A page costs a walk through a list until enough are allowed. Counting for [Counters] costs about 50 ns an
// interaction under a lock that 1/64 of the items share, and 16 bytes an item counted; the leaders are put in order
// when somebody asks. Fresh looks at the catalogue again when that has changed, at 20 ns an item; Live when a window
// opens or closes.
//
// # Caveats
//
// What Fresh and Live know of the catalogue and of prices may be a moment old; each says how much. What is allowed is asked
// anew for every page.
package source

import (
	"fmt"
	"math"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
)

// worth gives the candidates from one on their scores, of n that were asked for.
func worth(list []stage.Candidate, n int, first float32) []stage.Candidate {
	for i := range list {
		list[i].Score = first * (1 - float32(i)/float32(n))
	}
	return list
}

func checkWorth(source string, v float32) error {
	if !(v >= 0 && v <= math.MaxFloat32) {
		return fmt.Errorf("%w: %s: worth %v", stage.ErrInvalid, source, v)
	}
	return nil
}

// Trending proposes what leads the counters: what is being looked at, liked and bought, by everybody, of late. It costs what
// [Counters.Top] costs.
type Trending struct {
	Counters *Counters // required; whoever owns them adds to them
	Worth    float32   // what being first is worth, in standard deviations
}

// Name is "trending".
func (t *Trending) Name() string { return "trending" }

// Validate implements stage.Checked.
func (t *Trending) Validate() error {
	if t.Counters == nil {
		return fmt.Errorf("%w: trending: no counters", stage.ErrInvalid)
	}
	return checkWorth("trending", t.Worth)
}

// Propose implements stage.Source.
func (t *Trending) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	from := len(dst)
	t.Counters.top(n, q.Allow, q.Now.Unix(), func(item uint32, _ float32) { dst = append(dst, stage.Candidate{Item: item}) })
	worth(dst[from:], n, t.Worth)
	return dst
}

// Any proposes whatever is available, in the order in which the catalogue has it: so that no page need be short. It is what
// fills up after everything else, and costs a look at each item up to the n-th that is allowed; when Allow is a bitmap, at
// those in it.
type Any struct{}

// Name is "any".
func (Any) Name() string { return "any" }

// Propose implements stage.Source.
func (Any) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	if bitmap, ok := q.Allow.(*roaring.Bitmap); ok {
		for it := bitmap.Iterator(); n > 0 && it.HasNext(); {
			if item := it.Next(); q.Catalog.Available(item) {
				dst = append(dst, stage.Candidate{Item: item})
				n--
			}
		}
		return dst
	}
	handles := uint32(q.Catalog.Handles())
	for item := uint32(0); item < handles && n > 0; item++ {
		if q.Catalog.Available(item) && q.Allows(item) {
			dst = append(dst, stage.Candidate{Item: item})
			n--
		}
	}
	return dst
}

// List proposes the items of a list, in its order: an editor's, or what another system worked out. Identifiers that the
// catalogue does not know, or that came before, are passed over. It costs a look-up for each item up to the n-th that is
// allowed.
type List struct {
	ID    string   // what the source is called, such as "spring"; empty: "list"
	Items []string // item identifiers
	Worth float32  // what being first is worth, in standard deviations
}

// Name is the ID, or "list".
func (l *List) Name() string {
	if l.ID == "" {
		return "list"
	}
	return l.ID
}

// Validate implements stage.Checked.
func (l *List) Validate() error {
	for i, id := range l.Items {
		if id == "" || len(id) > catalog.IDMax {
			return fmt.Errorf("%w: list %q: item %d is %.64q", stage.ErrInvalid, l.Name(), i, id)
		}
	}
	return checkWorth("list", l.Worth)
}

// Propose implements stage.Source.
func (l *List) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	from := len(dst)
	for _, id := range l.Items {
		if len(dst)-from >= n {
			break
		}
		if item, ok := q.Catalog.Lookup(id); ok && q.Allows(item) && !has(dst[from:], item) {
			dst = append(dst, stage.Candidate{Item: item})
		}
	}
	worth(dst[from:], n, l.Worth)
	return dst
}

func has(list []stage.Candidate, item uint32) bool {
	for _, c := range list {
		if c.Item == item {
			return true
		}
	}
	return false
}
