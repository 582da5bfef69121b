// Package retail reads the Online Retail data set of the UCI Machine Learning Repository (Chen, Sain and Guo: "Data
// mining for the online retail industry", 2012): 541,909 invoice lines of a British gift shop, December 2010 to December
// 2011, with customers, prices and times.
//
//	data, err := retail.Read(file)
//	train, test := data.Split()
//
// An invoice line becomes a purchase: the invoice is the session, the quantity the value. A stock code becomes an item
// with the description it mostly has as its title and the price it last had. Lines that no shop learns from are left out
// and counted in [Skipped].
//
// # Caveats
//
// The file names no time zone; times are taken as UTC. It has no categories either: [Category] guesses one from the
// words of the description, and gives none when no word is telling. Codes that are no goods, such as POST for postage,
// stay in the log but are unavailable in the catalogue.
package retail

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

// ErrFormat says that the file is not Online Retail in CSV.
var ErrFormat = errors.New("retail: not an Online Retail file")

// Source is the name under which a shop remembers where its stock comes from.
const Source = "online-retail"

// Data is the content of a file.
type Data struct {
	Items        []catalog.Item      // by ID
	Interactions []store.Interaction // the oldest first; of one invoice in the order of the file
	Rows         int                 // lines read, without the header
	Skipped      Skipped
}

// Skipped counts the lines left out, each under the first reason that applies, in this order.
type Skipped struct {
	Malformed   int // a field missing or unreadable, or not UTF-8
	NoCustomer  int
	Cancelled   int // the invoice number begins with C
	NotPositive int // quantity or price of zero or less
}

// Total is the number of lines left out.
func (s Skipped) Total() int { return s.Malformed + s.NoCustomer + s.Cancelled + s.NotPositive }

// String lists the counts.
func (s Skipped) String() string {
	return fmt.Sprintf("%d without a customer, %d cancelled, %d without a positive quantity and price, %d malformed",
		s.NoCustomer, s.Cancelled, s.NotPositive, s.Malformed)
}

// Read reads a file. Bad lines are counted and passed over; only a wrong header (ErrFormat) or r itself make it fail.
func Read(r io.Reader) (*Data, error) {
	in := csv.NewReader(r)
	in.ReuseRecord, in.FieldsPerRecord = true, -1
	head, err := in.Read()
	if err != nil && !errors.Is(err, io.EOF) && !isParseError(err) {
		return nil, fmt.Errorf("retail: %w", err)
	}
	cols, err := newColumns(head)
	if err != nil {
		return nil, err
	}
	data, items, names := &Data{}, map[string]*product{}, map[string]string{}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		data.Rows++
		if isParseError(err) {
			data.Skipped.Malformed++
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("retail: row %d: %w", data.Rows, err)
		}
		if line, ok := cols.parse(record, &data.Skipped); ok {
			data.add(line, items, names)
		}
	}
	data.finish(items)
	return data, nil
}

func isParseError(err error) bool {
	_, ok := errors.AsType[*csv.ParseError](err)
	return ok
}

// columns says where the fields stand in a record.
type columns struct{ invoice, code, description, quantity, date, price, customer int }

func newColumns(head []string) (columns, error) {
	var c columns
	for _, f := range []struct {
		at   *int
		name string
	}{
		{&c.invoice, "InvoiceNo"}, {&c.code, "StockCode"}, {&c.description, "Description"}, {&c.quantity, "Quantity"},
		{&c.date, "InvoiceDate"}, {&c.price, "UnitPrice"}, {&c.customer, "CustomerID"},
	} {
		*f.at = slices.IndexFunc(head, func(name string) bool {
			return strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")) == f.name
		})
		if *f.at < 0 {
			return c, fmt.Errorf("%w: no column %s", ErrFormat, f.name)
		}
	}
	return c, nil
}

func (c columns) last() int {
	return max(c.invoice, c.code, c.description, c.quantity, c.date, c.price, c.customer)
}

// line is an invoice line that counts. Its strings live as long as the record it comes from.
type line struct {
	invoice, code, description, customer string
	quantity                             int
	pence                                int64
	at                                   time.Time
}

func (c columns) parse(record []string, skipped *Skipped) (line, bool) {
	if len(record) <= c.last() {
		skipped.Malformed++
		return line{}, false
	}
	field := func(i int) string { return strings.TrimSpace(record[i]) }
	l := line{invoice: field(c.invoice), code: field(c.code), description: field(c.description)}
	l.customer = strings.TrimSuffix(field(c.customer), ".0")
	quantity, err1 := strconv.Atoi(field(c.quantity))
	price, err2 := strconv.ParseFloat(field(c.price), 64)
	at, err3 := parseTime(field(c.date))
	l.quantity, l.pence, l.at = quantity, int64(math.Round(price*100)), at
	switch {
	case errors.Join(err1, err2, err3) != nil, l.invoice == "", l.code == "", !goodID(l.code), math.IsNaN(price), math.Abs(price) > 1e9,
		!goodID(l.invoice), !goodID(l.customer), !utf8.ValidString(l.description):
		skipped.Malformed++
	case l.customer == "":
		skipped.NoCustomer++
	case strings.HasPrefix(l.invoice, "C"):
		skipped.Cancelled++
	case quantity <= 0 || price <= 0:
		skipped.NotPositive++
	default:
		return l, true
	}
	return line{}, false
}

// goodID reports whether the identifier can be stored; an empty one can, where it is allowed.
func goodID(id string) bool { return store.ValidateID("", id) == nil }

// parseTime reads a date as the two common exports of the data set write it.
func parseTime(s string) (at time.Time, err error) {
	for _, layout := range []string{time.DateTime, "1/2/2006 15:04"} {
		if at, err = time.Parse(layout, s); err == nil {
			if y := at.Year(); y < 1970 || y > 2100 {
				return at, fmt.Errorf("retail: date in the year %d", y)
			}
			return at, nil
		}
	}
	return at, err
}

// add takes the line into the log and into what is known of its item.
func (d *Data) add(l line, items map[string]*product, names map[string]string) {
	for _, s := range []*string{&l.invoice, &l.code, &l.description, &l.customer} {
		*s = intern(names, *s)
	}
	p := items[l.code]
	if p == nil {
		p = &product{code: l.code, first: l.at, titles: map[string]int{}}
		items[l.code] = p
	}
	p.add(l)
	d.Interactions = append(d.Interactions, store.Interaction{
		User: l.customer, Item: l.code, Kind: store.Purchase, Value: float64(l.quantity), Time: l.at, Session: l.invoice,
	})
}

// intern returns a copy of s that is shared by all who ask for the same string: half a million lines hold few names.
func intern(names map[string]string, s string) string {
	if name, ok := names[s]; ok {
		return name
	}
	s = strings.Clone(s)
	names[s] = s
	return s
}

func (d *Data) finish(items map[string]*product) {
	for _, p := range items {
		d.Items = append(d.Items, p.item())
	}
	slices.SortFunc(d.Items, func(a, b catalog.Item) int { return strings.Compare(a.ID, b.ID) })
	slices.SortStableFunc(d.Interactions, func(a, b store.Interaction) int { return a.Time.Compare(b.Time) })
}
