package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"time"
	"unicode/utf8"
)

// wire is a filter as JSON: an object with one key, which says what it is. See [ParseFilter].
type wire struct {
	And       *[]*wire     `json:"and,omitempty"`
	Or        *[]*wire     `json:"or,omitempty"`
	Not       *wire        `json:"not,omitempty"`
	Available *bool        `json:"available,omitempty"`
	Equals    *wireEquals  `json:"equals,omitempty"`
	In        *wireIn      `json:"in,omitempty"`
	Range     *wireRange   `json:"range,omitempty"`
	Price     *wirePrice   `json:"price,omitempty"`
	Created   *wireCreated `json:"created,omitempty"`
}

type (
	wireEquals struct {
		Field string `json:"field"`
		Value string `json:"value"`
	}
	wireIn struct {
		Field  string   `json:"field"`
		Values []string `json:"values"`
	}
	wireRange struct {
		Field string   `json:"field"`
		Min   *float64 `json:"min,omitempty"`
		Above *float64 `json:"above,omitempty"`
		Max   *float64 `json:"max,omitempty"`
		Below *float64 `json:"below,omitempty"`
	}
	wirePrice struct {
		Currency string `json:"currency"`
		Min      *int64 `json:"min,omitempty"`
		Max      *int64 `json:"max,omitempty"`
	}
	wireCreated struct {
		From time.Time `json:"from,omitzero"`
		To   time.Time `json:"to,omitzero"`
	}
)

// ParseFilter reads a filter from JSON: an object with exactly one of these keys.
//
//	{"and": [filter, …]}    {"or": [filter, …]}    {"not": filter}    {"available": true}
//	{"equals": {"field": "brand", "value": "Acme"}}
//	{"in": {"field": "attr.colour", "values": ["red", "blue"]}}
//	{"range": {"field": "stock", "min": 1, "max": 10}}    "above" and "below" leave the end itself out
//	{"price": {"currency": "EUR", "min": 1000, "max": 1999}}
//	{"created": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}}
//
// An end left out of the last three is open; {"available": false} matches what may not be shown. No bytes, and null,
// are the nil Filter. Anything else gives a [SyntaxError] that says where, or an [InvalidError], as do more than DepthMax
// levels and FilterMax bytes; whether fields and ranges make sense is for [Catalog.Compile] to say.
func ParseFilter(data []byte) (Filter, error) {
	switch {
	case len(data) > FilterMax:
		return nil, invalid("filter", "%d bytes, more than %d", len(data), FilterMax)
	case !utf8.Valid(data):
		return nil, invalid("filter", "not UTF-8")
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, nil
	}
	var w *wire
	if err := decodeStrict(data, &w); err != nil {
		return nil, jsonError(err)
	}
	if w == nil {
		return nil, nil
	}
	f, err := w.filter(1)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// jsonError says where in the text of a filter it is wrong, when the decoder knows.
func jsonError(err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &SyntaxError{Offset: max(0, int(e.Offset)-1), Reason: e.Error()}
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &SyntaxError{Offset: max(0, int(e.Offset)-1), Reason: "a " + e.Value + " for " + e.Field}
	}
	return invalid("filter", "%v", err)
}

// decodeStrict decodes one JSON value with nothing after it and no key that v does not have.
func decodeStrict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid("JSON", "more after the end")
	}
	return nil
}

func (w *wire) filter(depth int) (Filter, error) {
	switch {
	case depth > DepthMax:
		return nil, invalid("filter", "more than %d levels", DepthMax)
	case w == nil:
		return nil, invalid("filter", "null inside another")
	case w.keys() != 1:
		return nil, invalid("filter", "%d keys in one object; want one", w.keys())
	case w.And != nil:
		of, err := filters(*w.And, depth+1)
		return andFilter(of), err
	case w.Or != nil:
		of, err := filters(*w.Or, depth+1)
		return orFilter(of), err
	case w.Not != nil:
		of, err := w.Not.filter(depth + 1)
		return notFilter{of}, err
	case w.Available != nil && *w.Available:
		return Available(), nil
	case w.Available != nil:
		return Not(Available()), nil
	}
	return w.leaf(), nil
}

