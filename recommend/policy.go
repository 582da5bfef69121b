package recommend

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/goldrec/gold/experiment/interleave"
	"github.com/goldrec/gold/recommend/source"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// Policy says how pages are made, and which.
type Policy struct {
	// Where it applies: to users whose variant of the experiment this is, at this placement. Empty ones leave it open; a
	// Variant without an Experiment is one of the only experiment.
	Experiment, Variant, Placement string

	// Parts are the models of the blend, by name, whose learned weights count; nil: all of them; empty: none, so that the
	// page is what the sources propose. Trending, which is no model, may be the only one.
	Parts []string
	// Interleave mixes the pages that the Parts, at least two, would give each on its own by team draft, in place of
	// blending their scores, for CompareModels. Trending may be among them.
	Interleave bool

	Sources []stage.Source // propose beside the parts
	Stages  []stage.Stage  // change the ranked list, in this order; nil: those of DefaultPolicy; empty: none
	Fill    []stage.Source // asked in this order while the page is short; nil: Trending and then Any
	Depth   int            // candidates gathered for each place of the page when a stage has something to do; 0: 5
	Seen    *stage.Seen    // when what the user has met may come again; nil: never
}

// DefaultPolicy is how a page is made when nothing else is said: all parts, and stated preferences heeded.
func DefaultPolicy() Policy {
	return Policy{Stages: []stage.Stage{&stage.Preferences{}}}
}

// Names of sources that are not models.
const (
	// Trending is what is popular at the moment, whoever asks.
	Trending = "trending"
	// Any is whatever may be shown, in the order in which the catalogue met it.
	Any = "any"
	// Blended is what the parts proposed together.
	Blended = "blend"
)

func isSourceName(name string) bool { return name == Trending || name == Any || name == Blended }

const depthMax = 100

// plan is a policy ready to be followed.
type plan struct {
	Policy
	id         uint64   // tells cached pages of different plans apart
	experiment int      // index into Options.Experiments; -1: any
	rule       int      // of policies.rules; -1: all that was met is hidden for ever
	names      []string // of where candidates come from, by Candidate.Source: teams, then sources, then fillers
	plain      bool     // strangers without a profile get what is trending, all the same
	teams      []string // each makes a ranking: the parts of an interleaved page, else Blended or a part on its own
}

// policies is the plans of an engine.
type policies struct {
	experiments []Assigner
	forced      []forcer // by experiment; nil: nobody is
	plans       []*plan
	fallback    *plan
	models      map[string]*plan // for Request.Model
	profiled    bool             // a plan has stages or sources that may ask for the profile
	rules       rules            // what the plans' Seen hide
	made        uint64           // plans
}

