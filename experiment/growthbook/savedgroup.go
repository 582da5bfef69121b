package growthbook

import "slices"

// remoteGroups is the attribute that lists the remote groups a user belongs to.
const remoteGroups = "__gb_remoteGroupIds"

// groupRef is a valid reference to a saved group of the payload.
type groupRef struct {
	id    string
	entry *object
	key   string // the attribute that the reference asks about; empty: the entry's
}

// resolve reads a reference; ok is false when it refers to nothing or back to a group already entered.
func (g *groups) resolve(reference any, seen *visited) (ref groupRef, ok bool) {
	r, ok := reference.(*object)
	if !ok {
		return ref, false
	}
	if ref.id, ok = r.get("id").(string); !ok || seen.has(ref.id) {
		return ref, false
	}
	if r.has("attributeKey") {
		if ref.key, ok = r.get("attributeKey").(string); !ok {
			return ref, false
		}
	}
	ref.entry, ok = g.saved.get(ref.id).(*object)
	return ref, ok
}

// list returns the attribute and the values of a list group.
func (ref *groupRef) list() (key string, values []any, ok bool) {
	key = ref.key
	if key == "" {
		if key, ok = ref.entry.get("attributeKey").(string); !ok {
			return "", nil, false
		}
	}
	values, ok = ref.entry.get("values").([]any)
	return key, values, ok
}

// foreign reports whether a remote group is asked about an attribute that is not its own.
func (ref *groupRef) foreign() bool {
	return ref.key != "" && ref.key != asString(ref.entry.get("attributeKey"))
}

// savedGroup judges a reference. A list group holds for whoever's attribute is in it, a condition group for whom its
// condition does, a remote one for whom the attribute remoteGroups names it.
func (g *groups) savedGroup(attributes, reference any, seen *visited) verdict {
	ref, ok := g.resolve(reference, seen)
	if !ok {
		return no
	}
	switch ref.entry.get("type") {
	case "list":
		key, values, ok := ref.list()
		return verdictOf(ok && isIn(values, path(attributes, key), false))
	case "condition":
		condition, ok := ref.entry.get("condition").(*object)
		if !ok {
			return no
		}
		return g.condition(attributes, condition, &visited{ref.id, seen})
	case "remote":
		member := slices.Contains(asList(path(attributes, remoteGroups)), any(ref.id))
		return verdictOf(!ref.foreign() && member)
	}
	return unknown
}

// inGroup judges $inGroup and $notInGroup, which name a list group or a list of the older form.
func (g *groups) inGroup(got, id any, negated bool) verdict {
	name, ok := id.(string)
	if !ok {
		return no
	}
	var values []any
	switch entry := g.saved.get(name).(type) {
	case []any:
		values = entry
	case *object:
		if kind := entry.get("type"); kind != "list" && kind != "condition" && kind != "remote" {
			return unknown
		} else if kind != "list" {
			return no
		}
		if values, ok = entry.get("values").([]any); !ok {
			return no
		}
	default:
		if g.saved.has(name) {
			return no
		}
	}
	return verdictOf(isIn(values, got, false) != negated)
}
