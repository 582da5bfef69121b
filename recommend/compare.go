package recommend

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/store"
)

// Period is a part of the log by Interaction.Time: from Since, before Until. A zero Until has no end.
type Period struct{ Since, Until time.Time }

func (p *Period) validate() error {
	if !p.Until.IsZero() && !p.Since.Before(p.Until) {
		return fmt.Errorf("%w: period until %v, since %v", ErrInvalid, p.Until, p.Since)
	}
	return nil
}

func (p *Period) has(t time.Time) bool {
	return !t.Before(p.Since) && (p.Until.IsZero() || t.Before(p.Until))
}

// Trial is what is to be compared: which variants, by what, and over which part of the log.
type Trial struct {
	// Arms are the variants, the control first, by their Variant and Weight; nothing else of them is looked at.
	// Weights all 0 mean an even share.
	Arms []stats.Arm

	// Period is when the experiment, or its present phase, ran. One that ran before may begin at any UTC midnight:
	// who is served afterwards is exposed anew.
	Period Period

	// Plan is what was decided beforehand. Plan.Experiment is the experiment's key; it may be empty when the engine has one
	// experiment, or none. Without Metrics they are the share of users who clicked, the purchases a user, and, not deciding, the
	// quantity bought a user, all adjusted by what the user did before; Outcomes must be nil then, and an empty Looking
	// means stats.Always, under which a look at any time is allowed.
	//
	// A metric with a Covariate is adjusted (CUPED) by the same outcomes of the same users from before their first
	// exposure, as far back as Before: what the treatment cannot have changed, and tells much of what they would have
	// done anyway.
	Plan   stats.Plan
	Before time.Duration // ahead of Period.Since, whose zero value counts all there is; 0 means 28 days

	// Outcomes say what the Plan's metrics are made of. A metric may have several, whose values add up.
	Outcomes []Outcome

	UsersMax int // exposed users held in memory, about 300 bytes each; 0 means ten million; more are stats.ErrFull
}

// Outcome makes interactions of one kind count for a metric.
type Outcome struct {
	Metric string                              // by its name in the plan
	Column int                                 // 0, or 1: what a stats.Ratio divides by
	Kind   store.Kind                          // of the interactions that count
	Value  func(in *store.Interaction) float64 // what one counts for; nil: 1. What is not finite is left out and reported
}

// CompareVariants says how the variants are doing, from the store's log: what the users of each arm did from their first
// exposure in the period on. The units are users; each counts for the variant that they were first exposed to, whatever
// variant their interactions are stamped with, and those who were exposed to a second arm are left out and counted.
// Exposures to other experiments, and to variants that are no arms, are passed over.
//
// An interaction counts when the log has it after its user's exposure and its Time is not earlier; what follows a page
// always stands after that page's exposure. The report is the same for the same log, on every engine.
//
// It reads the log once, at half a million interactions a second or more; ctx stops it. Who looks again and again keeps a
// [Comparison], which reads only what is new. A period, plan, arm or outcome that makes no sense is ErrInvalid before
// anything is read.
func (e *Engine) CompareVariants(ctx context.Context, t Trial) (*stats.Report, error) {
	c, err := e.Compare(t)
	if err != nil {
		return nil, err
	}
	return c.Report(ctx)
}

// Compare begins a comparison that can be looked at repeatedly.
func (e *Engine) Compare(t Trial) (*Comparison, error) {
	if e.life.over() {
		return nil, ErrClosed
	}
	if t.Plan.Experiment == "" && len(e.opts.Experiments) > 0 {
		if len(e.opts.Experiments) > 1 {
			return nil, fmt.Errorf("%w: trial of which of %d experiments?", ErrInvalid, len(e.opts.Experiments))
		}
		t.Plan.Experiment = e.opts.Experiments[0].Key()
	}
	run, err := newTrialRun(t)
	if err != nil {
		return nil, err
	}
	return &Comparison{engine: e, trial: t, run: run}, nil
}

// Comparison is a trial whose sums are kept from one look to the next. It is safe for concurrent use.
type Comparison struct {
	engine *Engine

	trial Trial

	mu    sync.Mutex
	run   *trialRun
	place store.Place // behind what has been read
	heard store.Place // up to where nobody has been forgotten without its being known
}

// Report reads what the log has since the last look, and says how the variants are doing, as CompareVariants does.
func (c *Comparison) Report(ctx context.Context) (*stats.Report, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.engine.life.over() {
		return nil, ErrClosed
	}
	if err := c.follow(ctx); err != nil {
		return nil, fmt.Errorf("recommend: compare variants: %w", err)
	}
	return c.run.report()
}

// follow takes in what is new. When the log has been trimmed of what might not have been heard, who was forgotten may be in the
// sums, and they are made anew.
func (c *Comparison) follow(ctx context.Context) (err error) {
	st := c.engine.store
	for {
		if c.place.IsZero() {
			if c.heard, err = st.Trimmed(ctx); err != nil {
				return err
			}
		}
		for entry, err := range st.Scan(ctx, c.place) {
			if err == nil {
				err = c.run.take(&entry)
			}
			if err != nil {
				return err
			}
			c.place = c.place.With(entry.Partition, entry.Position)
		}
		trimmed, err := st.Trimmed(ctx) // last, so that it tells of all that the scan has missed
		if err != nil {
			return err
		}
		if c.heard.Covers(trimmed) {
			c.heard = furthest(c.heard, c.place)
			return nil
		}
		if c.run, err = newTrialRun(c.trial); err != nil {
			return err
		}
		c.place = store.Place{}
	}
}
