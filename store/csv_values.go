package store

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// csvValues reads the fields of rows.
type csvValues struct {
	opts     CSVOptions
	location *time.Location
	plain    Kind            // of rows that name none
	kinds    map[string]Kind // of Options.Kinds, by plainName
	decimal  bool            // numbers may have a decimal comma, since semicolons part the columns
	layout   string          // that of the time read last, tried first
}

func newCSVValues(opts CSVOptions, c *csvColumns, comma rune) (csvValues, error) {
	v := csvValues{opts: opts, location: cmp.Or(opts.Location, time.UTC), plain: opts.Kind, decimal: comma == ';'}
	switch {
	case opts.Kind != 0 && !opts.Kind.Valid():
		return v, fmt.Errorf("%v is no kind", opts.Kind)
	case opts.TimeUnit < 0 || opts.TimeUnit > 0 && opts.TimeLayout != "":
		return v, fmt.Errorf("times in units of %v of the layout %q: want one of the two", opts.TimeUnit, opts.TimeLayout)
	case opts.Kind != 0:
	case c.isCalled(valueField, "rating"):
		v.plain = Rating
	case c.isCalled(valueField, "quantity"):
		v.plain = Purchase
	default:
		v.plain = View
	}
	v.kinds = make(map[string]Kind, len(opts.Kinds))
	for name, kind := range opts.Kinds {
		if other, ok := v.kinds[plainName(name)]; ok && other != kind || !kind.Valid() {
			return v, fmt.Errorf("kind %q is %v, and under the same name %v", name, kind, other)
		}
		v.kinds[plainName(name)] = kind
	}
	return v, nil
}

// interaction reads a row. With an error it returns the column to blame.
func (v *csvValues) interaction(record []string, c *csvColumns) (in Interaction, column string, err error) {
	id := func(field int) string { return strings.Clone(c.field(record, field)) } // not to keep the whole row
	in = Interaction{User: id(userField), Item: id(itemField), Session: id(sessionField), Placement: id(placementField)}
	if in.User == "" {
		return in, c.name(userField), ErrNoUser
	}
	if in.Item == "" {
		return in, c.name(itemField), errors.New("no item")
	}
	if in.Kind, err = v.kind(c.field(record, kindField)); err != nil {
		return in, c.name(kindField), err
	}
	if in.Value, err = v.number(c.field(record, valueField)); err != nil {
		return in, c.name(valueField), err
	}
	if in.Value < 0 && in.Kind != Rating {
		return in, c.name(valueField), fmt.Errorf("%v is below zero, which only a rating may be, not a %v", in.Value, in.Kind)
	}
	if text := c.field(record, timeField); text != "" {
		if in.Time, err = v.time(text); err != nil {
			return in, c.name(timeField), err
		}
	}
	stamped := in
	if stamped.Time.IsZero() {
		stamped.Time = time.Unix(0, 0)
	}
	if err := stamped.Validate(); err != nil {
		return in, "", errors.New(strings.TrimPrefix(err.Error(), ErrInvalid.Error()+": "))
	}
	return in, "", nil
}

// kind reads what was done; case, spaces, hyphens and underscores do not count.
func (v *csvValues) kind(text string) (Kind, error) {
	if text == "" {
		return v.plain, nil
	}
	name := plainName(text)
	if kind, ok := v.kinds[name]; ok {
		return kind, nil
	}
	switch name {
	case "addtocart":
		return Cart, nil
	case "transaction", "buy", "order":
		return Purchase, nil
	case "pageview":
		return View, nil
	}
	kind, err := ParseKind(name)
	if err != nil {
		return 0, fmt.Errorf("%q is no kind: want one of %s, or a name in Kinds", text, strings.Join(kindNames[View:], ", "))
	}
	return kind, nil
}

// number reads a value.
func (v *csvValues) number(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	digits := text
	if v.decimal && !strings.Contains(text, ".") {
		digits = strings.Replace(text, ",", ".", 1)
	}
	value, err := strconv.ParseFloat(digits, 64)
	if err != nil || value-value != 0 { // NaN and the infinities
		return 0, fmt.Errorf("%q is no number", text)
	}
	return value, nil
}

// csvLayouts are the forms of times that are recognised.
func csvLayouts() []string {
	layouts := []string{time.RFC3339Nano, "2006-01-02 15:04:05 UTC"}
	for _, date := range [...]string{"2006-01-02", "2006/01/02", "02.01.2006", "1/2/2006"} {
		layouts = append(layouts, date, date+" 15:04:05", date+" 15:04", date+"T15:04:05", date+"T15:04")
	}
	return layouts
}

func (v *csvValues) time(text string) (time.Time, error) {
	if v.opts.TimeLayout != "" {
		t, err := time.ParseInLocation(v.opts.TimeLayout, text, v.location)
		if err != nil {
			return t, fmt.Errorf("%q is no time of the layout %q", text, v.opts.TimeLayout)
		}
		return t.UTC(), nil
	}
	if t, ok := v.sinceEpoch(text); ok {
		return t, nil
	}
	if v.opts.TimeUnit == 0 {
		if v.layout != "" {
			if t, err := time.ParseInLocation(v.layout, text, v.location); err == nil {
				return t.UTC(), nil
			}
		}
		for _, layout := range csvLayouts() {
			if t, err := time.ParseInLocation(layout, text, v.location); err == nil {
				v.layout = layout
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: want RFC 3339, 2006-01-02 15:04:05, 2006/01/02, 02.01.2006, 1/2/2006 15:04 "+
		"or a number since 1970, or say TimeLayout", text)
}

// sinceEpoch reads a number of TimeUnit, or of the unit that its magnitude tells.
func (v *csvValues) sinceEpoch(text string) (time.Time, bool) {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return time.Time{}, false
	}
	unit := v.opts.TimeUnit
	if unit == 0 {
		switch size := max(number, -number); {
		case size < 1e11:
			unit = time.Second
		case size < 1e14:
			unit = time.Millisecond
		default:
			unit = time.Microsecond
		}
	}
	micros := math.Round(number * float64(unit) / float64(time.Microsecond))
	if !(micros > -1e16 && micros < 1e16) {
		return time.Time{}, false
	}
	return time.UnixMicro(int64(micros)).UTC(), true
}
