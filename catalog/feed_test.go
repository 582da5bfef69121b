package catalog_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

const merchantXML = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title><link>https://shop.example</link>
<item>
  <g:id>TEA-1</g:id><g:title>Green tea &amp; honey</g:title><description><![CDATA[Very <green>]]></description>
  <g:link>https://shop.example/1</g:link><g:image_link>https://shop.example/1.jpg</g:image_link>
  <g:price>4.50 EUR</g:price><g:sale_price>3.99 EUR</g:sale_price><g:availability>in stock</g:availability>
  <g:brand>Acme</g:brand><g:product_type>Food &gt; Tea</g:product_type><g:product_type>Gifts</g:product_type>
  <g:item_group_id>TEA</g:item_group_id><g:size>100 g</g:size><g:shipping><g:country>DE</g:country><g:price>1 EUR</g:price></g:shipping>
</item>
<item><g:id>TEA-2</g:id><g:title>Dear</g:title><g:price>much</g:price></item>
<item>
  <g:id>TEA-3</g:id><g:title>Black tea</g:title><g:price>300 JPY</g:price><g:availability>out_of_stock</g:availability></item>
</channel></rss>`

func teas() []catalog.Item {
	return []catalog.Item{
		{ID: "TEA-1", Title: "Green tea & honey", Description: "Very <green>", Image: "https://shop.example/1.jpg", Price: catalog.Money{Minor: 399, Currency: "EUR"},
			Brand: "Acme", Categories: []string{"Food > Tea", "Gifts"}, Group: "TEA", Attributes: map[string][]string{"size": {"100 g"}}, Available: true},
		{ID: "TEA-3", Title: "Black tea", Price: catalog.Money{Minor: 300, Currency: "JPY"}},
	}
}

func checkFeed(t *testing.T, items iter.Seq2[catalog.Item, error], want []catalog.Item, wantBad []int) {
	t.Helper()
	got, bad := read(t, items)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(wantBad, bad); diff != "" {
		t.Errorf("bad lines: -want +got:\n%s", diff)
	}
}

func TestReadMerchantXML(t *testing.T) {
	t.Parallel()
	checkFeed(t, catalog.ReadMerchantXML(strings.NewReader(merchantXML)), teas(), []int{10})
	atom := strings.NewReplacer("<channel>", "", "</channel>", "", "rss", "feed", "item>", "entry>").Replace(merchantXML)
	checkFeed(t, catalog.ReadMerchantXML(iotest.OneByteReader(strings.NewReader(atom))), teas(), []int{10})
	for name, tt := range map[string]struct {
		text string
		good int
		bad  []int
	}{
		"cut short":       {merchantXML[:strings.Index(merchantXML, "TEA-3")], 1, []int{10, 12}},
		"entities":        {`<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + "\n<r><item><id>&b;</id></item></r>", 0, []int{2}},
		"too long":        {"<r><item><id>a</id></item>\n<item><id>" + strings.Repeat("a", 3*catalog.RowMax), 1, []int{2}},
		"too long, whole": {"<r><item><id>a</id><x>" + strings.Repeat("a", 3*catalog.RowMax) + "</x></item></r>", 0, []int{1}},
		"long comment":    {"<r><!--" + strings.Repeat("a", 3*catalog.RowMax), 0, []int{1}},
		"no XML":          {"id\ttitle", 0, []int{1}},
		"empty":           {"", 0, nil},
		"nested forever":  {"<r><item>" + strings.Repeat("<a>", 2*catalog.RowMax), 0, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, bad := read(t, catalog.ReadMerchantXML(strings.NewReader(tt.text)))
			if diff := cmp.Diff(tt.bad, bad); len(good) != tt.good || diff != "" && name != "no XML" {
				t.Errorf("%d items, bad lines -want +got:\n%s", len(good), diff)
			}
		})
	}
}

func TestReadMerchantTSV(t *testing.T) {
	t.Parallel()
	text := "ID\tTitle\tdescription\timage link\tprice\tsale price\tavailability\tbrand\tproduct type\titem group id\tsize\tlink\n" +
		"TEA-1\tGreen tea & honey\tVery <green>\thttps://shop.example/1.jpg\t4.50 EUR\t3.99 EUR\tin stock\tAcme\tFood > Tea\tTEA\t100 g\tx\n" +
		"TEA-2\tDear\t\t\tmuch\t\t\t\t\t\t\t\n" +
		"short\n" +
		"TEA-3\tBlack tea\t\t\t300 JPY\t\tout of stock\t\t\t\t\t\n" +
		"TV\t24\" screen\t\t\t\t\t\t\t\t\t\t\n"
	want := append(teas(), catalog.Item{ID: "TV", Title: `24" screen`, Available: true})
	want[0].Categories = want[0].Categories[:1]
	checkFeed(t, catalog.ReadMerchantTSV(strings.NewReader(text)), want, []int{3, 4})
	checkFeed(t, catalog.ReadMerchantTSV(strings.NewReader("title\nTea\n")), nil, []int{1})
}

