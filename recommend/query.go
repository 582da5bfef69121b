package recommend

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// query is one answer in the making; it is used again for the next one, with its buffers.
type query struct {
	engine     *Engine
	generation *generation // nil before the first training
	user       *user       // nil: a stranger
	state      *userState
	plan       *plan
	stage      stage.Query

	// What may be shown.
	seeds   []uint32 // sorted
	exclude []uint32 // sorted
	matcher *catalog.Matcher
	shown   cursor
	listed  bool     // Request.Items says what may be shown, seen or not
	narrow  []uint32 // all that the filter allows, when that is little
	few     bool     // narrow holds

	pcg    rand.PCG
	rand   *rand.Rand
	events []model.Event
	list   []stage.Candidate
	more   []stage.Candidate
	items  []uint32
	scored []model.Scored
	have   map[uint32]struct{}
	asked  []*blend.Answer // by team; nil: of one that has not ranked
}

func newQuery(e *Engine) *query {
	q := &query{engine: e, have: map[uint32]struct{}{}}
	q.rand = rand.New(&q.pcg)
	return q
}

// release gives the query back without what belongs to its caller.
func (q *query) release() {
	for _, a := range q.asked {
		if a != nil {
			a.Close()
		}
	}
	clear(q.asked)
	q.generation, q.user, q.state, q.plan, q.matcher, q.shown = nil, nil, nil, nil, nil, nil
	q.stage = stage.Query{}
	q.seeds, q.exclude, q.events, q.list, q.more = q.seeds[:0], q.exclude[:0], q.events[:0], q.list[:0], q.more[:0]
	q.narrow, q.few, q.listed = q.narrow[:0], false, false
	clear(q.have)
	q.engine.queries.Put(q)
}

// run makes the page.
func (q *query) run(g *generation, u *user, state *userState, req *Request, c *choice, now time.Time) (*cachedPage, error) {
	q.generation, q.user, q.state, q.plan = g, u, state, c.plan
	q.asked = slices.Grow(q.asked[:0], len(c.plan.teams))[:len(c.plan.teams)]
	if req.Model != "" && req.Model != Trending && q.team(0) == nil {
		return nil, fmt.Errorf("%w: %q is not in service", ErrNoModel, req.Model)
	}
	if err := q.limit(req); err != nil {
		return nil, err
	}
	id := q.chance(req)
	q.stage = stage.Query{
		Profile: state.profile, Catalog: q.engine.catalog, UserID: req.User, SessionID: req.Session,
		Placement: req.Placement, Context: req.Context, N: req.N, Now: now, Allow: q, Rand: q.rand, Sources: c.plan.names,
	}
	q.look(req, now)
	if err := q.propose(req); err != nil {
		return nil, err
	}
	for _, s := range c.plan.Stages {
		q.list = s.Apply(q.list, &q.stage)
	}
	more := len(q.list) > req.N
	q.list = q.list[:min(len(q.list), req.N)]
	page := q.page(req, c, id)
	if more {
		page.next = q.shown.next(q.engine.items, page.items)
	}
	return page, nil
}

// limit reads from the request what may be shown.
func (q *query) limit(req *Request) (err error) {
	if q.shown, err = parseCursor(req.Cursor); err != nil {
		return err
	}
	if req.Filter != nil {
		if q.matcher, err = q.engine.filters.compile(q.engine.catalog, req.Filter); err != nil {
			return fmt.Errorf("%w: filter: %w", ErrInvalid, err)
		}
	}
	for _, id := range req.Seeds {
		item, ok := q.engine.items.Lookup(id)
		if !ok {
			return fmt.Errorf("%w: seed %q: %w", ErrInvalid, clip(id), catalog.ErrUnknownItem)
		}
		q.seeds = append(q.seeds, item)
	}
	for _, id := range req.Exclude {
		if item, ok := q.engine.items.Lookup(id); ok {
			q.exclude = append(q.exclude, item)
		}
	}
	slices.Sort(q.seeds)
	slices.Sort(q.exclude)
	q.listed = req.Items != nil
	return nil
}

// Contains reports whether an item may be shown. It is the Allow of models, sources and stages.
func (q *query) Contains(item uint32) bool {
	if !q.engine.catalog.Available(item) {
		return false
	}
	if !q.listed && q.state.hides(q.plan, item, q.stage.Now.Unix()) {
		return false
	}
	return !has(q.seeds, item) && !has(q.exclude, item) && (q.matcher == nil || q.matcher.Match(item)) &&
		!q.shown.has(q.engine.items, item)
}

func has(sorted []uint32, item uint32) bool {
	if len(sorted) == 0 {
		return false
	}
	_, found := slices.BinarySearch(sorted, item)
	return found
}

