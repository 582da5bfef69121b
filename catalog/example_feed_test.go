package catalog_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/codec"
)

// printItems tells what a feed yields.
func printItems(items func(func(catalog.Item, error) bool)) {
	for it, err := range items {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(strings.TrimSpace(fmt.Sprintln(it.ID, it.Title, it.Brand, it.Price, it.Available, it.Group)))
	}
}

// A table whose columns have names of their own.
func ExampleReadCSVWith() {
	table := strings.NewReader("sku;name;cost;state\ntea-1;Green tea;4.50;in stock\nmug-1;Mug;9;out of stock\n")
	printItems(catalog.ReadCSVWith(table, catalog.Mapping{
		Columns:  map[string]string{"sku": "id", "name": "title", "cost": "price", "state": "available"},
		Comma:    ';',
		Currency: "EUR",
	}))
	// Output:
	// tea-1 Green tea  {450 EUR} true
	// mug-1 Mug  {900 EUR} false
}

func ExampleReadMerchantXML() {
	feed := strings.NewReader(`<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item>
		<g:id>tea-1</g:id><g:title>Green tea</g:title><g:brand>Acme</g:brand>
		<g:price>4.50 EUR</g:price><g:availability>in_stock</g:availability>
	</item></channel></rss>`)
	printItems(catalog.ReadMerchantXML(feed))
	// Output: tea-1 Green tea Acme {450 EUR} true
}

func ExampleReadMerchantTSV() {
	feed := strings.NewReader("id\ttitle\tbrand\tprice\tavailability\ntea-1\tGreen tea\tAcme\t4.50 EUR\tin stock\n")
	printItems(catalog.ReadMerchantTSV(feed))
	// Output: tea-1 Green tea Acme {450 EUR} true
}

// Each variant is an item, and the product their group.
func ExampleReadShopify() {
	file := strings.NewReader("Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Published\n" +
		"mug,Mug,Acme,Size,S,mug-s,9.00,true\nmug,,,,L,mug-l,11.00,\n")
	printItems(catalog.ReadShopify(file, "EUR"))
	// Output:
	// mug-s Mug Acme {900 EUR} true mug
	// mug-l Mug Acme {1100 EUR} true mug
}

// A feed that may be packed, of no more than a gigabyte.
func ExampleGunzip() {
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	if _, err := io.WriteString(w, "id,title\ntea-1,Green tea\n"); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	feed, err := catalog.Gunzip(&file, 1<<30)
	if err != nil {
		log.Fatal(err)
	}
	report, err := catalog.New().Import(context.Background(), catalog.ReadCSV(feed), catalog.ImportOptions{})
	fmt.Println(report.Rows, err)
	// Output: 1 <nil>
}

// A catalogue in a file, with its handles.
func ExampleLoadSection() {
	cat := tea()
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	cat.SaveSection(w)
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	back, err := catalog.LoadSection(r)
	if err != nil {
		log.Fatal(err)
	}
	if err := r.Close(); err != nil {
		log.Fatal(err)
	}
	before, _ := cat.Lookup("mug")
	after, _ := back.Lookup("mug")
	fmt.Println(back.Len(), before == after)
	// Output: 4 true
}

func ExampleLess() {
	cat := tea()
	for _, f := range []catalog.Filter{catalog.Less("price", 19), catalog.Range("price", 0, 19)} {
		m, err := cat.Compile(f)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(f, m.Count())
	}
	// Output:
	// price<19 1
	// 0<=price<=19 2
}

// Where the text of a filter is wrong.
func ExampleSyntaxError() {
	_, err := catalog.ParseExpression("price<80 and brand is Acme")
	if wrong, ok := errors.AsType[*catalog.SyntaxError](err); ok {
		fmt.Println(wrong.Offset, errors.Is(err, catalog.ErrInvalid))
	}
	// Output: 19 true
}

// Of two who read the same version, one is told that the other was first.
func ExampleConflictError() {
	cat := tea()
	h, _ := cat.Lookup("mug")
	mug, version := cat.Versioned(h)
	mug.Title = "Large mug"
	_, err := cat.UpsertIf(*mug, version)
	fmt.Println(err)
	_, err = cat.UpsertIf(*mug, version)
	if conflict, ok := errors.AsType[*catalog.ConflictError](err); ok {
		fmt.Println(conflict.ID, conflict.Have > version, errors.Is(err, catalog.ErrConflict))
	}
	// Output:
	// <nil>
	// mug true true
}