func (w *wire) leaf() Filter {
	switch {
	case w.Equals != nil:
		return Equals(w.Equals.Field, w.Equals.Value)
	case w.In != nil:
		return inFilter{w.In.Field, w.In.Values}
	case w.Range != nil:
		return w.Range.filter()
	case w.Price != nil:
		return Price(w.Price.Currency, valueOr(w.Price.Min, 0), valueOr(w.Price.Max, math.MaxInt64))
	}
	return Created(w.Created.From, w.Created.To)
}

// filter takes an open end for what it is. Of two lower or upper ends, which no filter is written with, the open one counts.
func (w *wireRange) filter() Filter {
	f := rangeFilter{field: w.Field, min: valueOr(w.Min, math.Inf(-1)), max: valueOr(w.Max, math.Inf(1))}
	if w.Above != nil {
		f.min, f.minOpen = *w.Above, true
	}
	if w.Below != nil {
		f.max, f.maxOpen = *w.Below, true
	}
	return f
}

func filters(ws []*wire, depth int) ([]Filter, error) {
	out := make([]Filter, len(ws))
	for i, w := range ws {
		f, err := w.filter(depth)
		if err != nil {
			return nil, err
		}
		out[i] = f
	}
	return out, nil
}

// keys is how many keys the object had.
func (w *wire) keys() int {
	n := 0
	for _, set := range [...]bool{w.And != nil, w.Or != nil, w.Not != nil, w.Available != nil, w.Equals != nil,
		w.In != nil, w.Range != nil, w.Price != nil, w.Created != nil} {
		if set {
			n++
		}
	}
	return n
}

func (f andFilter) MarshalJSON() ([]byte, error)       { return json.Marshal(toWire(f)) }
func (f orFilter) MarshalJSON() ([]byte, error)        { return json.Marshal(toWire(f)) }
func (f notFilter) MarshalJSON() ([]byte, error)       { return json.Marshal(toWire(f)) }
func (f availableFilter) MarshalJSON() ([]byte, error) { return json.Marshal(toWire(f)) }
func (f inFilter) MarshalJSON() ([]byte, error)        { return json.Marshal(toWire(f)) }
func (f rangeFilter) MarshalJSON() ([]byte, error)     { return json.Marshal(toWire(f)) }
func (f priceFilter) MarshalJSON() ([]byte, error)     { return json.Marshal(toWire(f)) }
func (f createdFilter) MarshalJSON() ([]byte, error)   { return json.Marshal(toWire(f)) }

// toWire returns nil for what is no filter, which makes JSON that ParseFilter refuses as Compile refuses the filter.
func toWire(f Filter) *wire {
	switch f := f.(type) {
	case andFilter:
		return &wire{And: new(toWires(f))}
	case orFilter:
		return &wire{Or: new(toWires(f))}
	case notFilter:
		return &wire{Not: toWire(f.of)}
	case availableFilter:
		return &wire{Available: new(true)}
	case inFilter:
		if len(f.values) == 1 {
			return &wire{Equals: &wireEquals{f.field, f.values[0]}}
		}
		return &wire{In: &wireIn{f.field, append([]string{}, f.values...)}}
	case rangeFilter:
		return &wire{Range: f.wire()}
	case priceFilter:
		return &wire{Price: &wirePrice{f.currency, unless(f.min, 0), unless(f.max, math.MaxInt64)}}
	case createdFilter:
		return &wire{Created: &wireCreated{f.from, f.to}}
	}
	return nil
}

func (f rangeFilter) wire() *wireRange {
	w := &wireRange{Field: f.field}
	low, high := unless(f.min, math.Inf(-1)), unless(f.max, math.Inf(1))
	if f.minOpen {
		w.Above = low
	} else {
		w.Min = low
	}
	if f.maxOpen {
		w.Below = high
	} else {
		w.Max = high
	}
	return w
}

func toWires(filters []Filter) []*wire {
	out := make([]*wire, len(filters))
	for i, f := range filters {
		out[i] = toWire(f)
	}
	return out
}

// valueOr returns what p points to, or what stands for nil.
func valueOr[T any](p *T, open T) T {
	if p == nil {
		return open
	}
	return *p
}

// unless returns nil for the value that means an open end.
func unless[T comparable](v, open T) *T {
	if v == open {
		return nil
	}
	return &v
}
