package catalog

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FilterMax is how many bytes the text of a filter may have, in either form.
const FilterMax = 1 << 20

// ParseExpression reads a filter from its short text form, the one that its String gives:
//
//	available and category:"Shoes > Running" and price<80 and brand in (Acme, "Bo & Co")
//	not (attr.colour:red or attr.colour:blue) and 20<=attr.size<=30
//	1000<=price<2000 JPY and created>=2026-01-31
//
// The grammar, in which words in lower case and marks stand for themselves, [ ] for once or not at all and { } for any
// number of times:
//
//	filter   = and { "or" and }
//	and      = unary { "and" unary }
//	unary    = "not" unary | "(" filter ")" | clause
//	clause   = "available" | "all" | "none"
//	         | field ( ":" | "=" | "!=" ) value
//	         | field "in" "(" [ value { "," value } ] ")"
//	         | quantity compare number [ currency ]                     price<80
//	         | number compare quantity compare number [ currency ]      20<=price<80 EUR
//	compare  = "<" | "<=" | ">" | ">="                                  of two, both in one direction
//	field    = "id" | "brand" | "category" | "currency" | "group" | "attr." key
//	quantity = "price" | "stock" | "created" | "attr." key
//
// A value, a field with a key of its own and a number are a run of characters without white space and without any of
// ( ) < > = ! : , " or are quoted: "a \"b\" \\ c", where a backslash stands before a quote or a backslash. The words
// and, or, not, in, available, all, none may be written in any case, and must be quoted to be values. ":" and "=" are
// [Equals] (of price and stock: the number itself), "!=" is its Not. A price is in the major unit, of any currency when
// none is named: see [Range] and [Price]. What is compared with created is a date, meaning its first instant in UTC, or
// a quoted RFC 3339 time.
//
// White space alone is the nil Filter. Anything else gives a [SyntaxError] that says where, as do more than DepthMax
// levels, more than FilterMax bytes and what is not UTF-8. Unknown fields are an error here, not only in Compile.
func ParseExpression(text string) (Filter, error) {
	p := &parser{text: text}
	if len(text) > FilterMax {
		return nil, p.fail(FilterMax, "more than %d bytes", FilterMax)
	}
	if !utf8.ValidString(text) {
		return nil, p.fail(firstInvalid(text), "not UTF-8")
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	if p.tok.kind == endToken {
		return nil, nil
	}
	f, err := p.or(1)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != endToken {
		return nil, p.unexpected(`"and", "or" or the end`)
	}
	return f, nil
}

func firstInvalid(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return i
		}
	}
	return len(text)
}

type tokenKind int

const (
	endToken    tokenKind = iota
	wordToken             // a run of characters
	quotedToken           // text in quotes, without them
	markToken             // one of ( ) < <= > >= = != : ,
)

type token struct {
	kind tokenKind
	text string
	at   int // where in the text it begins
}

// is reports whether the token is a mark or, in any case, a word of the grammar.
func (t token) is(text string) bool {
	return t.kind == markToken && t.text == text || t.kind == wordToken && strings.EqualFold(t.text, text)
}

func (t token) isCompare() bool {
	return t.kind == markToken && (t.text[0] == '<' || t.text[0] == '>')
}

// parser reads an expression by recursive descent, one token ahead.
type parser struct {
	text string
	at   int // behind tok
	tok  token
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &SyntaxError{Offset: at, Reason: fmt.Sprintf(format, args...)}
}

func (p *parser) unexpected(want string) error {
	if p.tok.kind == endToken {
		return p.fail(p.tok.at, "want %s, not the end", want)
	}
	return p.fail(p.tok.at, "want %s, not %.64q", want, p.tok.text)
}

const exprMarks = `()<>=!:,"`

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// next reads one token more.
func (p *parser) next() error {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
	rest := p.text[p.at:]
	p.tok = token{at: p.at}
	switch {
	case rest == "":
		return nil
	case rest[0] == '"':
		return p.quoted(rest)
	case strings.HasPrefix(rest, "<=") || strings.HasPrefix(rest, ">=") || strings.HasPrefix(rest, "!="):
		p.tok.kind, p.tok.text = markToken, rest[:2]
	case rest[0] == '!':
		return p.fail(p.at, `"!" without "="`)
	case strings.IndexByte(exprMarks, rest[0]) >= 0:
		p.tok.kind, p.tok.text = markToken, rest[:1]
	default:
		n := 0
		for n < len(rest) && !isSpace(rest[n]) && strings.IndexByte(exprMarks, rest[n]) < 0 {
			n++
		}
		p.tok.kind, p.tok.text = wordToken, rest[:n]
	}
	p.at += len(p.tok.text)
	return nil
}

