package store

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// RowError is a row of a file that cannot be read as an interaction.
type RowError struct {
	Line int // where the row begins, from 1
	Err  error
}

func (e *RowError) Error() string { return fmt.Sprintf("store: line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong with the row; it wraps ErrInvalid.
func (e *RowError) Unwrap() error { return e.Err }

// ReadCSV yields the interactions of a comma-separated file, row by row, in the memory of one row. The first row names the
// columns, in any order; case and underscores do not count, others are ignored:
//
//	user, userid                                   required
//	item, itemid, product, productid, movieid      required
//	kind, event, eventtype                         a Kind's name; View when absent or empty
//	value, rating, quantity                        a number; 0 when absent or empty
//	time, timestamp, date                          RFC 3339, 2006-01-02 15:04:05 or 2006-01-02 in UTC, or Unix
//	                                               seconds; zero when absent or empty, which Engine.Record fills in
//	session, sessionid, invoice                    optional
//
// A column called rating makes Rating the kind of rows that name none. A bad row is yielded as a *RowError with a zero
// Interaction: break to stop there, go on to skip it. A header without user or item, and an error of r, end the
// sequence. It reads r, so it runs once.
func ReadCSV(r io.Reader) iter.Seq2[Interaction, error] {
	return func(yield func(Interaction, error) bool) {
		rows := csv.NewReader(r)
		rows.ReuseRecord = true
		header, err := rows.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			yield(Interaction{}, fmt.Errorf("store: read the header: %w: %w", ErrInvalid, err))
			return
		}
		cols, err := parseHeader(header)
		if err != nil {
			yield(Interaction{}, &RowError{1, err})
			return
		}
		for {
			record, err := rows.Read()
			if err == io.EOF {
				return
			}
			in, err := cols.interaction(rows, record, err)
			if !yield(in, err) {
				return
			}
			var bad *RowError
			if err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}

// columns is where the header has each field; -1 where it does not.
type columns struct {
	user, item, kind, value, time, session int
	plain                                  Kind // of rows that name none
}

func parseHeader(header []string) (columns, error) {
	c := columns{user: -1, item: -1, kind: -1, value: -1, time: -1, session: -1, plain: View}
	for i, name := range header {
		name = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")), "_", ""))
		var at *int
		switch name {
		case "user", "userid":
			at = &c.user
		case "item", "itemid", "product", "productid", "movieid":
			at = &c.item
		case "kind", "event", "eventtype":
			at = &c.kind
		case "value", "rating", "quantity":
			at = &c.value
		case "time", "timestamp", "date":
			at = &c.time
		case "session", "sessionid", "invoice":
			at = &c.session
		default:
			continue
		}
		if *at >= 0 {
			return c, fmt.Errorf("%w: two columns for %s", ErrInvalid, name)
		}
		if *at = i; name == "rating" {
			c.plain = Rating
		}
	}
	if c.user < 0 || c.item < 0 {
		return c, fmt.Errorf("%w: the first row must name the columns, user and item among them: %q", ErrInvalid, header)
	}
	return c, nil
}

func (c *columns) interaction(rows *csv.Reader, record []string, err error) (Interaction, error) {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return Interaction{}, &RowError{parse.StartLine, fmt.Errorf("%w: %w", ErrInvalid, parse.Err)}
	}
	if err != nil {
		return Interaction{}, err
	}
	line, _ := rows.FieldPos(0)
	in, err := c.parse(record)
	if err != nil {
		return Interaction{}, &RowError{line, err}
	}
	return in, nil
}

func (c *columns) parse(record []string) (in Interaction, err error) {
	field := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.TrimSpace(record[i])
	}
	in = Interaction{
		User: strings.Clone(field(c.user)), Item: strings.Clone(field(c.item)), Session: strings.Clone(field(c.session)),
		Kind: c.plain,
	}
	if s := field(c.kind); s != "" {
		if in.Kind, err = ParseKind(strings.ToLower(s)); err != nil {
			return in, err
		}
	}
	if s := field(c.value); s != "" {
		if in.Value, err = strconv.ParseFloat(s, 64); err != nil {
			return in, fmt.Errorf("%w: value %q", ErrInvalid, s)
		}
	}
	stamped := in
	if s := field(c.time); s != "" {
		if in.Time, err = parseTime(s); err != nil {
			return in, err
		}
		stamped.Time = in.Time
	} else {
		stamped.Time = time.Unix(0, 0)
	}
	return in, stamped.Validate()
}

func parseTime(s string) (time.Time, error) {
	if seconds, err := strconv.ParseFloat(s, 64); err == nil && seconds > -1e11 && seconds < 1e11 {
		return time.UnixMicro(int64(seconds * 1e6)).UTC(), nil
	}
	for _, layout := range [...]string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: time %q", ErrInvalid, s)
}
