package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ReadCSV reads items from comma-separated values (RFC 4180). The first row names the columns, in any order and letter
// case. Only id must be there; an empty cell leaves its field out.
//
//	id
//	title, description, brand, image, group
//	categories   paths, separated by "|": Home > Kitchen|Gifts
//	price        a decimal number in the currency's major unit: 19.99
//	currency     ISO 4217, with a price: EUR
//	vector       numbers separated by white space
//	stock        a whole number
//	available    true or false, 1 or 0; empty or no such column: true
//	created      2026-01-31 or RFC 3339
//
// Any other column is an attribute of its name, its values separated by "|". A file without any row has no items.
//
// The sequence runs once. It yields a [RowError] for a row that cannot be taken and goes on if the caller does; when its
// quotes are at fault, with the line behind the one where it began. A header that cannot be used, and an error
// of r, end it.
func ReadCSV(r io.Reader) iter.Seq2[Item, error] {
	return readTable(csvRows{lines: newLines(r), comma: ','}, checkHeader, func(names []string) func([]string) (Item, error) {
		return func(cells []string) (Item, error) { return parseCells(names, cells) }
	})
}

// readTable reads rows under a header that check accepts, by the parser of that header.
func readTable(rows csvRows, check func(names []string) error, parser func(names []string) func(cells []string) (Item, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		names, line, err := rows.next()
		if err == io.EOF {
			return
		}
		if err == nil {
			if err = check(names); err != nil {
				err = &RowError{line, err}
			}
		}
		if _, isBad := errors.AsType[*RowError](err); err != nil && !isBad {
			err = fmt.Errorf("catalog: read line %d: %w", line, err)
		}
		if err != nil {
			yield(Item{}, err)
			return
		}
		readRows(rows.next, parser(names))(yield)
	}
}

var (
	errOpenQuote = errors.New("quote that does not end")
	errBareQuote = errors.New("quote in the middle of a cell")
)

// csvRows finds the rows of a file. encoding/csv does not serve here: it sets no bound on a row, and one quote that does
// not end costs it the rest of the file.
type csvRows struct {
	lines *lines
	comma byte
	loose bool // a quote in the middle of a cell is a character, as in 24" screens
}

// next returns the cells of the next row and the line where it begins; lines without anything are skipped.
func (c csvRows) next() (cells []string, line int, err error) {
	for {
		text, err := c.lines.next()
		line = c.lines.n
		if err == nil && len(text) == 0 {
			continue
		}
		if err == nil {
			cells, err = c.row(text)
		}
		if err == errLong || err == errOpenQuote || err == errBareQuote {
			err = &RowError{line, err}
		}
		return cells, line, err
	}
}

// row splits a row that begins with the line text, and takes in the lines that its quotes reach over. When that comes
// to no good, those lines are to be read again.
func (c csvRows) row(text []byte) ([]string, error) {
	p := cells{comma: c.comma, loose: c.loose}
	var more []lineRead
	begin, size := c.lines.n, len(text)
	err := p.add(text)
	for err == nil && p.open {
		next := lineRead{}
		next.text, next.err = c.lines.next()
		more, size = append(more, next), size+1+len(next.text)
		switch {
		case next.err != nil:
			err = errOpenQuote
		case size > RowMax:
			err = errLong
		default:
			err = p.add(next.text)
		}
	}
	if err != nil {
		c.lines.again = append(more, c.lines.again...)
		c.lines.n = begin
		return nil, err
	}
	return p.done, nil
}

// cells splits lines into the cells of one row.
type cells struct {
	done []string
	cell []byte // of the quoted cell under way
	open bool   // inside quotes

	comma byte
	loose bool
}