func (p *parser) quoted(rest string) error {
	var text strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			p.tok.kind, p.tok.text = quotedToken, text.String()
			p.at += i + 1
			return nil
		case c == '\\' && i+1 < len(rest) && (rest[i+1] == '"' || rest[i+1] == '\\'):
			i++
			text.WriteByte(rest[i])
		case c == '\\':
			return p.fail(p.at+i, `a backslash stands before a quote or a backslash only`)
		default:
			text.WriteByte(c)
		}
	}
	return p.fail(p.at, "quote that does not end")
}

// accept goes on behind a token if it is this.
func (p *parser) accept(text string) (bool, error) {
	if !p.tok.is(text) {
		return false, nil
	}
	return true, p.next()
}

func (p *parser) expect(mark string) error {
	ok, err := p.accept(mark)
	if err == nil && !ok {
		err = p.unexpected(strconv.Quote(mark))
	}
	return err
}

func (p *parser) or(depth int) (Filter, error) {
	return p.list(depth, "or", func(of []Filter) Filter { return orFilter(of) }, func() (Filter, error) {
		return p.list(depth, "and", func(of []Filter) Filter { return andFilter(of) }, func() (Filter, error) {
			return p.unary(depth)
		})
	})
}

// list reads members with a word between them. One alone is itself.
func (p *parser) list(depth int, word string, join func([]Filter) Filter, member func() (Filter, error)) (Filter, error) {
	f, err := member()
	if err != nil || !p.tok.is(word) {
		return f, err
	}
	of := []Filter{f}
	for {
		more, err := p.accept(word)
		if err != nil {
			return nil, err
		}
		if !more {
			return join(of), nil
		}
		if f, err = member(); err != nil {
			return nil, err
		}
		of = append(of, f)
	}
}