// newPolicies checks the policies and makes plans of them.
func newPolicies(o *Options) (*policies, error) {
	if len(o.Experiments) > experimentsMax {
		return nil, fmt.Errorf("%w: %d experiments, more than %d", ErrInvalid, len(o.Experiments), experimentsMax)
	}
	p := &policies{experiments: o.Experiments, models: map[string]*plan{}}
	for i, x := range o.Experiments {
		if x == nil || x.Key() == "" || len(x.Variants()) == 0 {
			return nil, fmt.Errorf("%w: experiment %d of %d is nil, without a key, or there is none of its key", ErrInvalid, i+1, len(o.Experiments))
		}
		if slices.ContainsFunc(o.Experiments[:i], func(y Assigner) bool { return y.Key() == x.Key() }) {
			return nil, fmt.Errorf("%w: experiment %q is there twice", ErrInvalid, x.Key())
		}
		f, _ := x.(forcer)
		p.forced = append(p.forced, f)
	}
	for i := range o.Policies {
		pl, err := p.plan(o, o.Policies[i])
		if err != nil {
			return nil, fmt.Errorf("%w: policy %d of %d: %w", ErrInvalid, i+1, len(o.Policies), err)
		}
		p.plans = append(p.plans, pl)
	}
	fallback, err := p.plan(o, DefaultPolicy())
	if err != nil {
		return nil, err
	}
	p.fallback = fallback
	names := []string{Trending}
	for _, t := range o.Trainers {
		names = append(names, t.Name())
	}
	for _, name := range names {
		if p.models[name], err = p.plan(o, Policy{Parts: []string{name}, Stages: []stage.Stage{}}); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// plan checks one policy.
func (p *policies) plan(o *Options, policy Policy) (*plan, error) {
	pl := &plan{Policy: policy, experiment: -1}
	if pl.Stages == nil {
		pl.Stages = DefaultPolicy().Stages
	}
	if err := p.where(pl); err != nil {
		return nil, err
	}
	if err := pl.what(o); err != nil {
		return nil, err
	}
	for _, s := range pl.Stages {
		if err := checked(s); err != nil {
			return nil, fmt.Errorf("stage %T: %w", s, err)
		}
	}
	for _, s := range slices.Concat(pl.Sources, pl.Fill) {
		if err := checked(s); err != nil {
			return nil, fmt.Errorf("source %T: %w", s, err)
		}
	}
	if pl.rule = -1; pl.Seen != nil {
		if err := checked(pl.Seen); err != nil {
			return nil, fmt.Errorf("seen: %w", err)
		}
		pl.rule = p.rules.add(pl.Seen, o.Catalog)
	}
	if pl.Depth = cmp.Or(pl.Depth, 5); pl.Depth < 0 || pl.Depth > depthMax {
		return nil, fmt.Errorf("depth %d, not from 0 to %d", pl.Depth, depthMax)
	}
	p.profiled = p.profiled || len(pl.Stages)+len(pl.Sources) > 0
	p.made++
	pl.id = mix64(p.made)
	return pl, nil
}

func checked(part any) error {
	if part == nil {
		return fmt.Errorf("nil")
	}
	if c, ok := part.(stage.Checked); ok {
		return c.Validate()
	}
	return nil
}

// where checks the names that say where a policy applies.
func (p *policies) where(pl *plan) error {
	if err := store.ValidateID("placement", pl.Placement); err != nil {
		return err
	}
	if pl.Experiment == "" && pl.Variant == "" {
		return nil
	}
	if pl.Experiment == "" && len(p.experiments) != 1 {
		return fmt.Errorf("variant %q of which of %d experiments?", pl.Variant, len(p.experiments))
	}
	pl.experiment = slices.IndexFunc(p.experiments, func(x Assigner) bool { return pl.Experiment == "" || x.Key() == pl.Experiment })
	if pl.experiment < 0 {
		return fmt.Errorf("there is no experiment %q", pl.Experiment)
	}
	x := p.experiments[pl.experiment]
	pl.Experiment = x.Key()
	if pl.Variant != "" && !slices.Contains(x.Variants(), pl.Variant) {
		return fmt.Errorf("experiment %q has no variant %q, only %q", x.Key(), pl.Variant, x.Variants())
	}
	return nil
}

// what checks the names of parts and says what makes the rankings.
func (pl *plan) what(o *Options) error {
	for i, name := range pl.Parts {
		known := name == Trending && (pl.Interleave || len(pl.Parts) == 1)
		for _, t := range o.Trainers {
			known = known || t.Name() == name
		}
		if !known || slices.Contains(pl.Parts[:i], name) {
			return fmt.Errorf("part %q is no trainer's, or there twice", name)
		}
	}
	switch {
	case pl.Interleave && (len(pl.Parts) < 2 || len(pl.Parts) > interleave.RankersMax):
		return fmt.Errorf("%d parts to interleave, not 2 to %d", len(pl.Parts), interleave.RankersMax)
	case pl.Interleave || len(pl.Parts) == 1:
		pl.teams = pl.Parts
	default:
		pl.teams = []string{Blended}
	}
	return nil
}

// bind gives the plans the engine's own sources, and every source a number.
func (p *policies) bind(e *Engine) {
	fill := []stage.Source{trendingSource{e}, source.Any{}}
	bind := func(pl *plan) {
		if pl.Fill == nil {
			pl.Fill, pl.plain = fill, len(pl.Sources) == 0 && !pl.Interleave && !slices.ContainsFunc(pl.Stages, personal)
		}
		pl.names = slices.Clone(pl.teams)
		for _, s := range slices.Concat(pl.Sources, pl.Fill) {
			pl.names = append(pl.names, s.Name())
		}
		for _, name := range []string{Blended, Trending} { // for what stands in, and for what is to be ranked and unknown
			if !slices.Contains(pl.names, name) {
				pl.names = append(pl.names, name)
			}
		}
	}
	for _, pl := range p.plans {
		bind(pl)
	}
	for _, pl := range p.models {
		bind(pl)
	}
	bind(p.fallback)
}

// personal reports whether a stage may have something to do for a stranger without a profile.
func personal(s stage.Stage) bool {
	_, ok := s.(*stage.Preferences)
	return !ok
}
