package recommend

import (
	"slices"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// page writes the list down. What is on it is part of its number: a filter, a profile or what is trending may make it another.
func (q *query) page(req *Request, c *choice, id uint64) *cachedPage {
	n := len(q.list)
	p := newCachedPage(n)
	p.plan = q.plan
	if q.hurried {
		p.expires = q.view.calm()
	}
	if q.generation != nil {
		p.epoch, p.version = q.generation.epoch, q.generation.version
	}
	q.hashes = q.hashes[:0]
	for i, c := range q.list {
		p.list[i] = shown{c.Item, c.Score}
		q.hashes = append(q.hashes, hashID(q.engine.items.ID(c.Item)))
	}
	p.id = mix64(id ^ digest(q.hashes))
	q.unusual(p, req, c)
	return p
}

// digest is a number of the items of a page in their order, by the hashes of their identifiers.
func digest(hashes []uint32) (number uint64) {
	for _, h := range hashes {
		number = mix64(number ^ uint64(h))
	}
	return number
}

// unusual writes down what few pages have.
func (q *query) unusual(p *cachedPage, req *Request, c *choice) {
	n := len(q.list)
	if n == 0 {
		return
	}
	p.source = q.list[0].Source
	if slices.ContainsFunc(q.list, func(c stage.Candidate) bool { return c.Source != p.source }) {
		p.unusual().sources = make([]uint8, n)
		for i, c := range q.list {
			p.rare.sources[i] = c.Source
		}
	}
	if slices.ContainsFunc(q.list, func(c stage.Candidate) bool { return c.Propensity != 1 }) {
		p.unusual().propensity = make([]float32, n)
		for i, c := range q.list {
			p.rare.propensity[i] = c.Propensity
		}
	}
	if len(q.stage.Sources) != len(q.plan.names) {
		p.unusual().names = q.stage.Sources
	}
	if c.experiment != "" {
		p.unusual().experiment, p.rare.variant = c.experiment, c.variant
	}
	if req.Explain {
		p.unusual().reasons = q.reasons(n)
	}
}

const reasonsMax = 3

// reasons are what the parts say of the items that they ranked; of any other, who brought it.
func (q *query) reasons(n int) [][]Reason {
	out := make([][]Reason, n)
	room := make([]Reason, 0, min(n, explainedMax)*reasonsMax)
	for team, answer := range q.asked {
		if answer == nil {
			continue
		}
		q.items, q.places = q.items[:0], q.places[:0]
		for i, c := range q.list[:min(n, explainedMax)] {
			if t, ok := q.speaks(c); ok && t == team {
				q.items, q.places = append(q.items, c.Item), append(q.places, i)
			}
		}
		answer.ExplainAll(q.items, reasonsMax, func(i int, whys []model.Reason) {
			from := len(room)
			for _, why := range whys {
				reason := Reason{Model: why.Model, Share: why.Share}
				if why.Because != model.NoItem {
					reason.Because = q.engine.items.ID(why.Because)
				}
				room = append(room, reason)
			}
			out[q.places[i]] = room[from:len(room):len(room)]
		})
	}
	for i, c := range q.list[:min(n, explainedMax)] {
		if _, ok := q.speaks(c); !ok {
			reason := Reason{Model: q.stage.Sources[c.Source], Share: 1}
			if reason.Model == Any {
				reason.Share = 0
			}
			out[i] = []Reason{reason}
		}
	}
	return out
}

// speaks is the team whose answer says why a candidate is there; false where none ranked it.
func (q *query) speaks(c stage.Candidate) (team int, ok bool) {
	if int(c.Source) < len(q.asked) {
		team = int(c.Source)
	} // else of the blend that stands in
	if int(c.Source) >= len(q.plan.teams) && q.stage.Sources[c.Source] != Blended {
		return team, false
	}
	return team, q.asked[team] != nil
}
