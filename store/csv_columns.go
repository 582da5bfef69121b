package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// csvColumns is where a row has each field, and what the columns are called.
type csvColumns struct {
	at    [fields]int // -1: nowhere
	names []string    // of the header; nil: there is none
}

// The fields of an interaction that a column may hold.
const (
	userField = iota
	itemField
	kindField
	valueField
	timeField
	sessionField
	placementField
	fields
)

// csvNames are the names that the column of a field is looked for under.
func csvNames(field int) []string {
	return [fields][]string{
		userField: {"user", "userid", "customer", "customerid", "visitor", "visitorid"},
		itemField: {"item", "itemid", "product", "productid", "movie", "movieid", "stockcode", "article", "articleid", "sku",
			"asin"},
		kindField:      {"kind", "event", "eventtype", "action"},
		valueField:     {"value", "rating", "quantity"},
		timeField:      {"time", "timestamp", "date", "datetime", "eventtime", "invoicedate"},
		sessionField:   {"session", "sessionid", "invoice", "invoiceno", "order", "orderid", "transactionid"},
		placementField: {"placement"},
	}[field]
}

func (c CSVColumns) list() [fields]string {
	return [fields]string{c.User, c.Item, c.Kind, c.Value, c.Time, c.Session, c.Placement}
}

// plainName is a name without what does not count in it.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// plainHeader is plainName without the type that RecBole adds, as in user_id:token.
func plainHeader(name string) string {
	name, _, _ = strings.Cut(name, ":")
	return plainName(name)
}

// namedColumns finds the columns by the header.
func namedColumns(header []string, asked CSVColumns) (csvColumns, error) {
	c := csvColumns{names: make([]string, len(header))}
	for i, name := range header {
		c.names[i] = strings.TrimSpace(strings.Clone(name))
	}
	taken := make([]bool, len(header))
	for field, name := range asked.list() {
		var err error
		if c.at[field], err = c.find(name); err != nil {
			return c, err
		}
		if c.at[field] >= 0 {
			taken[c.at[field]] = true
		}
	}
	for field, name := range asked.list() {
		if name != "" {
			continue
		}
		for i := range header {
			if taken[i] || !slices.Contains(csvNames(field), plainHeader(header[i])) {
				continue
			}
			if other := c.at[field]; other >= 0 {
				return c, fmt.Errorf("columns %q and %q may both be the %s: name one in Columns", c.names[other], c.names[i], csvNames(field)[0])
			}
			c.at[field] = i
		}
	}
	for _, field := range [...]int{userField, itemField} {
		if c.at[field] < 0 {
			return c, fmt.Errorf("no column for the %s in the header %q: it may be called %s, or what Columns says",
				csvNames(field)[0], c.names, strings.Join(csvNames(field), ", "))
		}
	}
	return c, nil
}

// find returns the column that the caller means, -1 when that is none in particular.
func (c *csvColumns) find(name string) (int, error) {
	if name == "" || name == "-" {
		return -1, nil
	}
	for i := range c.names {
		if plainHeader(c.names[i]) == plainHeader(name) {
			return i, nil
		}
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(c.names) {
		return n - 1, nil
	}
	return 0, fmt.Errorf("no column %q in the header %q", name, c.names)
}

// numberedColumns finds the columns of a file without a header, whose rows have n.
func numberedColumns(n int, asked CSVColumns) (c csvColumns, err error) {
	for field, number := range asked.list() {
		c.at[field] = -1
		if number == "" || number == "-" {
			continue
		}
		i, err := strconv.Atoi(number)
		if err != nil || i < 1 || i > n {
			return c, fmt.Errorf("the %s is in column %q, in a file without a header and of %d columns: want its number, from 1",
				csvNames(field)[0], number, n)
		}
		c.at[field] = i - 1
	}
	if c.at[userField] < 0 || c.at[itemField] < 0 {
		return c, errors.New("a file without a header: Columns must number those of the user and the item")
	}
	return c, nil
}

// name is what errors call the column of a field.
func (c *csvColumns) name(field int) string {
	switch at := c.at[field]; {
	case at < 0:
		return ""
	case c.names == nil:
		return strconv.Itoa(at + 1)
	default:
		return c.names[at]
	}
}

func (c *csvColumns) isCalled(field int, name string) bool {
	return c.names != nil && c.at[field] >= 0 && plainHeader(c.names[c.at[field]]) == name
}

// field is the trimmed text of a field in a row.
func (c *csvColumns) field(record []string, field int) string {
	if at := c.at[field]; at >= 0 {
		return strings.TrimSpace(record[at])
	}
	return ""
}
