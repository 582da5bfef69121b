package catalog

import (
	"cmp"
	"errors"
	"html"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// ReadShopify reads the CSV file of products that Shopify exports, by the names of columns of either time. Prices are in the
// currency named. Each variant is an item:
//
//	id           the variant's SKU; without one the product's handle and, of several, the values of the options
//	group        the product's handle
//	title, description, brand, categories     of the product: title, body without its marks, vendor, and the product category
//	             or, without one, the type
//	price, stock, image                       of the variant; the product's image when it has none
//	attributes   the options by their names in lower case, such as size, and tag
//	available    unless the product is a draft, archived or not published, or none is in stock and the policy is to deny
//
// Rows that only add an image are passed over. A file must keep the rows of a product together, the first with its
// title. For the rest it is as [ReadCSV].
func ReadShopify(r io.Reader, currency string) iter.Seq2[Item, error] {
	rows := csvRows{lines: newLines(r), comma: ','}
	all := readTable(rows, checkShopify, func(names []string) func([]string) (Item, error) {
		s := &shopifyRows{names: names, currency: currency}
		return s.item
	})
	return func(yield func(Item, error) bool) {
		for it, err := range all {
			if errors.Is(err, errNoItem) {
				continue
			}
			if !yield(it, err) {
				return
			}
		}
	}
}

var errNoItem = errors.New("a row that is no item")

// checkShopify gives the columns one name whatever the time of the export.
func checkShopify(names []string) error {
	other := map[string]string{
		"url handle": "handle", "description": "body (html)", "sku": "variant sku", "price": "variant price",
		"inventory quantity": "variant inventory qty", "continue selling when out of stock": "variant inventory policy",
		"product image url": "image src", "variant image url": "variant image", "published on online store": "published",
	}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if known, ok := other[name]; ok {
			name = known
		}
		names[i] = name
	}
	for _, name := range [...]string{"handle", "title", "variant price"} {
		if !slices.Contains(names, name) {
			return invalid("header", "no column %q", name)
		}
	}
	return nil
}

// shopifyRows remembers the first row of the product under way.
type shopifyRows struct {
	names    []string
	currency string
	product  map[string]string
}

func (s *shopifyRows) item(cells []string) (Item, error) {
	if len(cells) != len(s.names) {
		return Item{}, invalid("row", "%d cells under %d columns", len(cells), len(s.names))
	}
	row := make(map[string]string, len(cells))
	for i, cell := range cells {
		row[s.names[i]] = strings.TrimSpace(cell)
	}
	switch {
	case row["handle"] == "":
		return Item{}, invalid("handle", "empty")
	case s.product == nil || s.product["handle"] != row["handle"]:
		s.product = row
	case row["variant price"] == "" && row["variant sku"] == "" && row["option1 value"] == "":
		return Item{}, errNoItem
	}
	return s.variant(row)
}

func (s *shopifyRows) variant(row map[string]string) (Item, error) {
	p := s.product
	it := Item{ID: row["variant sku"], Group: p["handle"], Title: p["title"], Description: plainText(p["body (html)"]), Brand: p["vendor"],
		Image: cmp.Or(row["variant image"], row["image src"], p["image src"]), Available: true}
	if category := cmp.Or(p["product category"], p["type"]); category != "" {
		it.Categories = []string{strings.Join(split(category, ">"), PathSeparator)}
	}
	id := []string{p["handle"]}
	for _, option := range [...]string{"option1", "option2", "option3"} {
		value := row[option+" value"]
		if name := strings.ToLower(p[option+" name"]); name != "" && value != "" && value != "Default Title" {
			it.addAttribute(name, value)
			id = append(id, value)
		}
	}
	if it.ID == "" {
		it.ID = strings.Join(id, "/")
	}
	it.addAttribute("tag", split(p["tags"], ",")...)
	if stock := row["variant inventory qty"]; stock != "" {
		n, err := strconv.Atoi(stock)
		if err != nil {
			return Item{}, invalid("variant inventory qty", "%.64q is no whole number", stock)
		}
		it.Stock = max(n, 0) // below 0 when more was sold than there is
		policy := strings.ToLower(row["variant inventory policy"])
		it.Available = n > 0 || policy == "continue" || policy == "true"
	}
	status, published := strings.ToLower(p["status"]), strings.ToLower(p["published"])
	if status == "draft" || status == "archived" || published == "false" {
		it.Available = false
	}
	it.Price.Currency = s.currency
	return it, it.setPrice(row["variant price"])
}

// plainText returns the text of HTML, without its marks.
func plainText(body string) string {
	var b strings.Builder
	for body != "" {
		text, rest, ok := strings.Cut(body, "<")
		b.WriteString(text)
		if !ok {
			break
		}
		if _, body, ok = strings.Cut(rest, ">"); ok {
			b.WriteByte(' ')
		} else {
			b.WriteString("<" + rest)
		}
	}
	return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
}
