package recommend

import (
	"fmt"
	"iter"
	"math"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

// NMax is the most items one page holds; a larger N is taken as NMax. It also bounds how far cursors lead.
const NMax = 1000

const (
	nDefault     = 10
	itemsMax     = 10_000 // Request.Items and Exclude
	seedsMax     = 1000
	contextMax   = 64
	explainedMax = 100 // items of a page that get reasons
)

// Request asks for recommendations. The zero value asks for the 10 trending items for a stranger.
type Request struct {
	User    string // whom to recommend to; empty or unknown: a stranger, who gets what is trending
	Session string // the visit: models of sessions look at what happened in it; kept with the exposure
	N       int    // how many; 0 means 10, more than NMax means NMax, below 0 is ErrInvalid

	Placement string            // where on the site, such as "home"; chooses the policy
	Context   map[string]string // facts of the moment, such as device; handed to stages and to the Observer

	Filter  catalog.Filter // what may be shown besides what Engine never shows; nil: everything
	Exclude []string       // items not to show
	Seeds   []string       // recommend what goes with these, the last of them the newest, instead of with the user's history
	Items   []string       // rank these, and only these, seen or not, instead of looking for candidates
	Model   string         // ask one part, such as "itemknn", or Trending, without policy and experiment; empty: the policy
	Explain bool           // give reasons, for the first hundred items
	Cursor  string         // Page.Next of the page before; empty: the first page
}

// Page is the answer to a Request. Cached parts of it may be shared with other callers: treat it as read-only.
type Page struct {
	ID           string           // names the page in the log; the same when it is served again
	Items        []Recommendation // best first
	ModelVersion uint64           // of the models in service; 0 before the first training
	Experiment   string           // that chose the policy, or had a say in it; empty without one, or when Request.Model did
	Variant      string           // of that experiment
	Next         string           // cursor of the next page; empty when there is none
}

// Recommendation is one item of a page.
type Recommendation struct {
	Item       string   `json:"item"`
	Score      float32  `json:"score"`             // comparable within the page only; 1/rank on an interleaved page
	Source     string   `json:"source"`            // who brought it: Blended, a part, Trending, Any, or a source of the policy
	Rank       int      `json:"rank"`              // 1 is the first of the page
	Propensity float32  `json:"propensity"`        // the chance with which it stands there; 1 where nothing was drawn
	Reasons    []Reason `json:"reasons,omitempty"` // when asked for; the strongest first
}

// Reason says why an item is on the page.
type Reason struct {
	Model   string  `json:"model"`             // the part that speaks: "itemknn", "popular", …; of a filler the source's name
	Because string  `json:"because,omitempty"` // the item of the user's history it goes with
	Share   float32 `json:"share"`             // its part of the score, 0 to 1; 0 for an item that nothing speaks for
}

// All yields the page's items and scores, best first.
func (p *Page) All() iter.Seq2[string, float32] {
	return func(yield func(string, float32) bool) {
		for i := range p.Items {
			if !yield(p.Items[i].Item, p.Items[i].Score) {
				return
			}
		}
	}
}

// normalise checks the request and fills in what is zero. What it takes is bounded, so that nobody can make the engine
// remember, or compute, as much as they like.
func (r *Request) normalise() error {
	for _, id := range [...]struct{ field, value string }{
		{"user", r.User}, {"session", r.Session}, {"placement", r.Placement},
	} {
		if err := store.ValidateID(id.field, id.value); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	switch {
	case r.N < 0:
		return fmt.Errorf("%w: n is %d", ErrInvalid, r.N)
	case len(r.Items) > itemsMax || len(r.Exclude) > itemsMax:
		return fmt.Errorf("%w: more than %d items, or items to exclude", ErrInvalid, itemsMax)
	case len(r.Seeds) > seedsMax:
		return fmt.Errorf("%w: more than %d seeds", ErrInvalid, seedsMax)
	case len(r.Context) > contextMax:
		return fmt.Errorf("%w: context of more than %d facts", ErrInvalid, contextMax)
	}
	if r.N == 0 {
		r.N = nDefault
	}
	r.N = min(r.N, NMax)
	return nil
}

// shape is a number of all of a cacheable request that its page depends on, besides the user and the plan; ok is false for one
// that is not cacheable.
func (r *Request) shape() (shape uint64, ok bool) {
	if r.Filter != nil || r.Items != nil || r.Cursor != "" || r.Context != nil {
		return 0, false
	}
	h := mix64(uint64(r.N))
	if r.Explain {
		h = mix64(h + 1)
	}
	h = mix64(h ^ uint64(hashID(r.Placement)))
	h = mix64(h ^ uint64(hashID(r.Session)))
	for _, id := range r.Exclude {
		h = mix64(h ^ uint64(hashID(id)) ^ 1<<40)
	}
	for _, id := range r.Seeds {
		h = mix64(h ^ uint64(hashID(id)) ^ 1<<41)
	}
	return h & math.MaxInt64, true
}
