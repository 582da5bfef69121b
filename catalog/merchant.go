package catalog

import (
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
)

// ReadMerchantXML reads a Google Merchant product feed: RSS 2.0 or Atom, with the attributes of products as elements of each
// item or entry, such as g:id. These are taken, others are passed over:
//
//	id, title, description, brand
//	image_link                      the image
//	product_type                    a category; may be there several times
//	item_group_id                   the group
//	price, sale_price               the second one, when it is there, is the price
//	availability                    in_stock, preorder and backorder are available, out_of_stock is not
//	color, size, material, pattern, gender, age_group, condition, gtin, mpn, custom_label_0 to 4
//	                                attributes of these names
//
// Entities other than those of XML itself are refused, and so is an item of more than RowMax bytes. The sequence runs
// once. It yields a [RowError] with the line where the item begins for one that cannot be taken, and goes on if the
// caller does; text that is no XML ends it, with the line where it stops to be.
func ReadMerchantXML(r io.Reader) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		bounded := &boundedItem{r: r}
		d := xml.NewDecoder(bounded)
		next := func() (product merchantProduct, line int, err error) {
			for {
				token, err := d.Token()
				if err != nil {
					return nil, 0, bounded.wrong(d, err)
				}
				if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "item" || e.Name.Local == "entry") {
					line, _ := d.InputPos()
					bounded.n = 0
					product, err := readProduct(d)
					bounded.n = 0
					return product, line, bounded.wrong(d, err)
				}
				bounded.n = 0
			}
		}
		ended := false
		rows := func() (merchantProduct, int, error) {
			if ended {
				return nil, 0, io.EOF
			}
			product, line, err := next()
			ended = err != nil
			return product, line, err
		}
		readRows(rows, merchantProduct.item)(yield)
	}
}

// wrong makes a RowError of what is wrong with the text; errors of the reader stay.
func (b *boundedItem) wrong(d *xml.Decoder, err error) error {
	if err == nil || err == io.EOF || b.err != nil && errors.Is(err, b.err) {
		return err
	}
	line, _ := d.InputPos()
	return &RowError{line, err}
}

// boundedItem reads on until an item is too long.
type boundedItem struct {
	r io.Reader
	n int // bytes since the item began, and up to a buffer before

	err error // of r, other than its end
}

func (b *boundedItem) Read(p []byte) (int, error) {
	if b.n > RowMax {
		return 0, errLong
	}
	n, err := b.r.Read(p[:min(len(p), 1<<12)])
	b.n += n
	if err != io.EOF {
		b.err = err
	}
	return n, err
}

// merchantProduct is the attributes of a product, by name.
type merchantProduct map[string][]string

// readProduct reads the elements up to the end of the item that has begun.
func readProduct(d *xml.Decoder) (merchantProduct, error) {
	p := merchantProduct{}
	var name string
	var text strings.Builder
	for depth := 0; ; {
		token, err := d.Token()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				name = t.Name.Local
				text.Reset()
			}
		case xml.CharData: // of elements inside too, such as those of XHTML
			text.Write(t)
		case xml.EndElement:
			if depth == 0 {
				return p, nil
			}
			if depth--; depth == 0 {
				if v := strings.TrimSpace(text.String()); v != "" {
					p[name] = append(p[name], v)
				}
			}
		}
	}
}

// merchantAttributes are the attributes of products that are attributes of items.
func merchantAttributes() []string {
	return []string{"color", "size", "material", "pattern", "gender", "age_group", "condition", "gtin", "mpn",
		"custom_label_0", "custom_label_1", "custom_label_2", "custom_label_3", "custom_label_4"}
}

func (p merchantProduct) first(name string) string {
	if v := p[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (p merchantProduct) item() (Item, error) {
	it := Item{ID: p.first("id"), Title: p.first("title"), Description: p.first("description"), Brand: p.first("brand"),
		Image: p.first("image_link"), Group: p.first("item_group_id"), Available: true}
	for _, path := range p["product_type"] {
		names := split(path, ">")
		if len(names) > 0 {
			it.Categories = append(it.Categories, strings.Join(names, PathSeparator))
		}
	}
	for _, name := range merchantAttributes() {
		it.addAttribute(name, p[name]...)
	}
	if text := p.first("availability"); text != "" {
		var err error
		if it.Available, err = parseAvailable(text); err != nil {
			return Item{}, invalid("availability", "%.64q is none", text)
		}
	}
	price := p.first("sale_price")
	if price == "" {
		price = p.first("price")
	}
	return it, it.setPrice(price)
}

// ReadMerchantTSV reads a Google Merchant product feed as a table between tabs, whose first row names the attributes;
// spaces in names stand for underscores, and letter case does not count. What is taken is what [ReadMerchantXML] takes, and rows
// are read as by [ReadCSVWith]. Other columns are passed over.
func ReadMerchantTSV(r io.Reader) iter.Seq2[Item, error] {
	check := func(names []string) error {
		for i, name := range names {
			names[i] = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
		}
		if !slices.Contains(names, "id") {
			return invalid("header", "no column id")
		}
		return nil
	}
	rows := csvRows{lines: newLines(r), comma: '\t', loose: true}
	return readTable(rows, check, func(names []string) func([]string) (Item, error) {
		return func(cells []string) (Item, error) {
			if len(cells) != len(names) {
				return Item{}, invalid("row", "%d cells under %d columns", len(cells), len(names))
			}
			p := merchantProduct{}
			for i, cell := range cells {
				if cell = strings.TrimSpace(cell); cell != "" {
					p[names[i]] = append(p[names[i]], cell)
				}
			}
			return p.item()
		}
	})
}
