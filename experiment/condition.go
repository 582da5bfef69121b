package experiment

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Limits of a condition. Regular expressions are RE2: their time is linear in the attribute's length.
const (
	ConditionDepthMax = 32
	ConditionNodesMax = 10_000
	patternBytesMax   = 1000
)

// Condition says which units may take part, by their attributes. It is either one of All, Any and Not, or a clause
// about an Attribute. The zero Condition holds for everybody.
//
// A clause about an attribute that the unit does not have, or whose type is not that of the clause, is false, except
// that NotEqual, NotIn and Missing are then true. Numbers of all types compare as float64.
type Condition struct {
	All []Condition `json:"all,omitempty"` // every one holds
	Any []Condition `json:"any,omitempty"` // at least one holds
	Not *Condition  `json:"not,omitempty"` // it does not hold

	Attribute string `json:"attribute,omitempty"`
	Op        Op     `json:"op,omitempty"`
	Value     any    `json:"value,omitempty"` // a string, bool or number; for In and NotIn a list of them
}

// Op is how a clause compares the attribute with its value.
type Op string

// The operators. Less and the like compare numbers with numbers and strings with strings, by bytes.
const (
	Equal          Op = "eq"
	NotEqual       Op = "ne"
	Less           Op = "lt"
	LessOrEqual    Op = "le"
	Greater        Op = "gt"
	GreaterOrEqual Op = "ge"
	In             Op = "in"       // equal to one of the values
	NotIn          Op = "notIn"    //
	Contains       Op = "contains" // the attribute is a list that has the value, or a string that has it inside
	Prefix         Op = "prefix"   // the attribute is a string that begins with it
	Matches        Op = "matches"  // the attribute is a string in which the RE2 expression is found
	Exists         Op = "exists"   // the unit has the attribute, whatever it is; takes no value
	Missing        Op = "missing"  // the unit does not have it; takes no value
)

// scalar is a value of an attribute or a clause in the form that clauses compare.
type scalar struct {
	kind scalarKind
	num  float64
	str  string
}

type scalarKind uint8

const (
	none scalarKind = iota
	number
	text
	boolean
)

// scalarOf reads a value; one of any other type has kind none, which equals nothing. It does not allocate.
func scalarOf(v any) scalar {
	switch v := v.(type) {
	case string:
		return scalar{kind: text, str: v}
	case bool:
		if v {
			return scalar{kind: boolean, num: 1}
		}
		return scalar{kind: boolean}
	case float64:
		return scalar{kind: number, num: v}
	case int:
		return scalar{kind: number, num: float64(v)}
	case int64:
		return scalar{kind: number, num: float64(v)}
	case int32:
		return scalar{kind: number, num: float64(v)}
	case uint64:
		return scalar{kind: number, num: float64(v)}
	case uint32:
		return scalar{kind: number, num: float64(v)}
	case float32:
		return scalar{kind: number, num: float64(v)}
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return scalar{kind: number, num: f}
		}
	}
	return scalar{}
}

func (a scalar) equal(b scalar) bool {
	return a.kind == b.kind && a.kind != none && a.num == b.num && a.str == b.str
}

// compare orders two numbers or two strings; ok is false for anything else and for NaN.
func (a scalar) compare(b scalar) (order int, ok bool) {
	switch {
	case a.kind == number && b.kind == number:
		if a.num < b.num {
			return -1, true
		}
		if a.num > b.num {
			return 1, true
		}
		return 0, a.num == b.num
	case a.kind == text && b.kind == text:
		return strings.Compare(a.str, b.str), true
	}
	return 0, false
}

// matcher is a compiled condition.
type matcher struct {
	op       Op // one of the above, or opAll, opAny, opNot
	children []matcher

	attribute string
	value     scalar
	values    []scalar
	pattern   *regexp.Regexp
}

const (
	opAll Op = "all"
	opAny Op = "any"
	opNot Op = "not"
)

// matches reports whether the condition holds for the attributes.
func (m *matcher) matches(attributes map[string]any) bool {
	switch m.op {
	case opAll:
		for i := range m.children {
			if !m.children[i].matches(attributes) {
				return false
			}
		}
		return true
	case opAny:
		for i := range m.children {
			if m.children[i].matches(attributes) {
				return true
			}
		}
		return false
	case opNot:
		return !m.children[0].matches(attributes)
	}
	v, ok := attributes[m.attribute]
	return m.clause(v, ok)
}