func TestReadShopify(t *testing.T) {
	t.Parallel()
	text := `Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Image Src,Status
shirt,Tea shirt,"<p>Soft &amp; <b>warm</b></p>",Acme,Clothing > Shirts,"summer, tea",true,Size,S,SH-S,3,deny,19.99,https://x/1.jpg,active
shirt,,,,,,,,M,,0,deny,20.99,,
shirt,,,,,,,,L,,-2,continue,21,,
shirt,,,,,,,,,,,,,https://x/2.jpg,
mug,Mug,,Acme,,,true,Title,Default Title,,many,deny,5,,active
pot,Pot,,Acme,,,true,Title,Default Title,,,deny,5,,draft
bad,row
,no handle,,,,,,,,,,,5,,
`
	shirt := func(id, size string, stock int, price int64, available bool) catalog.Item {
		return catalog.Item{ID: id, Title: "Tea shirt", Description: "Soft & warm", Brand: "Acme", Categories: []string{"Clothing > Shirts"}, Group: "shirt",
			Image: "https://x/1.jpg", Stock: stock, Price: catalog.Money{Minor: price, Currency: "EUR"}, Available: available,
			Attributes: map[string][]string{"size": {size}, "tag": {"summer", "tea"}}}
	}
	want := []catalog.Item{
		shirt("SH-S", "S", 3, 1999, true), shirt("shirt/M", "M", 0, 2099, false), shirt("shirt/L", "L", 0, 2100, true),
		{ID: "pot", Title: "Pot", Brand: "Acme", Group: "pot", Price: catalog.Money{Minor: 500, Currency: "EUR"}},
	}
	checkFeed(t, catalog.ReadShopify(strings.NewReader(text), "EUR"), want, []int{6, 8, 9})
	later := strings.NewReplacer("Handle,Title,Body (HTML)", "Title,URL handle,Description", "Variant SKU", "SKU", "Variant Price", "Price").Replace(
		"Handle,Title,Body (HTML),Variant SKU,Variant Price\nTea,tea,Good,T1,2\n")
	checkFeed(t, catalog.ReadShopify(strings.NewReader(later), "EUR"), []catalog.Item{
		{ID: "T1", Title: "Tea", Group: "tea", Description: "Good", Price: catalog.Money{Minor: 200, Currency: "EUR"}, Available: true}}, nil)
	checkFeed(t, catalog.ReadShopify(strings.NewReader("Handle,Title\n"), "EUR"), nil, []int{1})
}

