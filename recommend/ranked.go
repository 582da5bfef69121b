package recommend

import (
	"math"
	"time"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
)

// ranked is the best items of a blend for a user, with the blend's scores. As long as the user does nothing new these stay as they
// are, so that a page only has to ask which of the items it may show. It is made of what the walking parts found, and of as much
// of the others, of all that was available then and that the user had not met. Most users ask once between two interactions: it is
// made when one asks again. It is immutable.
type ranked struct {
	list     []model.Scored // the best first
	key      uint64         // of the blend, and of the visit
	arrivals uint64         // of the catalogue, before
	made     int64          // Unix seconds
	asked    uint16         // how long the list may be
	all      bool           // it is all that there is
}

const (
	// rankedFor is how long a ranking is kept: a part may look at the clock.
	rankedFor = time.Hour
	// rankedMin is how many items it has at least, so that there is enough where a filter lets half of them through.
	rankedMin = 64
)

// recall sets scored to the n best of a blend inside what may be shown, read off the ranking that is kept of the user. It is
// false when the page is not to be made of that, or when too little of the ranking may be shown.
func (q *query) recall(b *blend.Blend, team, n int) bool {
	if !q.back || n > askedMax || q.narrow != nil || len(q.more) > 0 || q.plan.rule >= 0 {
		return false
	}
	r, key := q.view.ranked, q.rankedKey(b, team)
	if r == nil || !r.holds(q, key, n) {
		r = q.rank(b, team, n, key)
	}
	q.scored = q.scored[:0]
	for _, s := range r.list {
		if q.Contains(s.Item) {
			if q.scored = append(q.scored, s); len(q.scored) == n {
				return true
			}
		}
	}
	return r.all
}

// holds reports whether a ranking is what a page of n may be made of.
func (r *ranked) holds(q *query, key uint64, n int) bool {
	age := q.stage.User.Now - r.made
	return r.key == key && 3*n <= int(r.asked) && age >= 0 && age < int64(rankedFor/time.Second) && !missed(q.engine, r.arrivals)
}

// rankedKey tells rankings of a user apart: by the blend, and by the visit that its parts are shown.
func (q *query) rankedKey(b *blend.Blend, team int) (key uint64) {
	if b != q.generation.blend {
		key = mix64(q.plan.id ^ uint64(team+1))
	}
	if visit := q.stage.User.Session; len(visit) > 0 {
		key = mix64(key ^ uint64(visit[0].Session)<<32)
	}
	return key
}

// rank makes the ranking, and keeps it.
func (q *query) rank(b *blend.Blend, team, n int, key uint64) *ranked {
	most := max(rankedMin, 3*n)
	r := &ranked{key: key, arrivals: q.engine.catalog.Arrivals(), made: q.stage.User.Now, asked: uint16(most)}
	answer := q.answer(b, team)
	f := q.looked(answer, n)
	q.items, _ = answer.GatherFrom(q.items[:0], q.known, most, unmet{q})
	q.scored = answer.Best(q.scored[:0], most, q.items, float32(math.Inf(-1)), nil)
	r.list = append(make([]model.Scored, 0, len(q.scored)), q.scored...)
	r.all = f.all && len(q.items) < most
	q.items = q.items[:0]
	next := *q.view
	next.ranked = r
	q.see(&next)
	return r
}

// answer is that of a blend to the user, begun when it is first asked for.
func (q *query) answer(b *blend.Blend, team int) *blend.Answer {
	if q.asked[team] == nil {
		q.asked[team] = b.Answer(&q.stage.User)
	}
	return q.asked[team]
}
