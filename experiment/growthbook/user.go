package growthbook

import (
	"maps"
	"slices"
)

// User is whom a payload is evaluated for. It may be used by one evaluation at a time; the zero value is a stranger.
type User struct {
	Attributes       map[string]any // strings, numbers, bools, lists and maps of them
	URL              string         // of the page; "?my-experiment=1" in it forces a variation
	ForcedVariations map[string]int // experiment key → index
	Groups           []string
	RemoteGroups     []string // ids of the remote saved groups that the user is in; nil: as the attributes say

	// Overrides changes experiments by key: the fields of a payload's experiment, as encoding/json has them.
	Overrides map[string]map[string]any

	StickyBuckets StickyBuckets   // keeps users in their first variation; nil: the hash decides anew
	OnExposure    func(ExposedTo) // told of each experiment that the user takes part in by hash; nil: nobody
}

// ExposedTo is an experiment that the user takes part in, and how.
type ExposedTo struct {
	Experiment *Experiment
	Result     *ExperimentResult
}

// evaluation is one call for one user.
type evaluation struct {
	*Payload
	user       *User
	attributes *known
	stack      []string // features under evaluation, to notice cycles
	steps      int      // features evaluated, to bound what prerequisites cost
}

// featuresMax bounds how many features one evaluation may look at through prerequisites.
const featuresMax = 10_000

func (p *Payload) evaluate(user *User) *evaluation {
	return &evaluation{Payload: p, user: user, attributes: &known{p.globals, user}}
}

// known is a user's attributes before they are JSON values: each is read when a condition asks for it.
type known struct {
	globals *object
	user    *User
}

// get returns the attribute as a JSON value, nil when there is none. The user's own win over those of all.
func (k *known) get(name string) any {
	if name == remoteGroups && k.user.RemoteGroups != nil {
		return ordered(k.user.RemoteGroups, 0)
	}
	if v, ok := k.user.Attributes[name]; ok {
		return ordered(v, 0)
	}
	return k.globals.get(name)
}

// hashValue returns the attribute whose value identifies the user, and that value; empty when the user has neither.
// Only texts that are not empty and numbers that are finite and not zero identify anybody.
func (ev *evaluation) hashValue(attribute, fallback string) (name, value string) {
	if attribute == "" {
		attribute = "id"
	}
	if value := identity(ev.attributes.get(attribute)); value != "" || fallback == "" {
		return attribute, value
	}
	if value := identity(ev.attributes.get(fallback)); value != "" {
		return fallback, value
	}
	return attribute, ""
}

func identity(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		if s := number(v); v != 0 && v-v == 0 { // finite
			return s
		}
	}
	return ""
}

// StickyBuckets keeps which variation users got first. Implementations are safe for concurrent use.
type StickyBuckets interface {
	// Assignments returns what is kept for the value of an attribute: experiment key and bucket version → variation
	// key; nil when there is nothing. The evaluation does not change the map.
	Assignments(attribute, value string) map[string]string

	// Save replaces what is kept for the value of the attribute.
	Save(attribute, value string, assignments map[string]string)
}

// assignments merges what is kept for the user's hash attribute with what is kept for the fallback; the former wins.
func (ev *evaluation) assignments(e *Experiment) map[string]string {
	name, value := ev.hashValue(e.HashAttribute, "")
	merged := ev.user.StickyBuckets.Assignments(name, value)
	if e.FallbackAttribute == "" {
		return merged
	}
	_, value = ev.hashValue(e.FallbackAttribute, "")
	fallback := maps.Clone(ev.user.StickyBuckets.Assignments(e.FallbackAttribute, value))
	if fallback == nil {
		return merged
	}
	maps.Copy(fallback, merged)
	return fallback
}

// sticky returns the index of the kept variation, or -1, and whether an earlier bucket version keeps the user out.
func (ev *evaluation) sticky(e *Experiment) (variation int, blocked bool) {
	kept := ev.assignments(e)
	for key := range kept { // walked rather than counted up, since MinBucketVersion may be enormous
		name, version := cutVersion(key)
		if name == e.Key && version >= 0 && version < e.MinBucketVersion {
			return -1, true
		}
	}
	key := kept[bucketKey(e)]
	if key == "" {
		return -1, false
	}
	return slices.IndexFunc(e.Meta, func(m VariationMeta) bool { return m.Key == key }), false
}

// keep saves the variation under the attribute that the user was hashed by, unless it is there.
func (ev *evaluation) keep(e *Experiment, r *ExperimentResult, value string) {
	kept := ev.user.StickyBuckets.Assignments(r.HashAttribute, value)
	if kept[bucketKey(e)] == r.Key {
		return
	}
	next := maps.Clone(kept)
	if next == nil {
		next = make(map[string]string, 1)
	}
	next[bucketKey(e)] = r.Key
	ev.user.StickyBuckets.Save(r.HashAttribute, value, next)
}
