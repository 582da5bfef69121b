package recommend

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// Trial is what CompareVariants is to compare: which variants, by what, and over which part of the log.
type Trial struct {
	// Arms are the variants, the control first, by their Variant and Weight; nothing else of them is looked at.
	// Weights all 0 mean an even share.
	Arms []stats.Arm

	// Period is when the experiment, or its present phase, ran. One that ran before may begin at any UTC midnight:
	// who is served afterwards is exposed anew.
	Period Period

	// Plan is what was decided beforehand. Without Metrics they are the share of users who clicked, the purchases a
	// user, and, not deciding, the quantity bought a user; Outcomes must be nil then, and an empty Looking means
	// stats.Always, under which a look at any time is allowed. An empty Experiment means the Assigner's Key, if it
	// has one.
	Plan stats.Plan

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
// Exposures to variants that are no arms are passed over.
//
// An interaction counts when the log has it after its user's exposure and its Time is not earlier; what follows a page
// always stands after that page's exposure. The report is the same for the same log, after a restart too.
//
// It reads the log once, at half a million interactions a second or more; ctx stops it. A period, plan, arm or outcome that
// makes no sense is ErrInvalid before anything is read.
func (e *Engine) CompareVariants(ctx context.Context, t Trial) (*stats.Report, error) {
	if e.closed.Load() {
		return nil, ErrClosed
	}
	if keyed, ok := e.opts.Experiment.(interface{ Key() string }); ok && t.Plan.Experiment == "" {
		t.Plan.Experiment = keyed.Key()
	}
	run, err := newTrialRun(t)
	if err != nil {
		return nil, err
	}
	if err := e.scanPeriod(ctx, &t.Period, run.take); err != nil {
		return nil, fmt.Errorf("recommend: compare variants: %w", err)
	}
	return run.report()
}

// scanPeriod hands the log's interactions of the period on, in log order.
func (e *Engine) scanPeriod(ctx context.Context, p *Period, take func(*store.Interaction) error) error {
	for entry, err := range e.store.Scan(ctx, 0) {
		if err == nil && p.has(entry.Interaction.Time) {
			err = take(&entry.Interaction)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// trialRun is one reading of the log for a trial.
type trialRun struct {
	arms      map[string]int // by variant
	outcomes  []Outcome
	columns   [][]float64 // of each outcome, to hand to the collector
	collector *stats.Collector
	exposed   map[string]firstExposure // by user
	strays    int64                    // interactions stamped with another arm than their user's
}

type firstExposure struct {
	time int64 // Unix microseconds
	arm  int
}

func newTrialRun(t Trial) (*trialRun, error) {
	if err := t.Period.validate(); err != nil {
		return nil, err
	}
	if len(t.Plan.Metrics) == 0 {
		if len(t.Outcomes) > 0 {
			return nil, fmt.Errorf("%w: trial with outcomes of no metrics", ErrInvalid)
		}
		t.setDefaults()
	}
	arms := slices.Clone(t.Arms)
	if !slices.ContainsFunc(arms, func(a stats.Arm) bool { return a.Weight != 0 }) {
		for i := range arms {
			arms[i].Weight = 1
		}
	}
	c, err := stats.NewCollector(t.Plan, arms, t.UsersMax)
	if err == nil {
		_, err = c.Report() // of nothing: what is wrong with the plan shows before the log is read
	}
	if err != nil {
		return nil, fmt.Errorf("%w: trial: %w", ErrInvalid, err)
	}
	run := &trialRun{
		arms: make(map[string]int, len(arms)), outcomes: t.Outcomes, collector: c, exposed: map[string]firstExposure{},
	}
	for i, a := range arms {
		run.arms[a.Variant] = i
	}
	return run, run.prepare(t.Plan.Metrics)
}

func (t *Trial) setDefaults() {
	t.Plan.Metrics = []stats.Metric{
		{Name: "clicked", Kind: stats.Proportion}, {Name: "purchases"}, {Name: "quantity", Secondary: true},
	}
	t.Outcomes = []Outcome{
		{Metric: "clicked", Kind: store.Click}, {Metric: "purchases", Kind: store.Purchase},
		{Metric: "quantity", Kind: store.Purchase, Value: quantity},
	}
	if t.Plan.Looking == "" {
		t.Plan.Looking = stats.Always
	}
}

// quantity is that of a purchase; one that does not say is of one.
func quantity(in *store.Interaction) float64 {
	if in.Value == 0 {
		return 1
	}
	return in.Value
}

// prepare checks that outcomes and metrics go together.
func (r *trialRun) prepare(metrics []stats.Metric) error {
	fed := map[string]bool{}
	for _, o := range r.outcomes {
		i := slices.IndexFunc(metrics, func(m stats.Metric) bool { return m.Name == o.Metric })
		switch {
		case i < 0:
			return fmt.Errorf("%w: outcome of metric %q, which the plan does not have", ErrInvalid, o.Metric)
		case !o.Kind.Valid():
			return fmt.Errorf("%w: outcome of metric %q of kind %d", ErrInvalid, o.Metric, o.Kind)
		case o.Column < 0 || o.Column >= metrics[i].Columns():
			return fmt.Errorf("%w: outcome in column %d of metric %q", ErrInvalid, o.Column, o.Metric)
		}
		fed[o.Metric] = true
		r.columns = append(r.columns, make([]float64, metrics[i].Columns()))
	}
	for _, m := range metrics {
		if !fed[m.Name] {
			return fmt.Errorf("%w: metric %q without an outcome", ErrInvalid, m.Name)
		}
		if m.Covariate {
			return fmt.Errorf("%w: metric %q has a covariate, which a trial does not gather", ErrInvalid, m.Name)
		}
	}
	return nil
}

// take takes in the next interaction of the period.
func (r *trialRun) take(in *store.Interaction) error {
	arm, isArm := r.arms[in.Variant]
	first, exposed := r.exposed[in.User]
	if isArm && in.Kind == store.Impression {
		if err := r.collector.Expose(in.User, in.Variant); err != nil {
			return err
		}
		if !exposed {
			first, exposed = firstExposure{in.Time.UnixMicro(), arm}, true
			r.exposed[in.User] = first
		}
	}
	if !exposed || in.Time.UnixMicro() < first.time {
		return nil
	}
	if isArm && arm != first.arm && in.Kind != store.Impression {
		r.strays++
	}
	for i, o := range r.outcomes {
		if o.Kind != in.Kind {
			continue
		}
		value := 1.0
		if o.Value != nil {
			value = o.Value(in)
		}
		r.columns[i][o.Column] = value
		// What is not finite is counted by the collector; nothing else can be wrong here.
		if err := r.collector.Observe(in.User, o.Metric, r.columns[i]...); err != nil && !errors.Is(err, stats.ErrInvalid) {
			return err
		}
	}
	return nil
}

func (r *trialRun) report() (*stats.Report, error) {
	report, err := r.collector.Report()
	if err != nil {
		return nil, fmt.Errorf("recommend: compare variants: %w", err)
	}
	if r.strays > 0 {
		report.Problems = append(report.Problems,
			fmt.Sprintf("%d interactions are stamped with another variant than the one their user was first exposed to", r.strays))
	}
	return report, nil
}
