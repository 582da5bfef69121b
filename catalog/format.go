package catalog

import (
	"math"
	"strconv"
	"strings"
	"time"
)

func (f andFilter) String() string       { return expression(f) }
func (f orFilter) String() string        { return expression(f) }
func (f notFilter) String() string       { return expression(f) }
func (f availableFilter) String() string { return expression(f) }
func (f inFilter) String() string        { return expression(f) }
func (f rangeFilter) String() string     { return expression(f) }
func (f priceFilter) String() string     { return expression(f) }
func (f createdFilter) String() string   { return expression(f) }

func expression(f Filter) string {
	var b strings.Builder
	write(&b, f, false)
	return b.String()
}

// write appends the text of a filter, in parentheses when it is a list inside another filter.
func write(b *strings.Builder, f Filter, inside bool) {
	switch f := f.(type) {
	case andFilter:
		writeList(b, f, " and ", "all", inside)
	case orFilter:
		writeList(b, f, " or ", "none", inside)
	case notFilter:
		b.WriteString("not ")
		write(b, f.of, true)
	case availableFilter:
		b.WriteString("available")
	case inFilter:
		f.write(b)
	case rangeFilter:
		f.write(b)
	case priceFilter:
		f.write(b)
	case createdFilter:
		f.write(b)
	default:
		b.WriteString("nil") // which no clause is
	}
}

func writeList(b *strings.Builder, of []Filter, between, empty string, inside bool) {
	switch len(of) {
	case 0:
		b.WriteString(empty)
		return
	case 1:
		write(b, of[0], inside)
		return
	}
	if inside {
		b.WriteByte('(')
	}
	for i, f := range of {
		if i > 0 {
			b.WriteString(between)
		}
		write(b, f, true)
	}
	if inside {
		b.WriteByte(')')
	}
}

func (f inFilter) write(b *strings.Builder) {
	b.WriteString(quoted(f.field))
	if len(f.values) == 1 {
		b.WriteByte(':')
		b.WriteString(quoted(f.values[0]))
		return
	}
	b.WriteString(" in (")
	for i, v := range f.values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoted(v))
	}
	b.WriteByte(')')
}

// quoted returns a word as it is when it can stand for itself, and else in quotes.
func quoted(word string) string {
	plain := word != "" && !isKeyword(word) && !strings.ContainsAny(word, exprMarks+" \t\n\r")
	if plain {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

// writeBetween writes a range from its two ends, of which the upper is always there when the lower is not.
func writeBetween(b *strings.Builder, field, low, lowMark, high, highMark string) {
	if low != "" && high != "" {
		b.WriteString(low + strings.Replace(lowMark, ">", "<", 1) + quoted(field) + highMark + high)
	} else if low != "" {
		b.WriteString(quoted(field) + lowMark + low)
	} else {
		b.WriteString(quoted(field) + highMark + high)
	}
}

func (f rangeFilter) write(b *strings.Builder) {
	low, high := "", ""
	if !math.IsInf(f.min, -1) {
		low = formatNumber(f.min)
	}
	if !math.IsInf(f.max, 1) || low == "" {
		high = formatNumber(f.max)
	}
	writeBetween(b, f.field, low, mark(">", f.minOpen), high, mark("<", f.maxOpen))
}

func mark(direction string, open bool) string {
	if open {
		return direction
	}
	return direction + "="
}

func formatNumber(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func (f priceFilter) write(b *strings.Builder) {
	low, high := "", ""
	if f.min != 0 {
		low = formatAmount(f.min, f.currency)
	}
	if f.max != math.MaxInt64 || low == "" {
		high = formatAmount(f.max, f.currency)
	}
	writeBetween(b, "price", low, ">=", high, "<=")
	b.WriteString(" " + quoted(f.currency))
}

// formatAmount writes whole minor units as a decimal number of the major one.
func formatAmount(minor int64, currency string) string {
	digits := minorDigits(currency)
	s := strconv.FormatInt(minor, 10)
	if digits == 0 || minor < 0 {
		return s
	}
	s = strings.Repeat("0", max(0, digits+1-len(s))) + s
	return s[:len(s)-digits] + "." + s[len(s)-digits:]
}

func (f createdFilter) write(b *strings.Builder) {
	low, high := "", ""
	if !f.from.IsZero() {
		low = formatTime(f.from)
	}
	if !f.to.IsZero() {
		high = formatTime(f.to)
	}
	if low == "" && high == "" {
		low = formatTime(time.Time{}.Add(1)) // any time but the zero one
	}
	writeBetween(b, "created", low, ">=", high, "<")
}

func formatTime(t time.Time) string {
	t = t.UTC()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return quoted(t.Format(time.RFC3339Nano))
}
