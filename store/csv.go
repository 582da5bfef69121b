package store

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

var (
	// ErrNoRows says that a file has no rows, or a header and none below it.
	ErrNoRows = errors.New("store: no rows in the file")
	// ErrNoUser is within the RowError of a row whose user is empty, as those of visitors that a shop did not know are.
	ErrNoUser = errors.New("no user")
)

// RowError says which row of a file cannot be taken, and which column of it where one is to blame. Reading may go on
// behind it. errors.Is takes it for ErrInvalid.
type RowError struct {
	Line   int    // where the row begins; the first line of the file is 1
	Column string // its name in the header, or its number from 1 in a file without one; empty: the row as a whole
	Err    error  // what was read, and what is accepted
}

func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("store: line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("store: line %d, column %q: %v", e.Line, e.Column, e.Err)
}

// Unwrap returns what is wrong with the row.
func (e *RowError) Unwrap() error { return e.Err }

// Is reports whether target is ErrInvalid.
func (e *RowError) Is(target error) bool { return target == ErrInvalid }

// CSVOptions says of a file what ReadCSVWith cannot find out, or would find out wrongly. The zero value leaves all to it.
type CSVOptions struct {
	Comma    rune       // between columns; 0: the tab, semicolon or comma that the first line has most of
	NoHeader bool       // the first row is one like the others; Columns then says which column is which
	Columns  CSVColumns // which column holds what

	TimeLayout string         // of the time column, as time.Parse has it; empty: those that ReadCSV knows
	TimeUnit   time.Duration  // of times that are numbers since 1970; 0: by their magnitude
	Location   *time.Location // of times that name no zone; nil: UTC

	Kinds map[string]Kind // the file's own names of kinds, beside those that ReadCSV knows and before them
	Kind  Kind            // of rows that name none; 0: as ReadCSV has it

	// Bad is told of each row that cannot be taken. Reading goes on when it returns nil, and ends with the error that it
	// returns; nil: the row is yielded as its *RowError. To pass over rows without a user and count them:
	//
	//	Bad: func(row *store.RowError) error {
	//		if errors.Is(row, store.ErrNoUser) { anonymous++; return nil }
	//		return row
	//	}
	Bad func(*RowError) error
}

// CSVColumns names the columns of a file: by a name in the header, whose case, spaces, hyphens and underscores do not
// count, or by a number from 1. An empty one is looked for under the names that ReadCSV knows, and "-" is none. A column
// that is named here is not taken for anything else.
type CSVColumns struct{ User, Item, Kind, Value, Time, Session, Placement string }

// ReadCSV yields the interactions of a file of comma-, semicolon- or tab-separated values, row by row, in the memory of
// one row. The first row names the columns, in any order; case, spaces, hyphens, underscores and the types that RecBole
// adds (user_id:token) do not count. Columns of other names are passed over.
//
//	user, userid, customer, customerid, visitor, visitorid                        required
//	item, itemid, product, productid, movie, movieid, stockcode, article,
//	articleid, sku, asin                                                          required
//	kind, event, eventtype, action                                                what was done
//	value, rating, quantity                                                       a number; 0 when absent or empty
//	time, timestamp, date, datetime, eventtime, invoicedate                       when; zero when absent or empty,
//	                                                                              which Engine.Record fills in
//	session, sessionid, invoice, invoiceno, order, orderid, transactionid         what belongs together
//	placement                                                                     where the item was shown
//
// A kind is the name of a Kind, addtocart, transaction, buy, order or pageview, in any case. Rows that name none are
// ratings when the value column is called rating, purchases when it is called quantity, and views else. A value below
// zero is refused of all but ratings: a purchase of -1 is goods that came back, which no kind means.
//
// A time is RFC 3339, or a date as 2006-01-02, 2006/01/02, 02.01.2006 or 1/2/2006 (the month first) with or without a time
// of day as 15:04 or 15:04:05 behind a space (or T), in UTC unless it says otherwise; or a number since 1970, of seconds
// below 1e11 (the year 5138), of milliseconds below 1e14, else of microseconds. The form that the first row has is
// expected of the others first.
//
// A row that cannot be taken is yielded as a *RowError with a zero Interaction: break to stop there, go on to pass over
// it. A header without user or item is a *RowError too, of line 1; it, an error of r, and ErrNoRows end the sequence. It
// reads r, so it runs once.
func ReadCSV(r io.Reader) iter.Seq2[Interaction, error] { return ReadCSVWith(r, CSVOptions{}) }

