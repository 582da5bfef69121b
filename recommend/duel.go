package recommend

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/experiment/interleave"
	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/store"
)

// Duel is how two models fared against each other on mixed pages: the users who gave more to A are its Wins, those who
// gave more to B its Losses, and those who saw such pages without preferring either the Ties. PValue says whether the
// difference is chance.
type Duel struct {
	A, B string // models
	stats.Sign
}

// duelUsersMax bounds the memory of CompareModels, at about 150 bytes a user.
const duelUsersMax = 10_000_000

// CompareModels says which models of a variant the users prefer, from the store's log; Options.Pipelines must mix the
// variant's pages of several (else ErrInvalid). In the period, each interaction gives its weight, by Options.Weights, to
// the model that picked its item, as its Variant says; a user then speaks once, for whom they gave more. There is a duel
// for each pair of models, in the pipeline's order; of many correct the p-values with stats.Adjust.
//
// The preference is one of users who saw both side by side. What it is worth, CompareVariants says of users who saw one.
// It costs what that costs; more than ten million users are stats.ErrFull.
func (e *Engine) CompareModels(ctx context.Context, variant string, period Period) ([]Duel, error) {
	if e.closed.Load() {
		return nil, ErrClosed
	}
	if err := period.validate(); err != nil {
		return nil, err
	}
	p := e.pipelines[variant]
	if p == nil || len(p.models) < 2 {
		return nil, fmt.Errorf("%w: the pages of variant %q are not mixed", ErrInvalid, variant)
	}
	credit := map[string][]float64{} // by user, by model
	err := e.scanPeriod(ctx, &period, func(in *store.Interaction) error {
		team := p.team(in.Variant)
		if team < 0 && (in.Kind != store.Impression || in.Variant != variant) {
			return nil
		}
		c := credit[in.User]
		if c == nil {
			if len(credit) == duelUsersMax {
				return fmt.Errorf("%w: %d", stats.ErrFull, duelUsersMax)
			}
			c = make([]float64, len(p.models))
			credit[in.User] = c
		}
		if team >= 0 {
			c[team] += float64(e.weights.of(in))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("recommend: compare models: %w", err)
	}
	var tally interleave.Tally
	for _, c := range credit {
		if err := tally.Add(c); err != nil {
			return nil, fmt.Errorf("recommend: compare models: %w", err)
		}
	}
	var duels []Duel
	for b := range p.models {
		for a := range b {
			duels = append(duels, Duel{p.models[a], p.models[b], tally.Duel(a, b)})
		}
	}
	return duels, nil
}

// team is the model whose mark it is, or -1.
func (p *pipeline) team(mark string) int {
	for i := range p.marks {
		if p.marks[i] == mark {
			return i
		}
	}
	return -1
}
