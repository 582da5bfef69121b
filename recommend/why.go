package recommend

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// Refusal says why an item is not on a page.
type Refusal string

// Of several the first counts.
const (
	RefusedUnknown     Refusal = "unknown"     // the catalogue does not have it
	RefusedUnavailable Refusal = "unavailable" // it is not Available
	RefusedFilter      Refusal = "filter"      // of the request
	RefusedSeen        Refusal = "seen"        // the user has met it; under a policy's Seen, Verdict.Until is when it may come again
	RefusedSeed        Refusal = "seed"        // of the request
	RefusedExcluded    Refusal = "excluded"    // by the request
	RefusedBefore      Refusal = "before"      // on a page before this one, as the request's cursor says
	RefusedList        Refusal = "list"        // it is none of Request.Items
	RefusedCandidate   Refusal = "candidate"   // it is not good enough for any part or source to propose it; see Verdict.Place
	RefusedRank        Refusal = "rank"        // it was a candidate, and is ranked behind the page; see Verdict.Rank
	RefusedStage       Refusal = "stage"       // Verdict.Stage moved it off the page
)

// Verdict is why an item is on a user's page, or why not.
type Verdict struct {
	Item    string    `json:"item"`
	Shown   bool      `json:"shown"`
	Refused Refusal   `json:"refused,omitempty"` // why it is not shown
	Stage   string    `json:"stage,omitempty"`   // the type of the stage that moved it off the page, such as "Cap"
	Step    int       `json:"step,omitempty"`    // which of the policy's stages that is, from 1 on
	Until   time.Time `json:"until,omitzero"`    // until when the policy's Seen hides it; zero: for ever, or it does not

	// Rank is its place on the page, or where it would stand if the page went on, after all stages; 0: it is not among the candidates,
	// which are some times as many as the page holds.
	Rank   int    `json:"rank,omitempty"`
	Source string `json:"source,omitempty"` // who brought it; empty where nobody did

	// Score is what the parts say, before sources and stages; Place is how many items that may be shown have a better one, and one;
	// Of is how many may be shown. Place is 0 where no part speaks: before the first training, and of strangers.
	Score float32 `json:"score"`
	Place int     `json:"place,omitempty"`
	Of    int     `json:"of,omitempty"`

	Parts []Contribution `json:"parts,omitempty"` // what Score is the sum of, the greatest first
}

// Contribution is what one part adds to an item's score. For linear, itemknn, graph, session and sequence the reasons are exact,
// since their scores are sums over the user's items; for factors they are the usual decomposition, of what each item of
// the history adds to the product (Hu, Koren and Volinsky 2008, section 5).
type Contribution struct {
	Model   string   `json:"model"`
	Score   float32  `json:"score"`             // below 0 counts against the item
	Reasons []Reason `json:"reasons,omitempty"` // the strongest first; their shares are of this part's
}

// whyReasons is how many reasons each part gives.
const whyReasons = 10

// Why says why an item is on the page that Recommend would make for the request now, or why not: which rule refuses it, which stage
// moved it off, or how far behind the page it is ranked. What speaks for it is said in any case, of an item that may not
// be shown too. An item that nobody has heard of is RefusedUnknown and no error.
//
//	v, err := eng.Why(ctx, recommend.Request{User: "ann", Placement: "home"}, "teapot")
//
// It makes the page anew, exposes nobody, and looks at the scores of all items: some ten milliseconds for 100,000. On an
// interleaved page, where each part has a ranking of its own, Score and Place are those of the blend of all parts.
func (e *Engine) Why(ctx context.Context, req Request, item string) (*Verdict, error) {
	if e.life.over() {
		return nil, ErrClosed
	}
	if err := req.normalise(); err != nil {
		return nil, err
	}
	c, err := e.policies.choose(&req)
	if err != nil {
		return nil, err
	}
	state := e.stranger
	if req.User != "" {
		if _, state, err = e.state(ctx, req.User); err != nil {
			return nil, err
		}
	}
	v := &Verdict{Item: item}
	handle, known := e.items.Lookup(item)
	if !known {
		v.Refused = RefusedUnknown
		return v, nil
	}
	q := e.queries.Get().(*query)
	defer q.release()
	if _, err := q.begin(e.service.Load(), state, &req, &c, e.now()); err != nil {
		return nil, err
	}
	if err := q.propose(&req); err != nil {
		return nil, err
	}
	q.trace(v, handle)
	q.rule(v, handle, &req)
	return v, q.weigh(ctx, v, handle, &req)
}