// clause reports whether an attribute's value satisfies the clause.
func (m *matcher) clause(v any, ok bool) bool {
	switch m.op {
	case Exists:
		return ok
	case Missing:
		return !ok
	case Contains:
		return m.contained(v)
	}
	s := scalarOf(v)
	switch m.op {
	case Equal:
		return s.equal(m.value)
	case NotEqual:
		return !s.equal(m.value)
	case In:
		return slices.ContainsFunc(m.values, s.equal)
	case NotIn:
		return !slices.ContainsFunc(m.values, s.equal)
	case Prefix:
		return s.kind == text && strings.HasPrefix(s.str, m.value.str)
	case Matches:
		return s.kind == text && m.pattern.MatchString(s.str)
	}
	order, ok := s.compare(m.value)
	if !ok {
		return false
	}
	switch m.op {
	case Less:
		return order < 0
	case LessOrEqual:
		return order <= 0
	case Greater:
		return order > 0
	default: // GreaterOrEqual; compile lets no other through
		return order >= 0
	}
}

func (m *matcher) contained(v any) bool {
	switch v := v.(type) {
	case string:
		return m.value.kind == text && strings.Contains(v, m.value.str)
	case []string:
		return m.value.kind == text && slices.Contains(v, m.value.str)
	case []any:
		for _, e := range v {
			if scalarOf(e).equal(m.value) {
				return true
			}
		}
	}
	return false
}

// compileCondition checks c and makes its matcher. nodes counts down how many more there may be.
func compileCondition(c *Condition, depth int, nodes *int) (matcher, error) {
	if *nodes--; *nodes < 0 {
		return matcher{}, fmt.Errorf("more than %d nodes", ConditionNodesMax)
	}
	if depth > ConditionDepthMax {
		return matcher{}, fmt.Errorf("nested deeper than %d", ConditionDepthMax)
	}
	forms := 0
	for _, set := range [...]bool{c.All != nil, c.Any != nil, c.Not != nil, c.Attribute != "" || c.Op != ""} {
		if set {
			forms++
		}
	}
	switch {
	case forms > 1:
		return matcher{}, fmt.Errorf("more than one of all, any, not and a clause in one node")
	case c.Any != nil:
		return compileChildren(opAny, c.Any, depth, nodes)
	case c.Not != nil:
		return compileChildren(opNot, []Condition{*c.Not}, depth, nodes)
	case forms == 0 || c.All != nil:
		return compileChildren(opAll, c.All, depth, nodes)
	}
	return compileClause(c)
}

func compileChildren(op Op, of []Condition, depth int, nodes *int) (matcher, error) {
	m := matcher{op: op}
	for i := range of {
		child, err := compileCondition(&of[i], depth+1, nodes)
		if err != nil {
			return matcher{}, err
		}
		m.children = append(m.children, child)
	}
	return m, nil
}

func compileClause(c *Condition) (matcher, error) {
	m := matcher{op: c.Op, attribute: c.Attribute, value: scalarOf(c.Value)}
	fault := func(problem string) (matcher, error) {
		return matcher{}, fmt.Errorf("clause %q %s: %s", c.Attribute, c.Op, problem)
	}
	if c.Attribute == "" {
		return fault("no attribute")
	}
	switch c.Op {
	case Exists, Missing:
		if c.Value != nil {
			return fault("takes no value")
		}
	case Equal, NotEqual, Contains:
		if m.value.kind == none {
			return fault("the value is not a string, bool or number")
		}
	case Less, LessOrEqual, Greater, GreaterOrEqual:
		if m.value.kind != number && m.value.kind != text {
			return fault("the value is not a string or number")
		}
	case In, NotIn:
		var ok bool
		if m.values, ok = scalarsOf(c.Value); !ok {
			return fault("the value is not a list of strings, bools or numbers")
		}
	case Prefix:
		if m.value.kind != text {
			return fault("the value is not a string")
		}
	case Matches:
		if m.value.kind != text || len(m.value.str) > patternBytesMax {
			return fault(fmt.Sprintf("the value is not a string of at most %d bytes", patternBytesMax))
		}
		var err error
		if m.pattern, err = regexp.Compile(m.value.str); err != nil {
			return fault(err.Error())
		}
	default:
		return fault("unknown operator")
	}
	if m.value.num != m.value.num {
		return fault("the value is not a number")
	}
	return m, nil
}

func scalarsOf(v any) ([]scalar, bool) {
	switch v := v.(type) {
	case []string:
		out := make([]scalar, len(v))
		for i, s := range v {
			out[i] = scalar{kind: text, str: s}
		}
		return out, true
	case []any:
		out := make([]scalar, len(v))
		for i, e := range v {
			if out[i] = scalarOf(e); out[i].kind == none {
				return nil, false
			}
		}
		return out, true
	}
	return nil, false
}