// look makes what the models are shown of the user: the seeds when there are any, else the history.
func (q *query) look(req *Request, now time.Time) {
	u := &q.stage.User
	u.Now = now.Unix()
	if len(req.Seeds) > 0 {
		for _, seed := range q.seeds {
			q.events = append(q.events, model.Event{Item: seed, Weight: 1, Time: u.Now})
		}
		u.History = q.events
		return
	}
	for i := range q.state.history {
		q.events = append(q.events, q.state.history[i].model())
	}
	u.History = q.events
	if session := model.SessionOf(req.Session); session != 0 {
		session = max(1, session&(1<<visitBits-1))
		from := len(q.events)
		for from > 0 && q.events[from-1].Session == session {
			from--
		}
		u.Session = q.events[from:]
	}
}

// propose makes the list that the stages are given: what the teams rank and the sources propose, the best first, then what
// fills the page.
func (q *query) propose(req *Request) error {
	depth := req.N + 1
	if !q.idle() {
		depth = max(depth, req.N*q.plan.Depth)
	}
	if req.Items != nil {
		q.rankListed(req.Items)
		return nil
	}
	q.enumerate(depth)
	if q.plan.Interleave && q.generation.serves(q.plan) {
		if err := q.interleave(req.N + 1); err != nil {
			return err
		}
	} else {
		q.rankTeam(0, depth)
	}
	for _, s := range q.plan.Fill {
		if len(q.list) >= depth {
			break
		}
		q.fill(s, depth)
	}
	return nil
}

// idle reports whether the stages of the plan have nothing to do for this page.
func (q *query) idle() bool {
	for _, s := range q.plan.Stages {
		if i, ok := s.(stage.Idler); !ok || !i.Idle(&q.stage) {
			return false
		}
	}
	return true
}

// enumerateMax is up to how many items a filter may match so that looking at each is quicker than searching.
const enumerateMax = 8192

// enumerate lists what may be shown, when a filter makes that little.
func (q *query) enumerate(depth int) {
	if q.matcher == nil {
		return
	}
	q.narrow, q.few = q.engine.filters.narrow(q.matcher, q.narrow[:0], enumerateMax)
	if q.few {
		q.narrow = slices.DeleteFunc(q.narrow, func(item uint32) bool { return !q.Contains(item) })
	}
}

// rankTeam sets list to what a team and the sources propose, ranked, up to n.
func (q *query) rankTeam(team, n int) {
	q.list, q.items, q.more = q.list[:0], q.items[:0], q.more[:0]
	for i, s := range q.plan.Sources {
		before := len(q.more)
		q.more = s.Propose(q.more, &q.stage, n)
		for j := before; j < len(q.more); j++ {
			q.more[j].Source = uint8(len(q.plan.teams) + i)
		}
	}
	b, brought := q.ranker(team)
	var scored []model.Scored
	if b != nil && len(q.stage.User.History) > 0 {
		scored = q.rankBlend(b, team, n)
	}
	q.merge(scored, uint8(brought))
	q.list = q.list[:min(len(q.list), n)]
}

// ranker is who ranks for a team, and its number as a source. For a part that is not in service, and for parts to be interleaved
// of which one is not, the blend of all that are steps in, as it does for a list to be ranked, which is not interleaved.
func (q *query) ranker(team int) (b *blend.Blend, brought int) {
	together := q.plan.Interleave && (q.listed || !q.generation.serves(q.plan))
	if b = q.team(team); q.generation != nil && (b == nil && q.plan.standsIn(team) || together) {
		return q.generation.blend, slices.Index(q.plan.names, Blended)
	}
	return b, team
}

// standsIn reports whether the blend takes the place of a team that is not in service: not of what is trending, nor of
// no parts at all.
func (pl *plan) standsIn(team int) bool {
	return pl.teams[team] != Trending && pl.teams[team] != Blended
}

// team is the blend that ranks for a team of the plan; nil when none does.
func (q *query) team(team int) *blend.Blend {
	if q.generation == nil {
		return nil
	}
	return q.generation.plans[q.plan][team]
}

// rankBlend scores what the parts of a blend and the sources propose, inside what may be shown.
func (q *query) rankBlend(b *blend.Blend, team, n int) []model.Scored {
	q.embed()
	answer := b.Answer(&q.stage.User)
	q.asked[team] = answer
	if q.few {
		q.items = append(q.items, q.narrow...)
	} else {
		q.items = answer.Gather(q.items, n, q, model.Thorough)
	}
	for _, c := range q.more {
		q.items = append(q.items, c.Item)
	}
	slices.Sort(q.items)
	q.items = slices.Compact(q.items)
	q.scored = answer.Rank(q.scored[:0], q.items)
	if q.few {
		q.scored = slices.DeleteFunc(q.scored, func(s model.Scored) bool { return s.Score <= 0 })
	}
	return q.scored
}

