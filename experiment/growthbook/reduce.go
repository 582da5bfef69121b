package growthbook

import (
	"slices"
	"strings"
)

// Filters select features and experiments by their metadata. Each holds when the metadata has any of the values; a
// filter that is nil is not asked.
type Filters struct {
	Projects     []string
	Tags         []string
	CustomFields map[string][]any
}

// ReduceOptions says what is known when a payload is reduced.
type ReduceOptions struct {
	Attributes map[string]any // what is known of the user; every other attribute is unknown
	Include    Filters        // keep only what matches all of them
	Exclude    Filters        // keep nothing that matches any of them

	// Prerequisites says what becomes of a prerequisite that the filters remove. The zero value keeps it.
	Prerequisites PrerequisitePolicy
}

// PrerequisitePolicy says what becomes of prerequisites that filters remove.
type PrerequisitePolicy uint8

const (
	KeepPrerequisites   PrerequisitePolicy = iota // kept with what needs them
	FilterPrerequisites                           // removed, holdouts excepted
)

// Reduce returns the JSON of a smaller payload that evaluates the same for every user who agrees with the known
// attributes: conditions that are decided are removed, and so is what the filters do not keep and what nothing refers
// to any more.
func (p *Payload) Reduce(opts ReduceOptions) ([]byte, error) {
	known := asObject(ordered(opts.Attributes, 0))
	return p.reduce(known, opts).MarshalJSON()
}

// reducer makes one reduced payload.
type reducer struct {
	groups   *groups
	known    *object
	opts     ReduceOptions
	all      *object // features
	features *object // kept so far
}

func (p *Payload) reduce(known *object, opts ReduceOptions) *object {
	if known == nil {
		known = newObject()
	}
	r := &reducer{&p.groups, known, opts, asObject(p.root.get("features")), newObject()}
	if r.all != nil {
		for _, id := range r.all.keys {
			if r.matches(metadata(r.all.values[id])) {
				r.addFeature(id)
			}
		}
	}
	experiments := []any{}
	for _, e := range asList(p.root.get("experiments")) {
		if o := asObject(e); o != nil && r.matches(metadata(o)) {
			experiments = append(experiments, r.pruneItem(o, false))
		}
	}
	for _, e := range experiments {
		r.addParents(asObject(e))
	}
	r.inPayloadOrder()
	bandits := r.bandits(asObject(p.root.get("contextualBandits")), experiments)
	out := p.root.clone()
	out.set("features", r.features)
	out.set("experiments", experiments)
	out.set("savedGroups", r.savedGroups([]any{r.features, experiments, bandits}))
	out.delete("contextualBandits")
	if truthy(p.root.get("contextualBandits")) {
		out.set("contextualBandits", bandits)
	}
	return out
}

func metadata(item any) *object { return asObject(asObject(item).get("metadata")) }

// inPayloadOrder puts the features, which prerequisites have brought in, back into their order.
func (r *reducer) inPayloadOrder() {
	kept := newObject()
	if r.all != nil {
		for _, id := range r.all.keys {
			if r.features.has(id) {
				kept.set(id, r.features.values[id])
			}
		}
	}
	r.features = kept
}

// pruneItem reduces a rule or an experiment. One whose condition never holds stays, since sticky buckets and forced
// variations skip the condition; only the value of such a force rule can never be seen.
func (r *reducer) pruneItem(item *object, isRule bool) *object {
	out := item.clone()
	if !truthy(item.get("condition")) {
		return out
	}
	switch left := r.groups.prune(r.known, item.get("condition"), nil); left {
	case true:
		out.delete("condition")
	case false:
		never := newObject()
		never.set("$not", newObject())
		out.set("condition", never)
		if isRule && item.has("force") {
			out.set("force", nil)
		}
	default:
		out.set("condition", left)
	}
	return out
}

