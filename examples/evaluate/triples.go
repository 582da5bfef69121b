package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// columns says where a file of triples has its rating and its time; -1: nowhere. Users and items come first.
type columns struct {
	count, rating, time int
}

// readTriples reads "user,item[,rating][,timestamp]".
func readTriples(r io.Reader, add func(interaction)) (timed bool, err error) {
	rows := newRows(r)
	cols, first := columns{}, true
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return cols.time > 0, nil
		}
		if err != nil {
			return false, err // has its line
		}
		line, _ := rows.FieldPos(0)
		header := false
		if first {
			if cols, header, err = detect(row); err != nil {
				return false, fmt.Errorf("line %d: %w", line, err)
			}
			first = false
		}
		if header {
			continue
		}
		i, err := cols.parse(row)
		if err != nil {
			return false, fmt.Errorf("line %d: %w", line, err)
		}
		add(i)
	}
}

// newRows reads CSV, or separated by tabs if there is one on the first line.
func newRows(r io.Reader) *csv.Reader {
	buffered := bufio.NewReaderSize(r, 64<<10)
	start, _ := buffered.Peek(64 << 10) // an error comes again when the rows are read
	if bytes.HasPrefix(start, []byte("\ufeff")) {
		_, _ = buffered.Discard(len("\ufeff"))
	}
	rows := csv.NewReader(buffered)
	rows.ReuseRecord = true
	rows.FieldsPerRecord = -1
	firstLine, _, _ := bytes.Cut(start, []byte("\n"))
	if bytes.ContainsRune(firstLine, '\t') {
		rows.Comma = '\t'
		rows.LazyQuotes = true
	}
	return rows
}

// detect reads the first row as a header or, if it is none, as an example.
func detect(row []string) (cols columns, header bool, err error) {
	cols = columns{len(row), -1, -1}
	if len(row) < 2 || len(row) > 4 {
		return cols, false, fmt.Errorf("%d columns, want user,item[,rating][,timestamp]", len(row))
	}
	header = isHeader(row)
	switch {
	case len(row) == 4 && header && isTime(row[2]):
		cols.time, cols.rating = 2, 3
	case len(row) == 4:
		cols.rating, cols.time = 2, 3
	case len(row) == 3 && (header && isTime(row[2]) || !header && looksLikeTime(row[2])):
		cols.time = 2
	case len(row) == 3:
		cols.rating = 2
	}
	return cols, header, nil
}

// isHeader reports whether the row names columns: a third one that is no number, or a first one that begins with
// "user" and a second one that does not begin with a digit.
func isHeader(row []string) bool {
	if len(row) > 2 {
		_, err := number(row[2])
		return err != nil
	}
	item := strings.TrimSpace(row[1])
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(row[0])), "user") && item != "" && (item[0] < '0' || item[0] > '9')
}

func isTime(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "time") || strings.Contains(name, "date")
}

func looksLikeTime(field string) bool {
	v, err := number(field)
	return err == nil && v >= 1e8
}

func (c columns) parse(row []string) (interaction, error) {
	if len(row) != c.count {
		return interaction{}, fmt.Errorf("%d columns, the first line has %d", len(row), c.count)
	}
	i := interaction{user: strings.TrimSpace(row[0]), item: strings.TrimSpace(row[1]), rating: unrated}
	if err := identifiers(i.user, i.item); err != nil {
		return i, err
	}
	// The row's memory is used again.
	i.user, i.item = strings.Clone(i.user), strings.Clone(i.item)
	if c.rating > 0 {
		v, err := number(row[c.rating])
		if err != nil {
			return i, fmt.Errorf("rating: %w", err)
		}
		i.rating = v
	}
	if c.time > 0 {
		v, err := number(row[c.time])
		if err != nil {
			return i, fmt.Errorf("timestamp: %w", err)
		}
		if math.Abs(v) > 1e11 {
			v /= 1000
		}
		if math.Abs(v) > 1e15 {
			return i, fmt.Errorf("timestamp: %s is out of range", row[c.time])
		}
		i.unix = int64(v)
	}
	return i, nil
}

// number parses a finite number.
func number(text string) (float64, error) {
	text = strings.TrimSpace(text)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return v, nil
}
