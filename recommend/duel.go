package recommend

import (
	"context"
	"fmt"
	"slices"

	"github.com/goldrec/gold/experiment/interleave"
	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/store"
)

// Duel is how two parts fared against each other on interleaved pages: the users who gave more to A are its Wins, those
// who gave more to B its Losses, and those who saw such pages without preferring either the Ties. PValue says whether the
// difference is chance.
type Duel struct {
	A, B string // parts
	stats.Sign
}

// duelUsersMax bounds the memory of CompareModels, at about 150 bytes a user.
const duelUsersMax = 10_000_000

// CompareModels says which parts of a variant the users prefer, from the store's log; a policy must interleave the
// variant's pages (else ErrInvalid). In the period, each interaction that comes from such a page gives its weight, by
// Options.Weights, to the part that brought its item, as its Source says; a user then speaks once, for whom they gave more. There
// is a duel for each pair of parts, in the policy's order; of many correct the p-values with stats.Adjust.
//
// The preference is one of users who saw both side by side. What it is worth, CompareVariants says of users who saw one.
// It reads the log once; more than ten million users are stats.ErrFull.
func (e *Engine) CompareModels(ctx context.Context, variant string, period Period) ([]Duel, error) {
	if e.life.over() {
		return nil, ErrClosed
	}
	if err := period.validate(); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(e.policies.plans, func(pl *plan) bool {
		return pl.Interleave && pl.Variant == variant && pl.experiment >= 0
	})
	if i < 0 {
		return nil, fmt.Errorf("%w: the pages of variant %q are not interleaved", ErrInvalid, clip(variant))
	}
	credit := credits{plan: e.policies.plans[i], weights: e.weights, users: map[string][]float64{}}
	for entry, err := range e.store.Scan(ctx, store.Place{}) {
		if err == nil && period.has(entry.Interaction.Time) {
			err = credit.take(&entry)
		}
		if err != nil {
			return nil, fmt.Errorf("recommend: compare models: %w", err)
		}
	}
	return credit.duels()
}

// credits is what each user gave to the parts of a plan.
type credits struct {
	plan    *plan
	weights *weights
	users   map[string][]float64 // by part
}

func (c *credits) take(entry *store.Entry) error {
	in := &entry.Interaction
	if in.Experiment != c.plan.Experiment || in.Variant != c.plan.Variant {
		return nil
	}
	team := slices.Index(c.plan.teams, in.Source)
	switch {
	case entry.Fact == store.Exposed:
		team = -1
	case entry.Fact != store.Interacted || team < 0 || in.Page == "":
		return nil
	}
	given := c.users[in.User]
	if given == nil {
		if len(c.users) == duelUsersMax {
			return fmt.Errorf("%w: %d", stats.ErrFull, duelUsersMax)
		}
		given = make([]float64, len(c.plan.teams))
		c.users[in.User] = given
	}
	if team >= 0 {
		given[team] += float64(c.weights.of(in))
	}
	return nil
}

func (c *credits) duels() ([]Duel, error) {
	var tally interleave.Tally
	for _, given := range c.users {
		if err := tally.Add(given); err != nil {
			return nil, fmt.Errorf("recommend: compare models: %w", err)
		}
	}
	var duels []Duel
	for b := range c.plan.teams {
		for a := range b {
			duels = append(duels, Duel{c.plan.teams[a], c.plan.teams[b], tally.Duel(a, b)})
		}
	}
	return duels, nil
}
