package recommend

import (
	"slices"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// page writes the list down. What is on it is part of its number: a filter, a profile or what is trending may make it another.
func (q *query) page(req *Request, c *choice, id uint64) *cachedPage {
	n := len(q.list)
	p := &cachedPage{
		id: id, names: q.stage.Sources, items: make([]uint32, n), scores: make([]float32, n), sources: make([]uint8, n),
		experiment: c.experiment, variant: c.variant,
	}
	if q.generation != nil {
		p.epoch = q.generation.epoch
	}
	if slices.ContainsFunc(q.list, func(c stage.Candidate) bool { return c.Propensity != 1 }) {
		p.propensity = make([]float32, n)
	}
	for i, c := range q.list {
		p.items[i], p.scores[i], p.sources[i] = c.Item, c.Score, c.Source
		p.id = mix64(p.id ^ uint64(hashID(q.engine.items.ID(c.Item))))
		if p.propensity != nil {
			p.propensity[i] = c.Propensity
		}
	}
	if req.Explain {
		p.reasons = make([][]Reason, n)
		for i := range min(n, explainedMax) {
			p.reasons[i] = q.reasons(q.list[i])
		}
	}
	return p
}

const reasonsMax = 3

// reasons are what the parts say of an item that they ranked; of any other, who brought it.
func (q *query) reasons(c stage.Candidate) []Reason {
	name := q.stage.Sources[c.Source]
	team := 0 // of the blend that stands in
	if int(c.Source) < len(q.asked) {
		team = int(c.Source)
	}
	if int(c.Source) >= len(q.plan.teams) && name != Blended || q.asked[team] == nil {
		if name == Any {
			return []Reason{{Model: name}}
		}
		return []Reason{{Model: name, Share: 1}}
	}
	var out []Reason
	for _, why := range q.asked[team].Explain(nil, c.Item, reasonsMax) {
		reason := Reason{Model: why.Model, Share: why.Share}
		if why.Because != model.NoItem {
			reason.Because = q.engine.items.ID(why.Because)
		}
		out = append(out, reason)
	}
	return out
}