// addFeature keeps a feature and what its rules need. It is stored before its parents are, so that a cycle ends.
func (r *reducer) addFeature(id string) {
	pending := []string{id}
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		feature := asObject(r.all.get(id))
		if feature == nil || r.features.has(id) {
			continue
		}
		rules, hasRules := feature.get("rules").([]any)
		if !hasRules {
			r.features.set(id, feature)
			continue
		}
		scoped := r.inProjects(metadata(feature))
		kept := []any{}
		for _, rule := range rules {
			o := asObject(rule)
			if o == nil {
				kept = append(kept, rule)
			} else if !scoped || r.ruleInProjects(metadata(o)) {
				kept = append(kept, r.pruneItem(o, true))
			}
		}
		out := feature.clone()
		out.set("rules", kept)
		r.features.set(id, out)
		for _, rule := range kept {
			pending = append(pending, r.parents(asObject(rule))...)
		}
	}
}

func (r *reducer) addParents(item *object) {
	for _, id := range r.parents(item) {
		r.addFeature(id)
	}
}

// parents returns the features that the client must have to evaluate the item.
func (r *reducer) parents(item *object) (ids []string) {
	for _, parent := range asList(item.get("parentConditions")) {
		id, ok := asObject(parent).get("id").(string)
		if ok && (r.opts.Prerequisites != FilterPrerequisites || strings.HasPrefix(id, "$holdout:")) {
			ids = append(ids, id)
		}
	}
	return ids
}

// bandits keeps the contextual bandits in use, without the contexts that can never be the first to hold.
func (r *reducer) bandits(all *object, experiments []any) *object {
	kept := newObject()
	if all == nil {
		return kept
	}
	items := []any{}
	for _, id := range r.features.keys {
		items = append(items, asList(asObject(r.features.values[id]).get("rules"))...)
	}
	for _, item := range append(items, experiments...) {
		ref := asString(asObject(item).get("contextualBanditRef"))
		if ref == "" || kept.has(ref) || !all.has(ref) {
			continue
		}
		bandit := asObject(all.get(ref))
		if bandit == nil {
			kept.set(ref, all.get(ref))
			continue
		}
		out := bandit.clone()
		out.set("contexts", r.contexts(asList(bandit.get("contexts"))))
		kept.set(ref, out)
	}
	return kept
}

func (r *reducer) contexts(list []any) []any {
	contexts := []any{}
	for _, c := range list {
		context := asObject(c)
		if context == nil {
			contexts = append(contexts, c)
			continue
		}
		condition := context.get("condition")
		if !truthy(condition) {
			condition = newObject()
		}
		left := r.groups.prune(r.known, condition, nil)
		if left == false {
			continue
		}
		if left == true {
			left = newObject()
		}
		out := context.clone()
		out.set("condition", left)
		contexts = append(contexts, out)
	}
	return contexts
}

// has reports whether the metadata's value is or has one of the wanted.
func has[T any](actual any, want []T) bool {
	return slices.ContainsFunc(want, func(w T) bool { return isIn([]any{ordered(w, 0)}, actual, false) })
}

// inProjects holds for what lists one of the projects, or is in all of them; what lists none is in none.
func (r *reducer) inProjects(meta *object) bool {
	return r.opts.Include.Projects == nil || truthy(meta.get("allProjects")) ||
		has(meta.get("projects"), r.opts.Include.Projects)
}

// ruleInProjects holds also for a rule without projects, which applies wherever its feature does.
func (r *reducer) ruleInProjects(meta *object) bool {
	return r.opts.Include.Projects == nil || !truthy(meta.get("projects")) ||
		has(meta.get("projects"), r.opts.Include.Projects)
}

// matches reports whether a feature or experiment matches every include filter and no exclude filter.
func (r *reducer) matches(meta *object) bool {
	fields := asObject(meta.get("customFields"))
	in, out := &r.opts.Include, &r.opts.Exclude
	if !r.inProjects(meta) || in.Tags != nil && !has(meta.get("tags"), in.Tags) ||
		has(meta.get("projects"), out.Projects) || has(meta.get("tags"), out.Tags) {
		return false
	}
	for field, want := range in.CustomFields {
		if !fields.has(field) || !has(fields.get(field), want) {
			return false
		}
	}
	for field, want := range out.CustomFields {
		if fields.has(field) && has(fields.get(field), want) {
			return false
		}
	}
	return true
}
