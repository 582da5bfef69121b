package catalog

import (
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Mapping says what the columns of a table are.
type Mapping struct {
	// Columns are fields by the names of columns, whose letter case does not count: the columns of [ReadCSV], or "attr." and a
	// key; "" for a column to leave out. Several columns of one field with many values add up; of another field, the last one
	// that is not empty counts.
	Columns map[string]string

	// Rest is what becomes of columns that are not named: KeepRest makes attributes of their names.
	Rest RestColumns

	Comma     byte   // what stands between cells; 0: a comma. Between tabs, a quote in the middle of a cell is a character.
	Separator string // what stands between the values of a cell; "": "|"
	Currency  string // of prices that name none
}

// RestColumns is what becomes of columns that a Mapping does not name.
type RestColumns int

// The choices.
const (
	DropRest RestColumns = iota
	KeepRest
)

// ReadCSVWith reads items from a table whose columns a mapping explains. A price may name its currency, "19.99 EUR" or "EUR
// 19.99", and available may be "in stock", "in_stock", "preorder", "backorder" or "out of stock" besides what ReadCSV takes.
// A header that lacks one of the columns named is an error, as is a mapping to a field that there is none of; no column for
// the id, too. For the rest it is as ReadCSV.
func ReadCSVWith(r io.Reader, m Mapping) iter.Seq2[Item, error] {
	if m.Comma == 0 {
		m.Comma = ','
	}
	if m.Separator == "" {
		m.Separator = "|"
	}
	rows := csvRows{lines: newLines(r), comma: m.Comma, loose: m.Comma == '\t'}
	return readTable(rows, m.check, func(names []string) func([]string) (Item, error) {
		fields := m.fields(names)
		return func(cells []string) (Item, error) { return m.item(names, fields, cells) }
	})
}

// field is what a column is for.
func (m *Mapping) field(name string) (field string, named bool) {
	name = strings.TrimSpace(name)
	for column, field := range m.Columns {
		if strings.EqualFold(column, name) {
			return field, true
		}
	}
	if m.Rest == KeepRest && name != "" {
		return attributePrefix + name, false
	}
	return "", false
}

func (m *Mapping) fields(names []string) []string {
	fields := make([]string, len(names))
	for i, name := range names {
		fields[i], _ = m.field(name)
	}
	return fields
}

func (m *Mapping) check(names []string) error {
	for _, column := range slices.Sorted(maps.Keys(m.Columns)) {
		field := m.Columns[column]
		if key, ok := strings.CutPrefix(field, attributePrefix); field != "" && (!ok || key == "") && !slices.Contains(columnNames(), field) {
			return invalid("mapping", "%.64q is no field", field)
		}
		has := func(name string) bool { return strings.EqualFold(column, strings.TrimSpace(name)) }
		if !slices.ContainsFunc(names, has) {
			return invalid("header", "no column %.64q", column)
		}
	}
	if !slices.Contains(m.fields(names), "id") {
		return invalid("header", "no column for the id")
	}
	return nil
}

func (m *Mapping) item(names, fields, cells []string) (Item, error) {
	if len(cells) != len(names) {
		return Item{}, invalid("row", "%d cells under %d columns", len(cells), len(names))
	}
	it, price := Item{Available: true}, ""
	it.Price.Currency = m.Currency
	for i, cell := range cells {
		if cell = strings.TrimSpace(cell); cell == "" || fields[i] == "" {
			continue
		}
		var err error
		switch field := fields[i]; {
		case field == "price":
			price = cell
		case field == "available":
			it.Available, err = parseAvailable(cell)
		case field == "categories":
			it.Categories = append(it.Categories, split(cell, m.Separator)...)
		case strings.HasPrefix(field, attributePrefix):
			it.addAttribute(field[len(attributePrefix):], split(cell, m.Separator)...)
		default:
			err = it.setCell(field, cell)
		}
		if err != nil {
			return Item{}, invalid(names[i], "%.64q is no %s", cell, columnKind(fields[i]))
		}
	}
	return it, it.setPrice(price)
}

// setPrice reads a price, which may name its currency; without one it is in the currency that there is.
func (it *Item) setPrice(text string) error {
	currency := it.Price.Currency
	it.Price = Money{}
	amount := strings.Fields(text)
	switch {
	case len(amount) == 0:
		return nil
	case len(amount) == 2 && isCurrency(amount[0]):
		currency, amount = amount[0], amount[1:]
	case len(amount) == 2:
		currency = amount[1]
	case len(amount) > 2:
		return invalid("price", "%.64q is no price such as 19.99 EUR", text)
	}
	if !isCurrency(currency) {
		return invalid("price", "%.64q is in no currency", text)
	}
	minor, err := parseAmount(amount[0], minorDigits(currency))
	if err == nil {
		it.Price = Money{minor, currency}
	}
	return err
}

func (it *Item) addAttribute(key string, values ...string) {
	if len(values) == 0 {
		return
	}
	if it.Attributes == nil {
		it.Attributes = map[string][]string{}
	}
	it.Attributes[key] = append(it.Attributes[key], values...)
}

// parseAvailable reads whether something can be bought: now, or for later.
func parseAvailable(cell string) (bool, error) {
	switch strings.ReplaceAll(strings.ToLower(cell), "_", " ") {
	case "in stock", "preorder", "backorder", "available", "available for order":
		return true, nil
	case "out of stock", "unavailable", "discontinued":
		return false, nil
	}
	return strconv.ParseBool(cell)
}

// split returns the values of a cell, without the white space around them and without empty ones.
func split(cell, separator string) []string {
	var values []string
	for v := range strings.SplitSeq(cell, separator) {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	return values
}