// ReadCSVWith is ReadCSV for files of which opts says more. Options that contradict themselves or the file are a *RowError
// of line 1.
func ReadCSVWith(r io.Reader, opts CSVOptions) iter.Seq2[Interaction, error] {
	return func(yield func(Interaction, error) bool) {
		f, err := openCSV(r, opts)
		if err != nil {
			yield(Interaction{}, err)
			return
		}
		for n := 0; ; n++ {
			in, err := f.next()
			if err == io.EOF && n == 0 {
				err = ErrNoRows
			} else if err == io.EOF {
				return
			}
			bad, isRow := errors.AsType[*RowError](err)
			if isRow && opts.Bad != nil {
				if err = opts.Bad(bad); err == nil {
					continue
				}
				isRow = false
			}
			if !yield(in, err) || err != nil && !isRow {
				return
			}
		}
	}
}

// csvFile reads rows.
type csvFile struct {
	rows    *csv.Reader
	pending []string // the first row, of a file without a header
	columns csvColumns
	values  csvValues
}

// openCSV reads what comes before the rows.
func openCSV(r io.Reader, opts CSVOptions) (*csvFile, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := in.Peek(3); string(mark) == "\ufeff" {
		in.Discard(3)
	}
	f := &csvFile{rows: csv.NewReader(in)}
	f.rows.ReuseRecord = true
	if f.rows.Comma = opts.Comma; opts.Comma == 0 {
		f.rows.Comma = commaOf(in)
	}
	first, err := f.rows.Read()
	if err == io.EOF {
		return nil, ErrNoRows
	}
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, &RowError{Line: parse.StartLine, Err: parse.Err}
	}
	if err != nil {
		return nil, fmt.Errorf("store: read CSV: %w", err)
	}
	if opts.NoHeader {
		f.pending = first
		f.columns, err = numberedColumns(len(first), opts.Columns)
	} else {
		f.columns, err = namedColumns(first, opts.Columns)
	}
	if err == nil {
		f.values, err = newCSVValues(opts, &f.columns, f.rows.Comma)
	}
	if err != nil {
		return nil, &RowError{Line: 1, Err: err}
	}
	return f, nil
}

// commaOf looks at the first line, or the beginning of it when it is very long.
func commaOf(in *bufio.Reader) rune {
	line, _ := in.Peek(in.Size())
	line, _, _ = bytes.Cut(line, []byte("\n"))
	comma, most := ',', bytes.Count(line, []byte(","))
	for _, c := range "\t;" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			comma, most = c, n
		}
	}
	return comma
}

// next returns the next interaction, a *RowError, io.EOF, or an error of the file.
func (f *csvFile) next() (Interaction, error) {
	record := f.pending
	f.pending = nil
	if record == nil {
		var err error
		record, err = f.rows.Read()
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			return Interaction{}, &RowError{Line: parse.StartLine, Err: parse.Err}
		}
		if err == io.EOF {
			return Interaction{}, io.EOF
		}
		if err != nil {
			return Interaction{}, fmt.Errorf("store: read CSV: %w", err)
		}
	}
	in, column, err := f.values.interaction(record, &f.columns)
	if err != nil {
		line, _ := f.rows.FieldPos(0)
		return Interaction{}, &RowError{line, column, err}
	}
	return in, nil
}
