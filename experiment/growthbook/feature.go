package growthbook

import (
	"cmp"
	"slices"
)

// Source says where a feature's value comes from.
type Source string

// The sources.
const (
	DefaultValue        Source = "defaultValue"
	Forced              Source = "force"
	FromExperiment      Source = "experiment"
	FromOverride        Source = "override"           // Options.ForcedFeatures
	UnknownFeature      Source = "unknownFeature"     // no value
	FailedPrerequisite  Source = "prerequisite"       // no value
	CyclicPrerequisites Source = "cyclicPrerequisite" // no value
)

// FeatureResult is a feature's value for a user.
type FeatureResult struct {
	Value  any  // as encoding/json has it; nil when there is none
	On     bool // the value is not null, false, 0 or the empty string
	Source Source
	RuleID string

	Experiment       *Experiment       // with FromExperiment
	ExperimentResult *ExperimentResult // with FromExperiment
}

// Feature evaluates the feature for the user. An unknown one has no value.
func (p *Payload) Feature(key string, user *User) FeatureResult {
	r := p.evaluate(user).feature(key)
	r.Value = plain(r.Value)
	return r
}

// result makes a FeatureResult; its value is a JSON value until Feature returns it.
func result(value any, source Source, ruleID string) FeatureResult {
	return FeatureResult{Value: value, On: truthy(value), Source: source, RuleID: ruleID}
}

func (ev *evaluation) feature(key string) FeatureResult {
	if v, ok := ev.opts.ForcedFeatures[key]; ok {
		return result(ordered(v, 0), FromOverride, "")
	}
	f := ev.features[key]
	if f == nil {
		return result(nil, UnknownFeature, "")
	}
	if ev.steps++; slices.Contains(ev.stack, key) || ev.steps > featuresMax {
		return result(nil, CyclicPrerequisites, "")
	}
	ev.stack = append(ev.stack, key)
	defer func() { ev.stack = ev.stack[:len(ev.stack)-1] }()
	for _, r := range f.rules {
		if out, applies := ev.rule(key, r); applies {
			return out
		}
	}
	return result(f.defaultValue, DefaultValue, "")
}

// rule evaluates one rule; applies is false when the next one is to be tried.
func (ev *evaluation) rule(key string, r *rule) (out FeatureResult, applies bool) {
	switch ev.prerequisites(r.ParentConditions) {
	case gateClosed:
		return result(nil, FailedPrerequisite, ""), true
	case cyclic:
		return result(nil, CyclicPrerequisites, ""), true
	case notMet:
		return out, false
	}
	if truthy(r.Condition) && !ev.groups.holds(ev.attributes, r.Condition) || ev.filteredOut(r.Filters) {
		return out, false
	}
	if r.hasForce {
		if !ev.rolledOut(key, r) {
			return out, false
		}
		return result(r.force, Forced, r.id), true
	}
	if r.Variations == nil {
		return out, false
	}
	e := r.Experiment
	e.ParentConditions = nil // they hold
	if e.ContextualBanditRef != "" {
		ev.routeBandit(&e)
	}
	er := ev.run(&e, key)
	if e.ContextualBandit != nil && !(er.HashUsed && er.InExperiment) {
		e.ContextualBandit = nil
	}
	if !er.InExperiment || er.Passthrough {
		return out, false
	}
	out = result(er.Value, FromExperiment, r.id)
	er.Value = plain(er.Value)
	out.Experiment, out.ExperimentResult = &e, &er
	return out, true
}

// rolledOut reports whether a forced value reaches the user.
func (ev *evaluation) rolledOut(key string, r *rule) bool {
	if r.valueRange == nil && r.coverage == nil {
		return true
	}
	if r.valueRange == nil && *r.coverage == 0 {
		return false
	}
	n, ok := ev.position(&r.Experiment, key)
	if !ok {
		return false
	}
	if r.valueRange != nil {
		return r.valueRange.holds(n)
	}
	return n < *r.coverage
}

// position hashes the user for a forced value.
func (ev *evaluation) position(e *Experiment, key string) (n float64, ok bool) {
	_, value := ev.hashValue(e.HashAttribute, ev.fallback(e))
	if value == "" {
		return 0, false
	}
	seed := e.Seed
	if seed == "" {
		seed = key
	}
	return hash(seed, value, cmp.Or(e.HashVersion, 1))
}

// fallback is the attribute tried when the hash attribute is missing; only sticky buckets make that safe.
func (ev *evaluation) fallback(e *Experiment) string {
	if ev.user.StickyBuckets == nil || e.DisableStickyBucketing {
		return ""
	}
	return e.FallbackAttribute
}

// filteredOut reports whether the user is outside the ranges of any filter.
func (ev *evaluation) filteredOut(filters []Filter) bool {
	for i := range filters {
		f := &filters[i]
		_, value := ev.hashValue(f.Attribute, "")
		if value == "" {
			return true
		}
		version := f.HashVersion
		if version == 0 {
			version = 2
		}
		n, ok := hash(f.Seed, value, version)
		if !ok || chooseVariation(n, f.Ranges) < 0 {
			return true
		}
	}
	return false
}

// gate is the outcome of prerequisites.
type gate uint8

const (
	met gate = iota
	notMet
	gateClosed
	cyclic
)

func (ev *evaluation) prerequisites(parents []ParentCondition) gate {
	for i := range parents {
		p := &parents[i]
		parent := ev.feature(p.ID)
		if parent.Source == CyclicPrerequisites {
			return cyclic
		}
		value, condition := newObject(), ordered(p.Condition, 0)
		value.set("value", parent.Value)
		if truthy(condition) && !ev.groups.holds(value, condition) {
			if p.Gate {
				return gateClosed
			}
			return notMet
		}
	}
	return met
}