func TestReadCSVWith(t *testing.T) {
	t.Parallel()
	m := catalog.Mapping{Comma: ';', Separator: "/", Currency: "EUR", Columns: map[string]string{
		"SKU": "id", "Name": "title", "Preis": "price", "Farbe": "attr.colour", "Gruppe": "categories", "Lager": "stock", "da": "available", "intern": ""}}
	text := "sku;name;preis;farbe;gruppe;lager;da;intern;extra\n" +
		"1;Tee;3.5;rot/blau;A > B/C;4;in stock;x;y\n" +
		"2;\"Kanne; groß\";12 USD;;;;out of stock;;\n" +
		"3;Tasse;USD 12;;;;;;\n" +
		"4;Topf;1;2;3\n" +
		"5;Topf;1 euro;;;;;;\n" +
		"6;Topf;;;;x;;;\n" +
		"7;Topf;;;;;maybe;;\n"
	want := []catalog.Item{
		{ID: "1", Title: "Tee", Price: catalog.Money{Minor: 350, Currency: "EUR"}, Attributes: map[string][]string{"colour": {"rot", "blau"}},
			Categories: []string{"A > B", "C"}, Stock: 4, Available: true},
		{ID: "2", Title: "Kanne; groß", Price: catalog.Money{Minor: 1200, Currency: "USD"}},
		{ID: "3", Title: "Tasse", Price: catalog.Money{Minor: 1200, Currency: "USD"}, Available: true},
	}
	checkFeed(t, catalog.ReadCSVWith(strings.NewReader(text), m), want, []int{5, 6, 7, 8})
	m.Rest = catalog.KeepRest
	want[0].Attributes["extra"] = []string{"y"}
	checkFeed(t, catalog.ReadCSVWith(strings.NewReader(text), m), want, []int{5, 6, 7, 8})
	for name, bad := range map[string]catalog.Mapping{
		"missing column": {Columns: map[string]string{"id": "id", "brand": "brand"}},
		"no such field":  {Columns: map[string]string{"id": "id", "title": "name"}},
		"no key":         {Columns: map[string]string{"id": "id", "title": "attr."}},
		"no id":          {Columns: map[string]string{"title": "title"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkFeed(t, catalog.ReadCSVWith(strings.NewReader("id,title\n1,x\n"), bad), nil, []int{1})
		})
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	mustUpsert(t, cat, catalog.Item{ID: "gone", Available: true}, catalog.Item{ID: "same", Title: "Same", Available: true})
	since := cat.Version()
	feed := "id,title\nsame,Same\nnew,New\n\"bad\"x\nnew,Newer\n"
	var lines []int
	var progress []catalog.ImportReport
	o := catalog.ImportOptions{
		Bad:      func(row *catalog.RowError) error { lines = append(lines, row.Line); return nil },
		Progress: func(r catalog.ImportReport) { progress = append(progress, r) }, ProgressRows: 3, Missing: catalog.DeleteMissing,
	}
	report, err := cat.Import(t.Context(), catalog.ReadCSV(strings.NewReader(feed)), o)
	want := catalog.ImportReport{Rows: 4, Written: 2, Unchanged: 1, Bad: 1}
	if diff := cmp.Diff(want, report); diff != "" || err != nil {
		t.Errorf("%v; -want +got:\n%s", err, diff)
	}
	if diff := cmp.Diff([]int{4}, lines); diff != "" {
		t.Errorf("bad lines: %s", diff)
	}
	if len(progress) != 2 || progress[0].Rows != 3 || progress[1] != report {
		t.Errorf("progress %+v", progress)
	}
	if diff := cmp.Diff([]catalog.Change{{Version: since + 2, Handle: 2, ID: "new"}}, changesUpTo(t, cat, since)); diff != "" {
		t.Errorf("changes: %s", diff)
	}
	report, err = cat.Import(t.Context(), catalog.ReadCSV(strings.NewReader("id,title\nsame,Same\nnew,Newer\n")), o)
	if diff := cmp.Diff(catalog.ImportReport{Rows: 2, Unchanged: 2, Deleted: 1}, report); diff != "" || err != nil || cat.Len() != 2 {
		t.Errorf("%v; -want +got:\n%s", err, diff)
	}
	report, err = cat.Import(t.Context(), catalog.ReadCSV(strings.NewReader("id\n")), catalog.ImportOptions{})
	if report != (catalog.ImportReport{}) || err != nil || cat.Len() != 2 {
		t.Errorf("nothing imported deletes nothing: %+v, %v", report, err)
	}
	if _, err = cat.Import(t.Context(), catalog.ReadCSV(strings.NewReader(feed)), catalog.ImportOptions{}); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("the first bad row: %v", err)
	}
	stop := errors.New("stop")
	o.Bad = func(*catalog.RowError) error { return stop }
	if _, err = cat.Import(t.Context(), catalog.ReadCSV(strings.NewReader(feed)), o); err != stop {
		t.Errorf("%v; want what Bad returned", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = cat.Import(ctx, catalog.ReadCSV(strings.NewReader(feed)), o); err != context.Canceled {
		t.Errorf("%v; want the context's error", err)
	}
}

func zipped(t *testing.T, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// endless is a reader of n bytes of one row after another.
type endless struct {
	row  string
	left int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n+len(e.row) <= len(p) && e.left > 0 {
		n += copy(p[n:], e.row)
		e.left -= len(e.row)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func TestGunzip(t *testing.T) {
	t.Parallel()
	file := zipped(t, strings.NewReader(merchantXML))
	for name, in := range map[string][]byte{"packed": file, "plain": []byte(merchantXML), "empty": nil, "one byte": {0x1f}} {
		r, err := catalog.Gunzip(bytes.NewReader(in), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		want := in
		if name == "packed" {
			want = []byte(merchantXML)
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	r, err := catalog.Gunzip(bytes.NewReader(file), int64(len(merchantXML)-1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, catalog.ErrTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
	if r, err = catalog.Gunzip(bytes.NewReader(file), int64(len(merchantXML))); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Errorf("just as many bytes as may be: %v", err)
	}
	bomb := zipped(t, &endless{"0000000000000000", 100 << 20})
	if r, err = catalog.Gunzip(bytes.NewReader(bomb), 1<<40); err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	if !errors.Is(err, catalog.ErrTooLarge) || n > 50<<20 {
		t.Errorf("a bomb of %d bytes gave %d: %v", len(bomb), n, err)
	}
	cat := catalog.New()
	if r, err = catalog.Gunzip(bytes.NewReader(bomb), 1<<40); err != nil {
		t.Fatal(err)
	}
	if _, err := cat.Import(t.Context(), catalog.ReadCSV(r), catalog.ImportOptions{}); err == nil {
		t.Error("a bomb was imported")
	}
	if _, err := catalog.Gunzip(strings.NewReader("\x1f\x8b\x00"), 1); err == nil {
		t.Error("damaged gzip: no error")
	}
}

// A feed is streamed: what it needs does not grow with it.
func TestFeedsAreStreamed(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own")
	}
	row := "<item><id>same</id><title>A tea</title><price>1 EUR</price></item>\n"
	for name, items := range map[string]iter.Seq2[catalog.Item, error]{
		"xml":     catalog.ReadMerchantXML(io.MultiReader(strings.NewReader("<rss>"), &endless{row, 2 << 20}, strings.NewReader("</rss>"))),
		"tsv":     catalog.ReadMerchantTSV(io.MultiReader(strings.NewReader("id\ttitle\n"), &endless{"same\tA tea\n", 2 << 20})),
		"shopify": catalog.ReadShopify(io.MultiReader(strings.NewReader("handle,title,variant price\n"), &endless{"same,A tea,1\n", 2 << 20}), "EUR"),
	} {
		cat := catalog.New()
		before := memStats().HeapAlloc
		var peak uint64
		report, err := cat.Import(t.Context(), items, catalog.ImportOptions{ProgressRows: 20_000, Progress: func(catalog.ImportReport) {
			peak = max(peak, memStats().HeapAlloc)
		}})
		if err != nil || report.Rows < 25_000 || report.Written != 1 {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
		if peak > before+2<<20 {
			t.Errorf("%s: %d bytes for a feed of %d rows", name, peak-before, report.Rows)
		}
		runtime.KeepAlive(cat)
	}
}

func FuzzFeeds(f *testing.F) {
	f.Add(merchantXML)
	f.Add("id\ttitle\tprice\na\t\"b\t1 EUR\n")
	f.Add("Handle,Title,Variant Price,Option1 Name,Option1 Value\na,b,1,c,d\na,,2,,e\n,,,,\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, items := range []iter.Seq2[catalog.Item, error]{
			catalog.ReadMerchantXML(strings.NewReader(text)),
			catalog.ReadMerchantTSV(strings.NewReader(text)),
			catalog.ReadShopify(strings.NewReader(text), "EUR"),
			catalog.ReadCSVWith(strings.NewReader(text), catalog.Mapping{Rest: catalog.KeepRest, Columns: map[string]string{"Handle": "id"}}),
		} {
			cat, n := catalog.New(), 0
			for it, err := range items {
				if err != nil {
					if e, ok := errors.AsType[*catalog.RowError](err); !ok || e.Line < 1 || e.Line > strings.Count(text, "\n")+1 {
						t.Fatalf("error without its line: %v", err)
					}
					if n++; n > len(text)+1 {
						t.Fatal("more bad rows than bytes")
					}
					continue
				}
				if _, err := cat.Upsert(it); err != nil {
					t.Fatalf("%+v is read and refused: %v", it, err)
				}
			}
		}
	})
}

func ExampleCatalog_Import() {
	cat := catalog.New()
	feed := strings.NewReader("sku;name;price\ntea;Green tea;3.50 EUR\nmug;Mug;cheap\n")
	mapping := catalog.Mapping{Comma: ';', Columns: map[string]string{"sku": "id", "name": "title", "price": "price"}}
	report, err := cat.Import(context.Background(), catalog.ReadCSVWith(feed, mapping), catalog.ImportOptions{
		Bad: func(row *catalog.RowError) error {
			fmt.Println(row)
			return nil // go on
		},
		Missing: catalog.DeleteMissing,
	})
	fmt.Printf("%+v %v\n", report, err)
	// Output:
	// catalog: line 3: invalid price: "cheap" is in no currency
	// {Rows:2 Written:1 Unchanged:0 Bad:1 Deleted:0} <nil>
}