// embed sees that the user's vector is that of the history.
func (q *query) embed() {
	u := &q.stage.User
	if u.Vector != nil || len(u.History) == 0 {
		return
	}
	g := q.generation
	if len(q.seeds) > 0 {
		u.Vector = g.blend.Embed(nil, u.History, u.Now)
		return
	}
	v := q.state.view.Load()
	switch {
	case v == nil || v.epoch != g.epoch:
		v = &view{epoch: g.epoch, vector: g.blend.Embed(nil, u.History, u.Now)}
	case v.behind > 0:
		next := *v
		next.vector, next.behind = slices.Clone(v.vector), 0
		g.blend.Follow(next.vector, u.History, u.Now)
		v = &next
	}
	q.state.view.Store(v)
	u.Vector = v.vector
}

// merge puts what the blend ranked and what the sources proposed into list, the best first. What both have is the source's,
// with the scores of both.
func (q *query) merge(scored []model.Scored, brought uint8) {
	clear(q.have)
	for _, c := range q.more {
		if _, twice := q.have[c.Item]; !twice && q.Contains(c.Item) {
			q.have[c.Item] = struct{}{}
			c.Propensity = cmp.Or(c.Propensity, 1)
			q.list = append(q.list, c)
		}
	}
	sourced := len(q.list)
	for _, s := range scored {
		if _, twice := q.have[s.Item]; !twice {
			q.list = append(q.list, stage.Candidate{Item: s.Item, Score: s.Score, Propensity: 1, Source: brought})
			continue
		}
		i := slices.IndexFunc(q.list[:sourced], func(c stage.Candidate) bool { return c.Item == s.Item })
		q.list[i].Score += s.Score
	}
	if sourced > 0 {
		sortCandidates(q.list)
	}
}

// sortCandidates puts the best first, ties by handle.
func sortCandidates(list []stage.Candidate) {
	slices.SortStableFunc(list, func(a, b stage.Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
}

// fill adds what a source proposes and list does not have, below what is there, until there are n.
func (q *query) fill(s stage.Source, n int) {
	clear(q.have)
	base, scale := float32(0), float32(1)
	for _, c := range q.list {
		q.have[c.Item] = struct{}{}
		base = min(base, c.Score)
	}
	if len(q.list) > 0 {
		base--
	}
	q.more = s.Propose(q.more[:0], &q.stage, n+len(q.list)) // one that is listed already may come again
	if len(q.more) > 0 && q.more[0].Score > 0 {
		scale = 1 / q.more[0].Score
	}
	source := uint8(slices.Index(q.plan.names, s.Name()))
	for _, c := range q.more {
		if len(q.list) == n {
			return
		}
		if _, twice := q.have[c.Item]; twice {
			continue
		}
		q.have[c.Item] = struct{}{}
		c.Source, c.Propensity, c.Score = source, cmp.Or(c.Propensity, 1), base+c.Score*scale
		q.list = append(q.list, c)
	}
}

// rankListed ranks the given items: those that the blend has a score for, then the others by how they trend.
func (q *query) rankListed(ids []string) {
	q.items = q.items[:0]
	for _, id := range ids {
		if item, ok := q.engine.items.Lookup(id); ok && q.Contains(item) {
			q.items = append(q.items, item)
		}
	}
	slices.Sort(q.items)
	q.items = slices.Compact(q.items)
	b, brought := q.ranker(0)
	if b != nil && len(q.stage.User.History) > 0 {
		q.embed()
		q.asked[0] = b.Answer(&q.stage.User)
		for _, s := range q.asked[0].Rank(q.scored[:0], q.items) {
			if s.Score != 0 {
				q.list = append(q.list, stage.Candidate{Item: s.Item, Score: s.Score, Propensity: 1, Source: uint8(brought)})
			}
		}
	}
	q.fill(trendingOf{q.engine, q.items, q.stage.Now.Unix()}, len(q.items))
}

// trendingOf ranks given items by how they trend.
type trendingOf struct {
	engine *Engine
	items  []uint32
	now    int64
}

func (trendingOf) Name() string { return Trending }

func (t trendingOf) Propose(dst []stage.Candidate, _ *stage.Query, _ int) []stage.Candidate {
	before := len(dst)
	for _, item := range t.items {
		dst = append(dst, stage.Candidate{Item: item, Score: t.engine.trending.Score(item, t.now)})
	}
	sortCandidates(dst[before:])
	return dst
}

// chance seeds what the page draws from, and returns the page's number: the same for the same seed, user, history, models and
// cursor, so that a page asked for again comes again, here or on another replica.
func (q *query) chance(req *Request) (id uint64) {
	newest := uint64(0)
	if n := len(q.state.history); n > 0 {
		newest = uint64(q.state.history[n-1].position)
	}
	visit := newest ^ uint64(hashID(req.Cursor))<<24 ^ uint64(hashID(req.Placement))<<32
	if q.generation != nil {
		visit ^= q.generation.version << 48
	}
	seed := mix64(q.engine.opts.Seed ^ uint64(hashID(req.User)))
	q.pcg.Seed(seed, visit)
	return mix64(seed ^ mix64(visit^q.plan.id^uint64(req.N)))
}
