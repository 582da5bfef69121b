package growthbook

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// operator judges one operator on an attribute's value.
func (g *groups) operator(op string, got, want any, seen *visited) verdict {
	switch op {
	case "$eq":
		return verdictOf(equal(got, want))
	case "$ne":
		return verdictOf(!equal(got, want))
	case "$lt", "$lte", "$gt", "$gte":
		return verdictOf(ordersAs(op[1:], got, want))
	case "$veq", "$vne", "$vlt", "$vlte", "$vgt", "$vgte":
		return verdictOf(versionsOrderAs(op[2:], got, want))
	case "$in", "$nin", "$ini", "$nini":
		list, ok := want.([]any)
		return verdictOf(ok && isIn(list, got, strings.HasSuffix(op, "ini")) != strings.HasPrefix(op, "$n"))
	case "$inGroup", "$notInGroup":
		return g.inGroup(got, want, op == "$notInGroup")
	case "$regex", "$regexi", "$notRegex", "$notRegexi":
		return verdictOf(g.found(got, want, strings.HasSuffix(op, "i")) != strings.HasPrefix(op, "$not"))
	case "$exists":
		return verdictOf(truthy(want) == (got != nil))
	case "$type":
		return verdictOf(want == any(kindOf(got)))
	case "$not":
		return g.value(want, got, seen).not()
	case "$size":
		list, ok := got.([]any)
		if !ok {
			return no
		}
		return g.value(want, float64(len(list)), seen)
	case "$elemMatch":
		return g.elementMatches(want, got, seen)
	case "$all", "$alli":
		return g.hasAll(want, got, op == "$alli", seen)
	case "$or", "$nor", "$and", "$savedGroup": // known, but not on a value
		return no
	}
	return unknown
}

// equal is JavaScript's ===; lists and objects are never equal to others.
func equal(a, b any) bool {
	switch a.(type) {
	case []any, *object:
		return false
	}
	switch b.(type) {
	case []any, *object:
		return false
	}
	return a == b
}

// deepEqual compares as texts of JSON: the same types throughout, and the keys of objects in the same order.
func deepEqual(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, deepEqual)
	case *object:
		b, ok := b.(*object)
		return ok && slices.Equal(scriptOrder(a.keys), scriptOrder(b.keys)) &&
			!slices.ContainsFunc(a.keys, func(k string) bool { return !deepEqual(a.values[k], b.values[k]) })
	}
	return equal(a, b)
}

// scriptOrder is the order in which JavaScript keeps keys: array indices first, by number.
func scriptOrder(keys []string) []string {
	index := func(k string) bool {
		if k == "" || len(k) > 10 || k[0] == '0' && len(k) > 1 || strings.Trim(k, "0123456789") != "" {
			return false
		}
		return len(k) < 10 || k < "4294967295"
	}
	if !slices.ContainsFunc(keys, index) {
		return keys
	}
	out := slices.Clone(keys)
	slices.SortStableFunc(out, func(a, b string) int {
		switch ia, ib := index(a), index(b); {
		case ia && ib && len(a) != len(b):
			return len(a) - len(b)
		case ia && ib:
			return strings.Compare(a, b)
		case ia:
			return -1
		case ib:
			return 1
		}
		return 0
	})
	return out
}

// ordersAs judges lt, lte, gt and gte; only two numbers or two strings have an order.
func ordersAs(op string, a, b any) bool {
	var below, above bool
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		if !ok || a != a || b != b {
			return false
		}
		below, above = a < b, a > b
	case string:
		b, ok := b.(string)
		if !ok {
			return false
		}
		order := compareUnits(a, b)
		below, above = order < 0, order > 0
	default:
		return false
	}
	switch op {
	case "lt":
		return below
	case "lte":
		return !above
	case "gt":
		return above
	}
	return !below
}

// compareUnits orders by UTF-16 code units, which differs from the order of bytes above U+FFFF only.
func compareUnits(a, b string) int {
	for len(a) > 0 && len(b) > 0 {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if ra != rb {
			return slices.Compare(utf16.AppendRune(nil, ra), utf16.AppendRune(nil, rb))
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) - len(b)
}

// isIn reports whether the value, or any element of it when it is a list, is one of the list.
func isIn(list []any, value any, insensitive bool) bool {
	same := equal
	if insensitive {
		same = func(a, b any) bool { return equal(lower(a), lower(b)) }
	}
	if values, ok := value.([]any); ok {
		return slices.ContainsFunc(values, func(v any) bool {
			return slices.ContainsFunc(list, func(w any) bool { return same(v, w) })
		})
	}
	return slices.ContainsFunc(list, func(w any) bool { return same(value, w) })
}

func lower(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(s)
	}
	return v
}

// elementMatches judges $elemMatch: operators are put to each element, a condition to each element's fields.
func (g *groups) elementMatches(want, got any, seen *visited) verdict {
	list, ok := got.([]any)
	if !ok {
		return no
	}
	ops, onValue := operators(want)
	if onValue {
		onValue = !ops.has("$or") && !ops.has("$nor") && !ops.has("$and") && !ops.has("$savedGroup")
	}
	result := no
	for _, element := range list {
		if element == nil {
			continue
		}
		var v verdict
		if onValue {
			v = g.value(want, element, seen)
		} else {
			v = g.condition(element, want, seen)
		}
		if v == yes || v == malformed {
			return v
		}
		if v == unknown {
			result = unknown
		}
	}
	return result
}

// hasAll judges $all and $alli: for every wanted value or condition the list has an element.
func (g *groups) hasAll(want, got any, insensitive bool, seen *visited) verdict {
	wanted, ok := want.([]any)
	list, ok2 := got.([]any)
	if !ok || !ok2 {
		return no
	}
	result := yes
	for _, w := range wanted {
		found := no
		for _, element := range list {
			v := g.value(w, element, seen)
			if insensitive && kindOf(w) == "string" {
				v = verdictOf(equal(lower(w), lower(element)))
			}
			if v == yes || v == malformed {
				found = v
				break
			}
			if v == unknown {
				found = unknown
			}
		}
		if found == no || found == malformed {
			return found
		}
		if found == unknown {
			result = unknown
		}
	}
	return result
}

// found reports whether the attribute is a string in which the expression is found.
func (g *groups) found(got, pattern any, insensitive bool) bool {
	s, ok := got.(string)
	p, ok2 := pattern.(string)
	if !ok || !ok2 {
		return false
	}
	if insensitive {
		p = "(?i)" + p
	}
	re := g.patterns.compile(p)
	return re != nil && re.MatchString(s)
}

// patterns remembers compiled expressions, up to patternsMax of them; past that they are compiled each time. It is safe
// for concurrent use.
type patterns struct {
	mu       sync.RWMutex
	compiled map[string]*regexp.Regexp
}

const (
	patternsMax     = 10_000
	patternBytesMax = 10_000
)

// compile returns nil for an expression that is invalid or enormous.
func (p *patterns) compile(expression string) *regexp.Regexp {
	if len(expression) > patternBytesMax {
		return nil
	}
	p.mu.RLock()
	re, ok := p.compiled[expression]
	p.mu.RUnlock()
	if ok {
		return re
	}
	re, _ = regexp.Compile(expression)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.compiled) < patternsMax {
		if p.compiled == nil {
			p.compiled = make(map[string]*regexp.Regexp)
		}
		p.compiled[expression] = re
	}
	return re
}
