package recommend

import (
	"iter"

	"github.com/goldrec/gold/catalog"
)

// NMax is the most items one page holds; a larger N is taken as NMax. It also bounds how far cursors lead.
const NMax = 1000

// Request asks for recommendations. The zero value asks for the 10 trending items for a stranger.
type Request struct {
	User    string // whom to recommend to; empty or unknown: a stranger, who gets what is trending
	Session string // the visit; kept with the exposure, not used by the first models
	N       int    // how many; 0 means 10, more than NMax means NMax, below 0 is ErrInvalid

	Placement string            // where on the site, such as "home"; kept with the exposure
	Context   map[string]string // facts of the moment, such as device; handed to the Observer

	Filter  catalog.Filter         // what may be shown besides what Engine never shows; nil: everything
	Exclude func(item string) bool // items not to show; nil: none. Called for candidates only, from one goroutine
	Seeds   []string               // recommend what goes with these instead of with the user's history
	Items   []string               // re-rank these, and only these, instead of looking for candidates
	Model   string                 // ask one part of the blend, such as "itemknn"; empty: the blend
	Explain bool                   // give reasons
	Cursor  string                 // Page.Next of the page before; empty: the first page
}

// Page is the answer to a Request. It may be shared with other callers: treat it as read-only.
type Page struct {
	Items        []Recommendation // best first
	ModelVersion uint64           // of the model in service; 0 before the first training
	Variant      string           // the variant that chose the pipeline; empty without one, or when Request.Model did
	Next         string           // cursor of the next page; empty when there is none
}

// Recommendation is one item of a page.
type Recommendation struct {
	Item    string   `json:"item"`
	Score   float32  `json:"score"`             // comparable within the page only; 1/rank on a mixed page
	Reasons []Reason `json:"reasons,omitempty"` // when asked for; the strongest first
	Variant string   `json:"variant,omitempty"` // on a page mixed of models: the page's variant and who picked it, "mix/als"
}

// Reason says why an item is on the page.
type Reason struct {
	Model   string  `json:"model"`             // the part of the blend that speaks: "itemknn", "popular", …
	Because string  `json:"because,omitempty"` // the item of the user's history it goes with
	Share   float32 `json:"share"`             // its part of the score, 0 to 1
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
