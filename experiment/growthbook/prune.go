package growthbook

import "strings"

// prune evaluates a condition as far as the known attributes allow. It returns a bool once the result cannot depend on
// the others, otherwise the condition without the branches that are decided. A malformed one stays as it is written.
func (g *groups) prune(attributes *object, condition any, seen *visited) any {
	p := g.pruner(attributes)
	out := p.entries(condition, seen)
	if p.malformed {
		return condition
	}
	return out
}

func (g *groups) pruner(attributes *object) pruner {
	counted := *g
	return pruner{&counted, attributes, false}
}

// pruner walks one condition. Once malformed is set, what the walk returns means nothing.
type pruner struct {
	*groups
	known     *object
	malformed bool
}

// decided turns a verdict into true or false, or nil when it is neither.
func (p *pruner) decided(v verdict) any {
	switch v {
	case yes, no:
		return v == yes
	case malformed:
		p.malformed = true
	}
	return nil
}

// entries prunes every key of a condition.
func (p *pruner) entries(condition any, seen *visited) any {
	c, ok := condition.(*object)
	if p.steps++; !ok || p.steps > stepsMax {
		p.malformed = true
		return nil
	}
	out := newObject()
	for _, key := range c.keys {
		value := c.values[key]
		r := p.entry(key, value, seen)
		if p.malformed {
			return nil
		}
		if b, ok := r.(bool); ok && (key == "$not" || key == "$nor") {
			r = !b
		}
		switch r {
		case false:
			return false
		case true: // holds for everybody who agrees: dropped
		case nil:
			out.set(key, value)
		default:
			out.set(key, r)
		}
	}
	if len(out.keys) == 0 {
		return true
	}
	return out
}

// entry returns a bool, nil when the entry stays as it is, or what is left of it.
func (p *pruner) entry(key string, value any, seen *visited) any {
	switch key {
	case "$or", "$nor":
		return p.list(value, seen, true)
	case "$and":
		return p.list(value, seen, false)
	case "$not":
		return p.entries(value, seen)
	case "$savedGroup":
		if b, ok := p.group(value, seen).(bool); ok {
			return b
		}
		return nil // stays a reference
	case "$savedGroups":
		return false
	}
	if strings.Contains(key, ".") || !p.known.has(key) { // of a nested object only a part may be known
		return nil
	}
	return p.decided(p.value(value, path(p.known, key), seen))
}

// list prunes the conditions of $or and $nor, which one that holds decides, or of $and, which one that fails decides.
func (p *pruner) list(conditions any, seen *visited, or bool) any {
	list, ok := conditions.([]any)
	if !ok {
		p.malformed = true
		return nil
	}
	var left []any
	for _, c := range list {
		r := p.entries(c, seen)
		if p.malformed {
			return nil
		}
		if b, ok := r.(bool); !ok {
			left = append(left, r)
		} else if b == or {
			return or
		}
	}
	if left != nil {
		return left
	}
	return !or || len(list) == 0
}

// group returns a bool, nil while a list or remote group is undecided, or what is left of a condition group.
func (p *pruner) group(reference any, seen *visited) any {
	ref, ok := p.resolve(reference, seen)
	if !ok {
		return false
	}
	switch ref.entry.get("type") {
	case "list":
		key, _, ok := ref.list()
		if ok && (strings.Contains(key, ".") || !p.known.has(key)) {
			return nil
		}
	case "condition":
		condition, ok := ref.entry.get("condition").(*object)
		if !ok {
			return false
		}
		return p.entries(condition, &visited{ref.id, seen})
	case "remote":
		if !ref.foreign() && !p.known.has(remoteGroups) {
			return nil
		}
	}
	return p.decided(p.savedGroup(p.known, reference, seen))
}