// trace follows the item through the stages.
func (q *query) trace(v *Verdict, item uint32) {
	at := func() int {
		return slices.IndexFunc(q.list, func(c stage.Candidate) bool { return c.Item == item })
	}
	before, n := at(), q.stage.N
	if v.Refused = RefusedCandidate; before >= n {
		v.Refused = RefusedRank
	}
	for i, s := range q.plan.Stages {
		q.list = s.Apply(q.list, &q.stage)
		after := at()
		if on(before, n) && !on(after, n) {
			v.Refused, v.Stage, v.Step = RefusedStage, nameOf(s), i+1
		}
		before = after
	}
	if before >= 0 {
		v.Rank, v.Source = before+1, q.stage.Sources[q.list[before].Source]
	}
	if v.Shown = on(before, n); v.Shown {
		v.Refused, v.Stage, v.Step = "", "", 0
	}
}

// on reports whether a place is on a page of n.
func on(place, n int) bool { return place >= 0 && place < n }

// nameOf is what a stage is called: its type.
func nameOf(s stage.Stage) string {
	t := reflect.TypeOf(s)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// rule says which rule refuses an item that is not on the page: what Contains asks, one after the other.
func (q *query) rule(v *Verdict, item uint32, req *Request) {
	e := q.engine
	switch {
	case v.Shown: // a stage may show what is refused
	case e.catalog.Item(item) == nil:
		v.refuse(RefusedUnknown)
	case !e.catalog.Available(item):
		v.refuse(RefusedUnavailable)
	case q.filter != nil && !q.filter.matcher.Match(item):
		v.refuse(RefusedFilter)
	case !q.listed && q.hides(item):
		v.refuse(RefusedSeen)
		if q.plan.rule >= 0 {
			v.Until = q.state.until(q.plan.rule, item)
		}
	case has(q.seeds, item):
		v.refuse(RefusedSeed)
	case has(q.exclude, item):
		v.refuse(RefusedExcluded)
	case q.shown.has(e.items, item):
		v.refuse(RefusedBefore)
	case q.listed && !slices.Contains(req.Items, v.Item):
		v.refuse(RefusedList)
	}
}

func (v *Verdict) refuse(why Refusal) { v.Refused, v.Stage, v.Step = why, "", 0 }

// until is until when a rule hides the item; zero: for ever.
func (s *userState) until(rule int, item uint32) time.Time {
	if at, found := slices.BinarySearchFunc(s.hidden[rule], item, byItem); found && s.hidden[rule][at].until != hideForever {
		return time.Unix(int64(s.hidden[rule][at].until), 0).UTC()
	}
	return time.Time{}
}

// weigh says what the parts make of the item, and where that puts it.
func (q *query) weigh(ctx context.Context, v *Verdict, item uint32, req *Request) error {
	b, _ := q.ranker(0)
	if q.plan.Interleave && q.generation != nil {
		b = q.generation.blend
	}
	if b == nil || len(q.stage.User.History) == 0 {
		return nil
	}
	q.embed()
	answer := b.Answer(&q.stage.User)
	defer answer.Close()
	for _, c := range answer.Contributions(nil, item, whyReasons) {
		v.Score += c.Score
		v.Parts = append(v.Parts, q.contribution(c))
	}
	return q.place(ctx, v, answer, item, q.listing(req))
}

func (q *query) contribution(c blend.Contribution) Contribution {
	out := Contribution{Model: c.Model, Score: c.Score}
	for _, why := range c.Reasons {
		reason := Reason{Model: why.Model, Share: why.Share}
		if why.Because != model.NoItem {
			reason.Because = q.engine.items.ID(why.Because)
		}
		out.Reasons = append(out.Reasons, reason)
	}
	return out
}

// listing is the items that the request lists, sorted; nil when it lists none.
func (q *query) listing(req *Request) []uint32 {
	if !q.listed {
		return nil
	}
	list := []uint32{}
	for _, id := range req.Items {
		if item, ok := q.engine.items.Lookup(id); ok {
			list = append(list, item)
		}
	}
	slices.Sort(list)
	return list
}

// placeStep is how many items are scored at a time.
const placeStep = 4096

// place counts the items that may be shown, and those of a better score; of the listed ones, where there is a list.
func (q *query) place(ctx context.Context, v *Verdict, answer *blend.Answer, item uint32, list []uint32) error {
	var own [1]float32
	answer.Score(own[:], []uint32{item})
	scores := make([]float32, placeStep)
	better := 0
	for next, end := uint32(0), uint32(q.engine.catalog.Handles()); next < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.items = q.items[:0]
		for ; next < end && len(q.items) < placeStep; next++ {
			if (list == nil || has(list, next)) && q.Contains(next) {
				q.items = append(q.items, next)
			}
		}
		answer.Score(scores[:len(q.items)], q.items)
		for i, other := range q.items {
			if scores[i] > own[0] || scores[i] == own[0] && other < item {
				better++
			}
		}
		v.Of += len(q.items)
	}
	v.Place = better + 1
	return nil
}
