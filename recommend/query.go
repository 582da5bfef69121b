package recommend

import (
	"fmt"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// run makes the page, of one model or of the mix.
func (q *query) run(svc *service, state *userState, req *Request, mix *pipeline, now int64) (*Page, error) {
	q.svc, q.state, q.exclude, q.mix = svc, state, req.Exclude, mix
	var err error
	if q.shown, err = parseCursor(req.Cursor); err != nil {
		return nil, err
	}
	if req.Filter != nil {
		if q.matcher, err = q.engine.catalog.Compile(req.Filter); err != nil {
			return nil, fmt.Errorf("%w: filter: %w", ErrInvalid, err)
		}
	}
	for _, id := range req.Seeds {
		if item, ok := q.engine.catalog.Lookup(id); ok {
			q.seeds = append(q.seeds, item)
		}
	}
	if mix != nil {
		err = q.draft(req, now)
	} else {
		err = q.rank(req.Model, req, now)
	}
	if err != nil {
		return nil, err
	}
	more := len(q.ranked) > req.N
	q.ranked = q.ranked[:min(len(q.ranked), req.N)]
	return q.page(req, more), nil
}

// rank ranks what one model's page would hold, and one item more: the model's part first, then what fills it up.
func (q *query) rank(name string, req *Request, now int64) error {
	m, err := q.model(name)
	if err != nil {
		return err
	}
	var u model.User
	if m != nil {
		u = q.user(m, len(req.Seeds) > 0, now)
	}
	q.users = append(q.users, u)
	if req.Items != nil {
		q.rerank(m, &u, req.Items)
	} else {
		q.propose(m, &u, req.N+1)
	}
	return nil
}

// model is the one the request asks for; nil stands for what is trending.
func (q *query) model(name string) (model.Model, error) {
	switch {
	case name == Trending, name == "" && q.svc == nil:
		return nil, nil
	case q.svc == nil:
		return nil, fmt.Errorf("%w: %q before the first training", ErrNoModel, name)
	}
	m, ok := q.svc.named(name)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoModel, name)
	}
	return m, nil
}

// user is what the model is shown of the user: the seeds when there are any, else the history.
func (q *query) user(m model.Model, seeded bool, now int64) model.User {
	u := model.User{Now: now}
	if seeded {
		q.events = q.events[:0]
		for _, seed := range q.seeds {
			if item, ok := q.svc.modelItem(seed); ok {
				q.events = append(q.events, model.Event{Item: item, Weight: 1, Time: now})
			}
		}
		u.History = q.events
		u.Vector = embed(m, u.History, now)
		return u
	}
	if len(q.state.history) == 0 {
		return u
	}
	v := q.state.see(q.svc, now)
	u.History = v.history
	if u.Vector = v.vector; m != q.svc.model {
		u.Vector = embed(m, u.History, now)
	}
	return u
}

// propose ranks up to n items: the model's, then trending ones, then any that may be shown.
func (q *query) propose(m model.Model, u *model.User, n int) {
	if m != nil && len(u.History) > 0 {
		q.scored = m.Candidates(q.scored[:0], u, n, q.allowModel)
		for _, c := range q.scored {
			q.ranked = append(q.ranked, ranked{item: q.svc.toCatalog[c.Item], score: c.Score, by: m})
		}
	}
	if len(q.ranked) < n {
		// One that is ranked already may come again: ask for as many more.
		q.scored = q.engine.trending.Top(q.scored[:0], n+len(q.ranked), q.allow)
		q.fill(q.scored, n)
	}
	if len(q.ranked) < n {
		q.fillAny(n)
	}
}

