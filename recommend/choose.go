package recommend

import (
	"fmt"
)

// mix64 spreads the bits of x.
func mix64(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>32) * 0xd6e8feb86659fd93
	return x ^ x>>32
}

// choice is the plan of a page, and why it is this one.
type choice struct {
	plan       *plan
	experiment string // that chose it, or has a say here
	variant    string
	variants   [experimentsMax]string // the user's, by experiment
	exposing   uint64                 // hash of all experiments that have a say here and the user's variants; 0: of none
}

// choose finds the plan for a request.
func (p *policies) choose(req *Request) (choice, error) {
	if req.Model != "" {
		pl := p.models[req.Model]
		if pl == nil {
			return choice{}, fmt.Errorf("%w: %q", ErrNoModel, clip(req.Model))
		}
		return choice{plan: pl}, nil
	}
	c := choice{plan: p.fallback}
	variants := &c.variants
	if req.User != "" {
		for i, x := range p.experiments {
			variants[i] = x.Variant(req.User)
		}
	}
	for _, pl := range p.plans {
		if pl.applies(variants, req.Placement) {
			c.plan = pl
			break
		}
	}
	for i, x := range p.experiments {
		if variants[i] == "" || !p.says(i, req.Placement) {
			continue
		}
		c.exposing = mix64(c.exposing ^ uint64(hashID(x.Key()))<<32 ^ uint64(hashID(variants[i])))
		if c.variant == "" || c.plan.experiment == i {
			c.experiment, c.variant = x.Key(), variants[i]
		}
	}
	return c, nil
}

// experimentsMax is how many experiments run at once.
const experimentsMax = 16

func (pl *plan) applies(variants *[experimentsMax]string, placement string) bool {
	if pl.Placement != "" && pl.Placement != placement {
		return false
	}
	return pl.experiment < 0 || variants[pl.experiment] != "" && (pl.Variant == "" || pl.Variant == variants[pl.experiment])
}

// says reports whether an experiment may change pages at a placement: one of its policies applies there, or it has
// none, so that what it changes is the caller's affair.
func (p *policies) says(experiment int, placement string) bool {
	has := false
	for _, pl := range p.plans {
		if pl.experiment == experiment {
			if pl.Placement == "" || pl.Placement == placement {
				return true
			}
			has = true
		}
	}
	return !has
}
