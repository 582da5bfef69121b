package recommend

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/store"
)

// trialRun is a reading of the log for a trial.
type trialRun struct {
	experiment string
	arms       map[string]int // by variant
	period     Period
	from       time.Time // of what counts as before
	outcomes   []Outcome
	metrics    []int // of each outcome, in the plan
	plan       []stats.Metric
	collector  *stats.Collector
	exposed    map[string]firstExposure // by user
	before     map[string][]float64     // sums of each outcome of users who are not exposed (yet); nil: no metric asks
	beforeMax  int
	strays     int64 // interactions stamped with another arm than their user's
}

type firstExposure struct {
	time int64 // Unix microseconds
	arm  int
}

const trialBefore = 28 * 24 * time.Hour

func newTrialRun(t Trial) (*trialRun, error) {
	if err := t.Period.validate(); err != nil {
		return nil, err
	}
	if t.Before < 0 {
		return nil, fmt.Errorf("%w: trial looks back %v", ErrInvalid, t.Before)
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
		experiment: t.Plan.Experiment, arms: make(map[string]int, len(arms)), period: t.Period, outcomes: t.Outcomes,
		plan: t.Plan.Metrics, collector: c, exposed: map[string]firstExposure{}, beforeMax: 4 * max(t.UsersMax, 10_000_000),
	}
	if !t.Period.Since.IsZero() {
		run.from = t.Period.Since.Add(-cmp.Or(t.Before, trialBefore))
	}
	for i, a := range arms {
		run.arms[a.Variant] = i
	}
	return run, run.prepare()
}

func (t *Trial) setDefaults() {
	t.Plan.Metrics = []stats.Metric{
		{Name: "clicked", Kind: stats.Proportion, Covariate: true}, {Name: "purchases", Covariate: true},
		{Name: "quantity", Covariate: true, Secondary: true},
	}
	t.Outcomes = []Outcome{
		{Metric: "clicked", Kind: store.Click}, {Metric: "purchases", Kind: store.Purchase, Value: sold},
		{Metric: "quantity", Kind: store.Purchase, Value: bought},
	}
	if t.Plan.Looking == "" {
		t.Plan.Looking = stats.Always
	}
}

// bought is the quantity of a purchase; one that does not say is of one, a return is below zero.
func bought(in *store.Interaction) float64 {
	if in.Value == 0 {
		return 1
	}
	return in.Value
}

// sold is 1 for a purchase, and takes a return back.
func sold(in *store.Interaction) float64 {
	if in.Value < 0 {
		return -1
	}
	return 1
}

// prepare checks that outcomes and metrics go together.
func (r *trialRun) prepare() error {
	fed := map[string]bool{}
	for _, o := range r.outcomes {
		i := slices.IndexFunc(r.plan, func(m stats.Metric) bool { return m.Name == o.Metric })
		switch {
		case i < 0:
			return fmt.Errorf("%w: outcome of metric %q, which the plan does not have", ErrInvalid, o.Metric)
		case !o.Kind.Valid():
			return fmt.Errorf("%w: outcome of metric %q of kind %d", ErrInvalid, o.Metric, o.Kind)
		case o.Column < 0 || o.Column >= own(r.plan[i]):
			return fmt.Errorf("%w: outcome in column %d of metric %q", ErrInvalid, o.Column, o.Metric)
		}
		fed[o.Metric] = true
		r.metrics = append(r.metrics, i)
	}
	for _, m := range r.plan {
		if !fed[m.Name] {
			return fmt.Errorf("%w: metric %q without an outcome", ErrInvalid, m.Name)
		}
		if m.Covariate && r.before == nil {
			r.before = map[string][]float64{}
		}
	}
	return nil
}

// own is how many columns a metric has without its covariate's.
func own(m stats.Metric) int {
	m.Covariate = false
	return m.Columns()
}

// take takes in the next entry of the log.
func (r *trialRun) take(entry *store.Entry) error {
	in := &entry.Interaction
	switch entry.Fact {
	case store.Forgotten:
		r.collector.Remove(in.User)
		delete(r.exposed, in.User)
		delete(r.before, in.User)
	case store.Exposed:
		if arm, ok := r.arms[in.Variant]; ok && in.Experiment == r.experiment && r.period.has(in.Time) {
			return r.expose(in, arm)
		}
	case store.Interacted:
		return r.observe(in)
	}
	return nil
}

func (r *trialRun) expose(in *store.Interaction, arm int) error {
	if err := r.collector.Expose(in.User, in.Variant); err != nil {
		return err
	}
	if _, exposed := r.exposed[in.User]; exposed {
		return nil
	}
	r.exposed[in.User] = firstExposure{in.Time.UnixMicro(), arm}
	for i, sum := range r.before[in.User] {
		if m := r.plan[r.metrics[i]]; m.Covariate {
			if err := r.count(in.User, i, own(m), sum); err != nil {
				return err
			}
		}
	}
	delete(r.before, in.User)
	return nil
}

func (r *trialRun) observe(in *store.Interaction) error {
	first, exposed := r.exposed[in.User]
	if !exposed {
		r.remember(in)
		return nil
	}
	if !r.period.has(in.Time) || in.Time.UnixMicro() < first.time {
		return nil
	}
	if arm, ok := r.arms[in.Variant]; ok && in.Experiment == r.experiment && arm != first.arm {
		r.strays++
	}
	for i, o := range r.outcomes {
		if o.Kind == in.Kind {
			if err := r.count(in.User, i, 0, o.value(in)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *Outcome) value(in *store.Interaction) float64 {
	if o.Value == nil {
		return 1
	}
	return o.Value(in)
}

// remember adds what a user did before an exposure, in case that comes.
func (r *trialRun) remember(in *store.Interaction) {
	if r.before == nil || in.Time.Before(r.from) {
		return
	}
	sums := r.before[in.User]
	for i, o := range r.outcomes {
		if o.Kind != in.Kind {
			continue
		}
		if sums == nil {
			if len(r.before) == r.beforeMax {
				return
			}
			sums = make([]float64, len(r.outcomes))
			r.before[in.User] = sums
		}
		sums[i] += o.value(in)
	}
}

// count adds a value to the columns of an outcome's metric: its own, or from so many on.
func (r *trialRun) count(user string, outcome, from int, value float64) error {
	var columns [4]float64
	m := r.plan[r.metrics[outcome]]
	columns[from+r.outcomes[outcome].Column] = value
	// What is not finite is counted by the collector; nothing else can be wrong here.
	err := r.collector.Observe(user, m.Name, columns[:m.Columns()]...)
	if errors.Is(err, stats.ErrInvalid) {
		return nil
	}
	return err
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
