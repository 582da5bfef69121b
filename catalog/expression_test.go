package catalog_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

func TestParseExpressionForms(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		text  string
		want  catalog.Filter
		again string // "": text
	}{
		{`available`, catalog.Available(), ""},
		{`all`, catalog.And(), ""},
		{`none`, catalog.Or(), ""},
		{`brand:Acme`, catalog.Equals("brand", "Acme"), ""},
		{`brand=Acme`, catalog.Equals("brand", "Acme"), "brand:Acme"},
		{`brand != "Bo & Co"`, catalog.Not(catalog.Equals("brand", "Bo & Co")), `not brand:"Bo & Co"`},
		{`brand:"a \"b\" \\ c"`, catalog.Equals("brand", `a "b" \ c`), ""},
		{`brand:"not"`, catalog.Equals("brand", "not"), ""},
		{`"attr.my key":x`, catalog.Equals("attr.my key", "x"), ""},
		{`id in ()`, catalog.In("id"), ""},
		{`brand in (a,b, "c d")`, catalog.In("brand", "a", "b", "c d"), `brand in (a, b, "c d")`},
		{`group:g`, catalog.Equals("group", "g"), ""},
		{`attr.größe:42`, catalog.Equals("attr.größe", "42"), ""},
		{`stock=3`, catalog.Range("stock", 3, 3), "3<=stock<=3"},
		{`stock>=3`, catalog.Range("stock", 3, math.Inf(1)), ""},
		{`stock>3`, catalog.Greater("stock", 3), ""},
		{`price<80`, catalog.Less("price", 80), ""},
		{`10<=price<=19.99`, catalog.Range("price", 10, 19.99), ""},
		{`19.99>=price>=10`, catalog.Range("price", 10, 19.99), "10<=price<=19.99"},
		{`attr.x<=-1e300`, catalog.Range("attr.x", math.Inf(-1), -1e300), "attr.x<=-1e+300"},
		{`attr.x<=+inf`, catalog.Range("attr.x", math.Inf(-1), math.Inf(1)), "attr.x<=+Inf"},
		{`price<80 EUR`, catalog.Price("EUR", 0, 7999), "price<=79.99 EUR"},
		{`price>80 EUR`, catalog.Price("EUR", 8001, math.MaxInt64), "price>=80.01 EUR"},
		{`price=80 JPY`, catalog.Price("JPY", 80, 80), "80<=price<=80 JPY"},
		{`1.5<price<2 KWD`, catalog.Price("KWD", 1501, 1999), "1.501<=price<=1.999 KWD"},
		{`price>=0.05 EUR`, catalog.Price("EUR", 5, math.MaxInt64), ""},
		{`created>=2026-01-31`, catalog.Created(day, time.Time{}), ""},
		{`created<=2026-01-31`, catalog.Created(time.Time{}, day.Add(1)), `created<"2026-01-31T00:00:00.000000001Z"`},
		{`2026-01-31<=created<"2026-01-31T09:00:00+01:00"`, catalog.Created(day, day.Add(8*time.Hour)), `2026-01-31<=created<"2026-01-31T08:00:00Z"`},
		{`available and brand:a or brand:b`, catalog.Or(catalog.And(catalog.Available(), catalog.Equals("brand", "a")), catalog.Equals("brand", "b")),
			"(available and brand:a) or brand:b"},
		{`available AND (brand:a OR Not brand:b)`, catalog.And(catalog.Available(), catalog.Or(catalog.Equals("brand", "a"), catalog.Not(catalog.Equals("brand", "b")))),
			"available and (brand:a or not brand:b)"},
		{`not (available and stock>0)`, catalog.Not(catalog.And(catalog.Available(), catalog.Greater("stock", 0))), ""},
		{"\tnot\nnot(available)", catalog.Not(catalog.Not(catalog.Available())), "not not available"},
		{`available and category:"shoes/running" and price<80 and brand in (a,b)`, catalog.And(catalog.Available(),
			catalog.Equals("category", "shoes/running"), catalog.Less("price", 80), catalog.In("brand", "a", "b")),
			"available and category:shoes/running and price<80 and brand in (a, b)"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			f, err := catalog.ParseExpression(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprintf("%#v", tt.want), fmt.Sprintf("%#v", f)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			want := tt.again
			if want == "" {
				want = tt.text
			}
			if f.String() != want {
				t.Errorf("written again as %s; want %s", f, want)
			}
		})
	}
	if f, err := catalog.ParseExpression(" \n"); f != nil || err != nil {
		t.Errorf("white space: %v, %v", f, err)
	}
}

func TestParseExpressionRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		offset     int
	}{
		{"no field", `and`, 3},
		{"unknown field", `available and colour:red`, 14},
		{"unknown field of a list", `colour in (red)`, 0},
		{"no value", `brand:`, 6},
		{"word of the grammar as value", `brand:not`, 6},
		{"nothing after and", `available and `, 14},
		{"two clauses without and", `available brand:a`, 10},
		{"open parenthesis", `(available`, 10},
		{"closed too often", `available)`, 9},
		{"empty parentheses", `()`, 1},
		{"field alone", `brand`, 5},
		{"open list", `brand in (a`, 11},
		{"list without comma", `brand in (a b)`, 12},
		{"list that ends with a comma", `brand in (a,)`, 12},
		{"open quote", `brand:"a`, 6},
		{"escape", `brand:"\n"`, 7},
		{"exclamation mark", `brand!a`, 5},
		{"no number", `stock<many`, 6},
		{"NaN", `stock<nan`, 6},
		{"range of a value", `brand<3`, 0},
		{"number and no quantity", `3<4`, 0},
		{"number at the end", `3<`, 2},
		{"half a chain", `3<stock`, 7},
		{"chain in two directions", `3<stock>4`, 7},
		{"chain of three", `3<stock<4<5`, 9},
		{"money too fine", `price<1.999 EUR`, 6},
		{"no currency", `price<80 euro`, 9},
		{"price of a stock", `stock<80 EUR`, 9},
		{"no date", `created<yesterday`, 8},
		{"equal times", `created:2026-01-31`, 0},
		{"not UTF-8", "brand:\xff", 6},
		{"too deep", strings.Repeat("(", catalog.DepthMax+1), catalog.DepthMax},
		{"much too deep", strings.Repeat("not ", 100_000), 4 * catalog.DepthMax},
		{"too long", strings.Repeat(" ", catalog.FilterMax+1), catalog.FilterMax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := catalog.ParseExpression(tt.text)
			e, ok := errors.AsType[*catalog.SyntaxError](err)
			if f != nil || !ok || !errors.Is(err, catalog.ErrInvalid) {
				t.Fatalf("ParseExpression = %v, %v; want a SyntaxError", f, err)
			}
			if e.Offset != tt.offset {
				t.Errorf("%v; want it at byte %d", err, tt.offset)
			}
		})
	}
}

func TestParseFilterSaysWhere(t *testing.T) {
	t.Parallel()
	for text, offset := range map[string]int{
		`{"and":[}`:                              8,
		`{"equals":{"field":"brand","value":1}}`: 35,
	} {
		_, err := catalog.ParseFilter([]byte(text))
		if e, ok := errors.AsType[*catalog.SyntaxError](err); !ok || e.Offset != offset {
			t.Errorf("ParseFilter(%s): %v; want it at byte %d", text, err, offset)
		}
	}
	long := `{"in":{"field":"id","values":["` + strings.Repeat("x", catalog.FilterMax) + `"]}}`
	if _, err := catalog.ParseFilter([]byte(long)); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("too long: %v", err)
	}
}

// A filter that has been through its text must match the same items, and have the same text.
func TestExpressionRoundTrip(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	cat := catalog.New()
	for i := range 200 {
		mustUpsert(t, cat, randomItem(rng, fmt.Sprint(i)))
	}
	for range 1000 {
		s := randomSpec(rng, 4)
		text := s.filter.String()
		back, err := catalog.ParseExpression(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if back.String() != text {
			t.Fatalf("%s\nwritten again is\n%s", text, back)
		}
		before, err1 := cat.Compile(s.filter)
		after, err2 := cat.Compile(back)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !before.Bitmap().Equals(after.Bitmap()) {
			t.Fatalf("%s matches something else than %s", text, s.text)
		}
	}
}

// What ParseExpression takes can be compiled or is refused, and written again is the same filter.
func FuzzParseExpression(f *testing.F) {
	f.Add(`available and not (brand in (a, "b c") or category:"Home > Tea")`)
	f.Add(`1<=attr.x<2.5 or price<80 EUR or 3<stock<=4`)
	f.Add(`2026-01-31<=created<"2026-02-01T00:00:00.5Z" and all or none`)
	f.Add(`"\"\\":x`)
	cat := catalog.New()
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := catalog.ParseExpression(text)
		if err != nil {
			if e, ok := errors.AsType[*catalog.SyntaxError](err); !ok || e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("error without its place: %v", err)
			}
			return
		}
		if filter == nil {
			return
		}
		m, err := cat.Compile(filter)
		if err != nil {
			return // which need not be written in a form that is read again
		}
		m.Count()
		back, err := catalog.ParseExpression(filter.String())
		if err != nil {
			t.Fatalf("%q becomes %q: %v", text, filter, err)
		}
		if back.String() != filter.String() {
			t.Fatalf("%q becomes %q, then %q", text, filter, back)
		}
	})
}
