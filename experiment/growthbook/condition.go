package growthbook

import (
	"strconv"
	"strings"
)

// verdict is the outcome of a condition. An unknown one depends on an operator or a kind of saved group that this
// version does not know; a malformed one makes the whole condition fail, so that a negation cannot turn it into a match.
type verdict uint8

const (
	no verdict = iota
	yes
	unknown
	malformed
)

func verdictOf(b bool) verdict {
	if b {
		return yes
	}
	return no
}

func (v verdict) not() verdict {
	switch v {
	case yes:
		return no
	case no:
		return yes
	}
	return v
}

// groups is what conditions refer to besides the attributes. Each judgement works on a copy, which counts its steps.
type groups struct {
	saved    *object // by id
	patterns *patterns
	steps    int
}

// stepsMax is the most conditions that one judgement looks at. Saved groups that refer to others twice each would double
// the work with every one; past this the condition fails as a malformed one does.
const stepsMax = 1 << 16

// visited is the saved groups entered on the way to a condition; each condition group may be entered once.
type visited struct {
	id     string
	before *visited
}

func (v *visited) has(id string) bool {
	for ; v != nil; v = v.before {
		if v.id == id {
			return true
		}
	}
	return false
}

// holds reports whether the condition holds for the attributes.
func (g *groups) holds(attributes, condition any) bool {
	counted := *g
	return counted.condition(attributes, condition, nil) == yes
}

func (g *groups) condition(attributes, condition any, seen *visited) verdict {
	c, ok := condition.(*object)
	if g.steps++; !ok || g.steps > stepsMax {
		return malformed
	}
	result := yes
	for _, key := range c.keys {
		v := g.entry(attributes, key, c.values[key], seen)
		if v == no || v == malformed {
			return v
		}
		if v == unknown {
			result = unknown
		}
	}
	return result
}

// entry judges one key of a condition.
func (g *groups) entry(attributes any, key string, value any, seen *visited) verdict {
	switch key {
	case "$or":
		return g.any(attributes, value, seen)
	case "$nor":
		return g.any(attributes, value, seen).not()
	case "$and":
		return g.all(attributes, value, seen)
	case "$not":
		return g.condition(attributes, value, seen).not()
	case "$savedGroup":
		return g.savedGroup(attributes, value, seen)
	case "$savedGroups": // what authors write; payloads never have it
		return no
	}
	return g.value(value, path(attributes, key), seen)
}

func (g *groups) any(attributes, conditions any, seen *visited) verdict {
	list, ok := conditions.([]any)
	if !ok {
		return malformed
	}
	if len(list) == 0 {
		return yes
	}
	result := no
	for _, c := range list {
		v := g.condition(attributes, c, seen)
		if v == yes || v == malformed {
			return v
		}
		if v == unknown {
			result = unknown
		}
	}
	return result
}

func (g *groups) all(attributes, conditions any, seen *visited) verdict {
	list, ok := conditions.([]any)
	if !ok {
		return malformed
	}
	result := yes
	for _, c := range list {
		v := g.condition(attributes, c, seen)
		if v == no || v == malformed {
			return v
		}
		if v == unknown {
			result = unknown
		}
	}
	return result
}

// path reads a dotted path. As in JavaScript a list has its indices and its length.
func path(attributes any, dotted string) any {
	at := attributes
	for more := true; more; {
		var part string
		part, dotted, more = strings.Cut(dotted, ".")
		switch v := at.(type) {
		case *known:
			at = v.get(part)
		case *object:
			if !v.has(part) {
				return nil
			}
			at = v.values[part]
		case []any:
			i, err := strconv.Atoi(part)
			switch {
			case part == "length":
				at = float64(len(v))
			case err == nil && i >= 0 && i < len(v) && strconv.Itoa(i) == part:
				at = v[i]
			default:
				return nil
			}
		default:
			return nil
		}
	}
	return at
}

// operators reports whether a condition's value is an object of operators; the empty one is, and holds.
func operators(v any) (*object, bool) {
	o, ok := v.(*object)
	if !ok {
		return nil, false
	}
	for _, key := range o.keys {
		if !strings.HasPrefix(key, "$") {
			return nil, false
		}
	}
	return o, true
}

// value judges an attribute's value by operators or by equality.
func (g *groups) value(want, got any, seen *visited) verdict {
	ops, ok := operators(want)
	if !ok {
		return verdictOf(deepEqual(want, got))
	}
	result := yes
	for _, op := range ops.keys {
		v := g.operator(op, got, ops.values[op], seen)
		if v == no || v == malformed {
			return v
		}
		if v == unknown {
			result = unknown
		}
	}
	return result
}
