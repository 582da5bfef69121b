package growthbook

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// ExperimentResult is what a user gets of an experiment.
type ExperimentResult struct {
	Value        any // of the variation, as encoding/json has it; the first one's outside the experiment
	InExperiment bool
	VariationID  int    // index; 0 outside the experiment
	Key          string // of the variation
	Name         string // of the variation
	Passthrough  bool   // a holdout: evaluation went on to the next rule
	FeatureID    string // of the feature whose rule this is; empty for Run

	HashUsed         bool // assigned by hash or sticky bucket, so that it counts, rather than forced
	HashAttribute    string
	HashValue        any      // its value as the user has it, a string or a float64; "" when there is none
	Bucket           *float64 // the hash in [0, 1), when it was used
	StickyBucketUsed bool
	Bandit           *BanditAssignment // the contextual bandit's part in it
}

// Run evaluates an experiment for the user. The experiment is not changed.
func (p *Payload) Run(e *Experiment, user *User) ExperimentResult {
	copied := *e
	copied.Condition = ordered(e.Condition, 0)
	r := p.evaluate(user).run(&copied, "")
	r.Value = plain(r.Value)
	return r
}

// run evaluates the experiment, which overrides may change.
func (ev *evaluation) run(e *Experiment, featureID string) ExperimentResult {
	out := func(variation int) ExperimentResult { return ev.result(e, featureID, variation) }
	if len(e.Variations) < 2 || ev.opts.Disabled {
		return out(-1)
	}
	ev.override(e)
	if len(e.URLPatterns) > 0 && !targeted(ev.user.URL, e.URLPatterns) {
		return out(-1)
	}
	if i, ok := queryOverride(e.Key, ev.user.URL, len(e.Variations)); ok {
		return out(i)
	}
	if i, ok := ev.user.ForcedVariations[e.Key]; ok {
		return out(i)
	}
	if e.Status == "draft" || e.Active != nil && !*e.Active {
		return out(-1)
	}
	_, value := ev.hashValue(e.HashAttribute, ev.fallback(e))
	if value == "" {
		return out(-1)
	}
	assigned, blocked := -1, false
	sticks := ev.user.StickyBuckets != nil && !e.DisableStickyBucketing
	if sticks {
		assigned, blocked = ev.sticky(e)
	}
	stuck := assigned >= 0
	if !stuck && !ev.mayEnter(e, value) || e.URL != "" && !ev.urlMatches(e.URL) {
		return out(-1)
	}
	n, ok := hash(seedOf(e), value, cmp.Or(e.HashVersion, 1))
	if !ok {
		return out(-1)
	}
	if blocked {
		r := out(-1)
		r.StickyBucketUsed = true
		return r
	}
	if !stuck {
		assigned = chooseVariation(n, rangesOf(e))
	}
	switch {
	case assigned < 0:
		return out(-1)
	case e.Force != nil:
		return out(*e.Force)
	case ev.opts.QAMode || e.Status == "stopped":
		return out(-1)
	}
	r := out(assigned)
	r.HashUsed, r.Bucket, r.StickyBucketUsed = true, &n, stuck
	if r.InExperiment {
		r.Bandit = e.ContextualBandit
	}
	if sticks {
		ev.keep(e, &r, value)
	}
	if ev.user.OnExposure != nil {
		ev.user.OnExposure(ExposedTo{e, &r})
	}
	return r
}

func seedOf(e *Experiment) string {
	if e.Seed != "" {
		return e.Seed
	}
	return e.Key
}

func rangesOf(e *Experiment) []Range {
	if len(e.Ranges) > 0 {
		return e.Ranges
	}
	coverage := 1.0
	if e.Coverage != nil {
		coverage = *e.Coverage
	}
	return bucketRanges(len(e.Variations), coverage, e.Weights)
}

// mayEnter asks what a sticky bucket makes unnecessary: filters or namespace, condition, prerequisites and groups.
func (ev *evaluation) mayEnter(e *Experiment, value string) bool {
	if len(e.Filters) > 0 {
		if ev.filteredOut(e.Filters) {
			return false
		}
	} else if e.Namespace != nil && !e.Namespace.holds(value) {
		return false
	}
	if truthy(e.Condition) && !ev.groups.holds(ev.attributes, e.Condition) {
		return false
	}
	if ev.prerequisites(e.ParentConditions) != met {
		return false
	}
	return len(e.Groups) == 0 || slices.ContainsFunc(e.Groups, func(g string) bool {
		return slices.Contains(ev.user.Groups, g)
	})
}

// result describes a variation; one outside the list means that the user does not take part.
func (ev *evaluation) result(e *Experiment, featureID string, variation int) ExperimentResult {
	r := ExperimentResult{InExperiment: true, VariationID: variation, FeatureID: featureID}
	if variation < 0 || variation >= len(e.Variations) {
		r.InExperiment, r.VariationID = false, 0
	}
	if len(e.Variations) > 0 {
		r.Value = ordered(e.Variations[r.VariationID], 0)
	}
	if r.VariationID < len(e.Meta) {
		m := e.Meta[r.VariationID]
		r.Key, r.Name, r.Passthrough = m.Key, m.Name, m.Passthrough
	}
	if r.Key == "" {
		r.Key = strconv.Itoa(r.VariationID)
	}
	var value string
	if r.HashAttribute, value = ev.hashValue(e.HashAttribute, ev.fallback(e)); value != "" {
		r.HashValue = ev.attributes.get(r.HashAttribute)
	} else {
		r.HashValue = ""
	}
	return r
}

// override applies what the user's Overrides change.
func (ev *evaluation) override(e *Experiment) {
	fields, ok := ev.user.Overrides[e.Key]
	if !ok {
		return
	}
	o := asObject(ordered(fields, 0))
	from := readExperiment(o)
	for _, key := range o.keys {
		switch key {
		case "weights":
			e.Weights = from.Weights
		case "coverage":
			e.Coverage = from.Coverage
		case "condition":
			e.Condition = from.Condition
		case "groups":
			e.Groups = from.Groups
		case "force":
			e.Force = from.Force
		case "status":
			e.Status = from.Status
		case "active":
			e.Active = from.Active
		case "url":
			e.URL = from.URL
		case "urlPatterns":
			e.URLPatterns = from.URLPatterns
		case "hashVersion":
			e.HashVersion = from.HashVersion
		case "seed":
			e.Seed = from.Seed
		case "ranges":
			e.Ranges = from.Ranges
		case "namespace":
			e.Namespace = from.Namespace
		}
	}
	e.syncBandit()
}

func bucketKey(e *Experiment) string { return e.Key + "__" + strconv.Itoa(e.BucketVersion) }

// cutVersion splits what bucketKey joined; the version is -1 when there is none.
func cutVersion(key string) (experiment string, version int) {
	i := strings.LastIndex(key, "__")
	if i < 0 {
		return key, -1
	}
	version, err := strconv.Atoi(key[i+2:])
	if err != nil {
		return key, -1
	}
	return key[:i], version
}
