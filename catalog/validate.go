package catalog

import (
	"errors"
	"math"
	"strings"
	"unicode/utf8"
)

const readable = 64 // bytes of a foreign string that an error quotes

// check reports what is wrong with an item.
func (it *Item) check() error { return ofItem(it.ID, it.checkFields()) }

// check reports what is wrong with a change of an item.
func (p *Patch) check(id string) error {
	if p.Stock != nil && *p.Stock < 0 {
		return ofItem(id, invalid("stock", "below 0"))
	}
	if p.Price != nil {
		return ofItem(id, p.Price.check())
	}
	return nil
}

// ofItem writes the item's identifier into an InvalidError.
func ofItem(id string, err error) error {
	if e, ok := errors.AsType[*InvalidError](err); ok {
		e.Item = cut(id, readable)
	}
	return err
}

func (it *Item) checkFields() error {
	if err := checkID(it.ID); err != nil {
		return err
	}
	for _, f := range [...]struct{ name, text string }{
		{"title", it.Title}, {"description", it.Description}, {"brand", it.Brand}, {"image", it.Image}, {"group", it.Group},
	} {
		if !utf8.ValidString(f.text) {
			return invalid(f.name, "not UTF-8")
		}
	}
	if err := it.checkValues(); err != nil {
		return err
	}
	if err := it.Price.check(); err != nil {
		return err
	}
	if it.Stock < 0 {
		return invalid("stock", "below 0")
	}
	for i, v := range it.Vector {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return invalid("vector", "component %d is %v", i, v)
		}
	}
	return nil
}

func checkID(id string) error {
	switch {
	case id == "":
		return invalid("id", "empty")
	case len(id) > IDMax:
		return invalid("id", "%d bytes, more than %d", len(id), IDMax)
	case !utf8.ValidString(id):
		return invalid("id", "not UTF-8")
	}
	return nil
}

// checkValues checks what becomes facets.
func (it *Item) checkValues() error {
	n := 0
	for _, path := range it.Categories {
		if !utf8.ValidString(path) {
			return invalid("categories", "not UTF-8")
		}
		for name := range strings.SplitSeq(path, PathSeparator) {
			if n++; strings.TrimSpace(name) == "" {
				return invalid("categories", "empty name in path %.64q", path)
			}
		}
	}
	for key, values := range it.Attributes {
		if key == "" || !utf8.ValidString(key) {
			return invalid("attributes", "key %.64q is empty or not UTF-8", key)
		}
		for _, v := range values {
			if n++; v == "" || !utf8.ValidString(v) {
				return invalid("attributes", "value %.64q of %.64q is empty or not UTF-8", v, key)
			}
		}
		if len(values) == 0 {
			n++
		}
	}
	if n > ValuesMax {
		return invalid("attributes", "%d categories and attribute values, more than %d", n, ValuesMax)
	}
	return nil
}

func (m Money) check() error {
	if m == (Money{}) {
		return nil
	}
	if !isCurrency(m.Currency) {
		return invalid("price.currency", "%.64q is not three upper-case letters", m.Currency)
	}
	if m.Minor < 0 {
		return invalid("price.minor", "below 0")
	}
	return nil
}

func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