func (p *parser) unary(depth int) (Filter, error) {
	if depth > DepthMax {
		return nil, p.fail(p.tok.at, "more than %d levels", DepthMax)
	}
	if not, err := p.accept("not"); not || err != nil {
		if err != nil {
			return nil, err
		}
		f, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return Not(f), nil
	}
	open, err := p.accept("(")
	if err != nil {
		return nil, err
	}
	if !open {
		return p.clause()
	}
	f, err := p.or(depth + 1)
	if err == nil {
		err = p.expect(")")
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// clause reads what has no other filter in it.
func (p *parser) clause() (Filter, error) {
	first := p.tok
	if first.kind != wordToken && first.kind != quotedToken {
		return nil, p.unexpected("a field")
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	switch {
	case p.tok.isCompare():
		return p.comparison(first)
	case p.tok.is(":"), p.tok.is("="), p.tok.is("!="):
		return p.equality(first)
	case p.tok.is("in"):
		return p.in(first)
	case first.is("available"):
		return Available(), nil
	case first.is("all"):
		return And(), nil
	case first.is("none"):
		return Or(), nil
	}
	return nil, p.unexpected(fmt.Sprintf("a comparison behind %.64q", first.text))
}

// value reads one value.
func (p *parser) value() (token, error) {
	v := p.tok
	if v.kind != wordToken && v.kind != quotedToken || v.kind == wordToken && isKeyword(v.text) {
		return v, p.unexpected("a value")
	}
	return v, p.next()
}

func isKeyword(word string) bool {
	switch strings.ToLower(word) {
	case "and", "or", "not", "in", "available", "all", "none":
		return true
	}
	return false
}

func (p *parser) equality(field token) (Filter, error) {
	differs := p.tok.text == "!="
	if err := p.next(); err != nil {
		return nil, err
	}
	var f Filter
	var err error
	switch field.text {
	case "price", "stock":
		f, err = p.bounds(field, []bound{{mark: "="}})
	default:
		if field.text != "id" && !isFacet(field.text) {
			return nil, p.noField(field)
		}
		var v token
		v, err = p.value()
		f = Equals(field.text, v.text)
	}
	if err != nil {
		return nil, err
	}
	if differs {
		return Not(f), nil
	}
	return f, nil
}

func (p *parser) noField(field token) error {
	return p.fail(field.at, "%.64q cannot be asked for in this way; attributes are called %q and their key", field.text, attributePrefix)
}

func (p *parser) in(field token) (Filter, error) {
	if field.text != "id" && !isFacet(field.text) {
		return nil, p.noField(field)
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	f := inFilter{field: field.text}
	for {
		if done, err := p.accept(")"); done || err != nil {
			if err != nil {
				return nil, err
			}
			return f, nil
		}
		if len(f.values) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		f.values = append(f.values, v.text)
	}
}

// bound is one end of a range: what the quantity is compared with, and how, seen from the quantity.
type bound struct {
	mark string // < <= > >= or =
	text token
}

// comparison reads what follows the first word of a comparison: a quantity, or the number before one.
func (p *parser) comparison(first token) (Filter, error) {
	mark := p.tok.text
	if err := p.next(); err != nil {
		return nil, err
	}
	if isQuantity(first.text) {
		return p.bounds(first, []bound{{mark: mark}})
	}
	quantity := p.tok
	if quantity.kind != wordToken && quantity.kind != quotedToken || !isQuantity(quantity.text) {
		if quantity.kind == endToken {
			return nil, p.unexpected("price, stock, created or an attribute")
		}
		return nil, p.fail(first.at, "neither %.64q nor %.64q is price, stock, created or an attribute", first.text, quantity.text)
	}
	if err := p.next(); err != nil {
		return nil, err
	}
	turned := strings.NewReplacer("<", ">", ">", "<").Replace(mark)
	if !p.tok.isCompare() || p.tok.text[0] != mark[0] {
		return nil, p.unexpected(fmt.Sprintf("a second %q, as in 10<=price<=20,", mark[:1]))
	}
	second := p.tok.text
	if err := p.next(); err != nil {
		return nil, err
	}
	return p.bounds(quantity, []bound{{turned, first}, {mark: second}})
}

func isQuantity(field string) bool {
	return field == "price" || field == "stock" || field == "created" || strings.HasPrefix(field, attributePrefix)
}

// bounds reads the number that the last of the ends lacks, and a price's currency, and makes the range.
func (p *parser) bounds(quantity token, ends []bound) (Filter, error) {
	last, err := p.value()
	if err != nil {
		return nil, err
	}
	ends[len(ends)-1].text = last
	if quantity.text == "created" {
		return p.created(ends)
	}
	if quantity.text == "price" && p.tok.kind == wordToken && isCurrency(p.tok.text) {
		currency := p.tok.text
		if err := p.next(); err != nil {
			return nil, err
		}
		return p.price(currency, ends)
	}
	f := rangeFilter{field: quantity.text, min: math.Inf(-1), max: math.Inf(1)}
	for _, end := range ends {
		x, err := strconv.ParseFloat(end.text.text, 64)
		if err != nil || math.IsNaN(x) {
			return nil, p.fail(end.text.at, "%.64q is no number", end.text.text)
		}
		switch end.mark {
		case "=":
			f.min, f.max = x, x
		case "<", "<=":
			f.max, f.maxOpen = x, end.mark == "<" && !math.IsInf(x, 1)
		default:
			f.min, f.minOpen = x, end.mark == ">" && !math.IsInf(x, -1)
		}
	}
	return f, nil
}

// price makes a range of one currency, whose ends are whole minor units.
func (p *parser) price(currency string, ends []bound) (Filter, error) {
	f := priceFilter{currency: currency, max: math.MaxInt64}
	for _, end := range ends {
		minor, err := parseAmount(end.text.text, minorDigits(currency))
		if err != nil {
			return nil, p.fail(end.text.at, "%.64q is no amount of %s such as 19.99", end.text.text, currency)
		}
		switch end.mark {
		case "=":
			f.min, f.max = minor, minor
		case "<":
			f.max = minor - 1
		case "<=":
			f.max = minor
		case ">":
			f.min = minor + 1 // of the highest amount: below 0, which Compile refuses as it does every empty range
		case ">=":
			f.min = minor
		}
	}
	return f, nil
}

func (p *parser) created(ends []bound) (Filter, error) {
	var f createdFilter
	for _, end := range ends {
		t, err := parseTime(end.text.text)
		if err != nil || t.IsZero() {
			return nil, p.fail(end.text.at, "%.64q is no date such as 2026-01-31, nor a time of RFC 3339", end.text.text)
		}
		switch t = t.UTC(); end.mark {
		case "<":
			f.to = t
		case "<=":
			f.to = t.Add(1)
		case ">":
			f.from = t.Add(1)
		case ">=":
			f.from = t
		}
	}
	if !f.from.IsZero() && !f.to.IsZero() && f.to.Before(f.from) {
		return f, nil // for Compile to refuse
	}
	return f, nil
}
