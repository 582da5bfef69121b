package catalog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// RowMax is how many bytes one row of a file may have, line ends inside quotes included. A longer one is a RowError, and
// is not held in memory.
const RowMax = 1 << 20

// RowError says which row of a file cannot be taken. Reading may go on behind it. errors.Is takes it for ErrInvalid.
type RowError struct {
	Line int // where the row begins; the first line of the file is 1
	Err  error
}

func (e *RowError) Error() string {
	return fmt.Sprintf("catalog: line %d: %s", e.Line, strings.TrimPrefix(e.Err.Error(), "catalog: "))
}

// Unwrap returns what is wrong with the row.
func (e *RowError) Unwrap() error { return e.Err }

// Is reports whether target is ErrInvalid.
func (e *RowError) Is(target error) bool { return target == ErrInvalid }

var (
	errLong = fmt.Errorf("row of more than %d bytes", RowMax)
	errUTF8 = errors.New("not UTF-8")
)

// Load upserts the items of a reader such as [ReadCSV], the last of those with one ID to stay, and returns how many it
// took. Each [RowError] goes to bad: what bad returns ends the load as its error, nil goes on with the next row. A nil
// bad ends it at the first. What came before an error stays. An error of the file itself always ends the load.
func (c *Catalog) Load(items iter.Seq2[Item, error], bad func(*RowError) error) (n int, err error) {
	for it, err := range items {
		if row, ok := errors.AsType[*RowError](err); ok && bad != nil {
			err = bad(row)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return n, err
		}
		if _, err := c.Upsert(it); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// lines reads the lines of a file, without their ends ("\n" or "\r\n") and without a byte order mark.
type lines struct {
	r     *bufio.Reader
	n     int        // lines read
	again []lineRead // what to read again, before r
}

type lineRead struct {
	text []byte
	err  error
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, 1<<16)} }

// next returns the next line, which is the caller's. It returns io.EOF after the last, and errLong for one longer than
// RowMax, which it skips.
func (l *lines) next() ([]byte, error) {
	l.n++
	if len(l.again) > 0 {
		line := l.again[0]
		l.again = l.again[1:]
		return line.text, line.err
	}
	line, err := l.read()
	if l.n == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return bytes.TrimSuffix(line, []byte("\r")), err
}

func (l *lines) read() ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if long = long || len(line)+len(part) > RowMax+len("\r\n"); !long {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (long || len(line) > 0):
		case err != nil:
			return nil, err
		}
		if long {
			return nil, errLong
		}
		return bytes.TrimSuffix(line, []byte("\n")), nil
	}
}

// readRows yields what parse makes of each row that next finds, until the file ends or fails.
func readRows[R any](next func() (row R, line int, err error), parse func(R) (Item, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for {
			row, line, err := next()
			if err == io.EOF {
				return
			}
			if _, isBad := errors.AsType[*RowError](err); err != nil && !isBad {
				yield(Item{}, fmt.Errorf("catalog: read line %d: %w", line, err))
				return
			}
			var it Item
			if err == nil {
				if it, err = checked(parse(row)); err != nil {
					err = &RowError{line, err}
				}
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

func checked(it Item, err error) (Item, error) {
	if err == nil {
		err = it.check()
	}
	if err != nil {
		return Item{}, err
	}
	return it, nil
}

// ReadJSONLines reads items from JSON Lines: one object a line, with the fields of [Item]; lines of white space are
// skipped. Without "available", an item is available. An unknown field is an error, so that a misspelt one is not lost.
//
// The sequence runs once. It yields a [RowError] for a row that cannot be taken and goes on if the caller does; an
// error of r ends it.
func ReadJSONLines(r io.Reader) iter.Seq2[Item, error] {
	l := newLines(r)
	next := func() ([]byte, int, error) {
		for {
			line, err := l.next()
			switch {
			case err == errLong:
				return nil, l.n, &RowError{l.n, err}
			case err != nil || len(bytes.TrimSpace(line)) > 0:
				return line, l.n, err
			}
		}
	}
	return readRows(next, parseJSON)
}

func parseJSON(line []byte) (Item, error) {
	it := Item{Available: true}
	if !utf8.Valid(line) {
		return Item{}, errUTF8
	}
	if err := decodeStrict(line, &it); err != nil {
		return Item{}, err
	}
	return it, nil
}