// add takes in one more line.
func (p *cells) add(line []byte) error {
	for {
		if !p.open && len(line) > 0 && line[0] == '"' {
			p.open, line = true, line[1:]
		}
		if !p.open {
			cell, rest, more := bytes.Cut(line, []byte{p.comma})
			if !p.loose && bytes.IndexByte(cell, '"') >= 0 {
				return errBareQuote
			}
			p.done = append(p.done, string(cell))
			if !more {
				return nil
			}
			line = rest
			continue
		}
		text, rest, closed := bytes.Cut(line, []byte(`"`))
		p.cell = append(p.cell, text...)
		switch {
		case !closed:
			p.cell = append(p.cell, '\n')
			return nil
		case len(rest) > 0 && rest[0] == '"':
			p.cell, line = append(p.cell, '"'), rest[1:]
			continue
		case len(rest) > 0 && rest[0] != p.comma:
			return errBareQuote
		}
		p.done = append(p.done, string(p.cell))
		p.cell, p.open = p.cell[:0], false
		if len(rest) == 0 {
			return nil
		}
		line = rest[1:]
	}
}

// columnNames are the columns that are no attributes.
func columnNames() []string {
	return []string{"id", "title", "description", "categories", "brand", "price", "currency", "image", "vector", "stock", "group",
		"available", "created"}
}

// checkHeader puts the names of known columns in lower case, and reports what is wrong with the header.
func checkHeader(names []string) error {
	known := columnNames()
	for i, name := range names {
		name = strings.TrimSpace(name)
		if lower := strings.ToLower(name); slices.Contains(known, lower) {
			name = lower
		}
		switch {
		case name == "" || !utf8.ValidString(name):
			return invalid("header", "name of column %d is empty or not UTF-8", i+1)
		case slices.Contains(names[:i], name):
			return invalid("header", "two columns %.64q", name)
		}
		names[i] = name
	}
	if !slices.Contains(names, "id") {
		return invalid("header", "no column id")
	}
	return nil
}

func parseCells(names, cells []string) (Item, error) {
	if len(cells) != len(names) {
		return Item{}, invalid("row", "%d cells under %d columns", len(cells), len(names))
	}
	it, price := Item{Available: true}, ""
	for i, cell := range cells {
		var err error
		switch {
		case cell == "":
		case names[i] == "price":
			price = cell
		default:
			err = it.setCell(names[i], cell)
		}
		if err != nil { // which quotes the cell, however long
			return Item{}, invalid(names[i], "%.64q is no %s", cell, columnKind(names[i]))
		}
	}
	if price == "" {
		it.Price = Money{}
		return it, nil
	}
	var err error
	it.Price.Minor, err = parseAmount(strings.TrimSpace(price), minorDigits(it.Price.Currency))
	return it, err
}

func (it *Item) setCell(column, cell string) (err error) {
	switch column {
	case "id":
		it.ID = cell
	case "title":
		it.Title = cell
	case "description":
		it.Description = cell
	case "brand":
		it.Brand = cell
	case "image":
		it.Image = cell
	case "group":
		it.Group = cell
	case "currency":
		it.Price.Currency = strings.TrimSpace(cell)
	case "categories":
		it.Categories = splitCell(cell)
	case "vector":
		it.Vector, err = parseVector(cell)
	case "stock":
		it.Stock, err = strconv.Atoi(strings.TrimSpace(cell))
	case "available":
		it.Available, err = strconv.ParseBool(strings.TrimSpace(cell))
	case "created":
		it.Created, err = parseTime(strings.TrimSpace(cell))
	default:
		if it.Attributes == nil {
			it.Attributes = map[string][]string{}
		}
		it.Attributes[column] = splitCell(cell)
	}
	return err
}

func columnKind(column string) string {
	switch column {
	case "vector":
		return "row of numbers"
	case "stock":
		return "whole number"
	case "available":
		return "true or false"
	}
	return "date such as 2026-01-31 or RFC 3339"
}

// splitCell returns the values of a cell, without the white space around them and without empty ones.
func splitCell(cell string) []string {
	var values []string
	for v := range strings.SplitSeq(cell, "|") {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	return values
}

func parseVector(cell string) ([]float32, error) {
	var v []float32
	for s := range strings.FieldsSeq(cell) {
		x, err := strconv.ParseFloat(s, 32)
		if err != nil {
			return nil, err
		}
		v = append(v, float32(x))
	}
	return v, nil
}

func parseTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	return time.Parse(time.RFC3339, s)
}