// fill adds what is not ranked yet, below what is.
func (q *query) fill(more []model.Scored, n int) {
	if len(more) == 0 {
		return
	}
	ranked0 := len(q.ranked)
	scale, base := float32(1), float32(0)
	if ranked0 > 0 {
		scale, base = 1/max(more[0].Score, 1e-30), q.ranked[ranked0-1].score-1
	}
	for _, c := range more {
		if len(q.ranked) == n {
			return
		}
		if !q.has(c.Item, ranked0) {
			q.ranked = append(q.ranked, ranked{item: c.Item, score: base + c.Score*scale})
		}
	}
}

// fillAny adds items that nobody has touched, in the order in which the catalogue met them.
func (q *query) fillAny(n int) {
	before := len(q.ranked)
	score := float32(0)
	if before > 0 {
		score = min(0, q.ranked[before-1].score)
	}
	add := func(item uint32) bool {
		if q.allows(item) && !q.has(item, before) {
			q.ranked = append(q.ranked, ranked{item: item, score: score})
		}
		return len(q.ranked) < n
	}
	if q.matcher != nil {
		q.matcher.Bitmap().Iterate(add)
		return
	}
	for item := range uint32(q.engine.catalog.Handles()) {
		if !add(item) {
			return
		}
	}
}

// has reports whether one of the first n ranked items is this one.
func (q *query) has(item uint32, n int) bool {
	return slices.ContainsFunc(q.ranked[:n], func(r ranked) bool { return r.item == item })
}

// rerank ranks the given items: those the model knows by its score, then the others by how they trend.
func (q *query) rerank(m model.Model, u *model.User, ids []string) {
	q.items = q.items[:0]
	var others []uint32
	for _, id := range ids {
		item, ok := q.engine.catalog.Lookup(id)
		if !ok || !q.allows(item) {
			continue
		}
		if m != nil && len(u.History) > 0 {
			if mh, ok := q.svc.modelItem(item); ok {
				q.items = append(q.items, mh)
				continue
			}
		}
		others = append(others, item)
	}
	slices.Sort(q.items)
	q.items = slices.Compact(q.items)
	q.scores = slices.Grow(q.scores[:0], len(q.items))[:len(q.items)]
	if len(q.items) > 0 {
		m.Score(q.scores, u, q.items)
	}
	for i, mh := range q.items {
		q.ranked = append(q.ranked, ranked{item: q.svc.toCatalog[mh], score: q.scores[i], by: m})
	}
	sortRanked(q.ranked)
	slices.Sort(others)
	q.scored = q.scored[:0]
	for _, item := range slices.Compact(others) {
		q.scored = append(q.scored, model.Scored{Item: item, Score: q.engine.trending.Score(item)})
	}
	sortScored(q.scored)
	q.fill(q.scored, len(ids))
}

// page writes the ranked items down.
func (q *query) page(req *Request, more bool) *Page {
	p := &Page{Items: make([]Recommendation, len(q.ranked))}
	if q.svc != nil {
		p.ModelVersion = q.svc.version
	}
	for i, r := range q.ranked {
		p.Items[i] = Recommendation{Item: q.engine.catalog.ID(r.item), Score: r.score}
		if q.mix != nil {
			p.Items[i].Variant = q.mix.marks[r.team]
		}
		if req.Explain {
			p.Items[i].Reasons = q.reasons(r, &q.users[r.team])
		}
	}
	if more {
		p.Next = q.shown.next(p.Items)
	}
	return p
}

const reasonsMax = 3

func (q *query) reasons(r ranked, u *model.User) []Reason {
	if r.by == nil {
		return []Reason{{Model: Trending, Share: 1}}
	}
	ex, ok := r.by.(model.Explainer)
	if !ok {
		return []Reason{{Model: r.by.Name(), Share: 1}}
	}
	item, _ := q.svc.modelItem(r.item)
	var out []Reason
	for _, why := range ex.Explain(nil, u, item, reasonsMax) {
		reason := Reason{Model: why.Model, Share: why.Share}
		if why.Because != model.NoItem {
			reason.Because = q.svc.model.Items().ID(why.Because)
		}
		out = append(out, reason)
	}
	return out
}
