package catalog_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
)

// read collects items, and the lines of bad rows.
func read(t *testing.T, items iter.Seq2[catalog.Item, error]) (got []catalog.Item, bad []int) {
	t.Helper()
	for it, err := range items {
		row, ok := errors.AsType[*catalog.RowError](err)
		switch {
		case ok && errors.Is(err, catalog.ErrInvalid):
			bad = append(bad, row.Line)
		case err != nil:
			t.Fatalf("error of another kind: %v", err)
		default:
			got = append(got, it)
		}
	}
	return got, bad
}

func TestReadCSV(t *testing.T) {
	t.Parallel()
	text := "\ufeffID,Title,Categories,price,currency,Colour,vector,stock,available,created,description,brand,image\r\n" +
		"a,\"Tea, \"\"green\"\"\",Home > Kitchen|Gifts,19.99,EUR,red | blue,1 0.5,3,false,2026-01-31,\"two\r\nlines\",Acme,http://x/y\r\n" +
		"\r\n" +
		"b,,,500,JPY,,,,,2026-01-31T10:00:00+01:00,,,\n" +
		"c,,,0.5,KWD,,,,1,,,,"
	got, bad := read(t, catalog.ReadCSV(strings.NewReader(text)))
	want := []catalog.Item{
		{
			ID: "a", Title: `Tea, "green"`, Categories: []string{"Home > Kitchen", "Gifts"}, Description: "two\nlines",
			Price: catalog.Money{Minor: 1999, Currency: "EUR"}, Attributes: map[string][]string{"Colour": {"red", "blue"}},
			Vector: []float32{1, 0.5}, Stock: 3, Brand: "Acme", Image: "http://x/y",
			Created: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
		},
		{ID: "b", Price: catalog.Money{Minor: 500, Currency: "JPY"}, Available: true, Created: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)},
		{ID: "c", Price: catalog.Money{Minor: 500, Currency: "KWD"}, Available: true},
	}
	if diff := cmp.Diff(want, got); diff != "" || bad != nil {
		t.Errorf("bad rows %v (-want +got):\n%s", bad, diff)
	}
}

func TestReadCSVBadRows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", catalog.RowMax)
	tests := []struct {
		name, text string
		ids        string
		bad        []int
	}{
		{"empty file", "", "", nil},
		{"header alone", "id\n", "", nil},
		{"no id column", "title\nx\n", "", []int{1}},
		{"column twice", "id,Title,title\na,b,c\n", "", []int{1}},
		{"column without name", "id,\na,b\n", "", []int{1}},
		{"header not UTF-8", "id,\xff\na,b\n", "", []int{1}},
		{"too few cells", "id,title\na\nb,x\n", "b", []int{2}},
		{"too many cells", "id,title\na,b,c\nb,x\n", "b", []int{2}},
		{"no id", "id,title\n,x\nb,x\n", "b", []int{2}},
		{"blank lines count", "\n\nid\n\na\n\n\"\"\nb\n", "a b", []int{7}},
		{"lines in quotes count", "id,title\na,\"1\n2\n\n3\"\nb\nc,\n", "a c", []int{6}},
		{"not UTF-8", "id,title\na,\xff\nb,x\n", "b", []int{2}},
		{"bare quote", "id,title\na,x\"y\nb,x\n", "b", []int{2}},
		{"text after quote", "id,title\na,\"x\"y\nb,x\n", "b", []int{2}},
		{"quote without end", "id,title\na,\"x\nb,x\nc,x", "b c", []int{2}},
		{"quote without end on the last line", "id,title\na,x\nb,\"x", "a", []int{3}},
		{"two quotes without end", "id,title\na,\"x\nb,\"x\nc,x\n", "c", []int{2, 3}},
		{"row too long", "id,title\na," + long + "\nb,x\n", "b", []int{2}},
		{"row too long in quotes", "id,title\na,\"" + strings.Repeat("y\n", catalog.RowMax/2) + "\"\n", "", nil},
		{"line too long in quotes", "id,title\na,\"1\n2" + long + "\nb,x\n", "b", []int{2, 3}},
		{"longest row", "id,title\na," + long[2:] + "\r\nb,x\r\n", "a b", nil},
		{"price without currency", "id,price\na,1.00\n", "", []int{2}},
		{"price in words", "id,price,currency\na,ten,EUR\nb,\"1,5\",EUR\nc,1e3,EUR\nd,-1,EUR\ne,.5,EUR\nf,1.505,EUR\ng,1.500,EUR\n", "g", []int{2, 3, 4, 5, 6, 7}},
		{"price beyond 64 bits", "id,price,currency\na,99999999999999999999,EUR\n", "", []int{2}},
		{"stock", "id,stock\na,x\nb,-1\nc,1.5\nd,7\n", "d", []int{2, 3, 4}},
		{"available", "id,available\na,perhaps\nb,true\n", "b", []int{2}},
		{"created", "id,created\na,31.1.2026\nb,2026-02-30\n", "", []int{2, 3}},
		{"vector", "id,vector\na,1 x\nb,NaN\nc,1e99\nd,1 2\n", "d", []int{2, 3, 4}},
		{"empty path", "id,categories\na,Home >  > Mugs\nb,|\n", "b", []int{2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, bad := read(t, catalog.ReadCSV(strings.NewReader(tt.text)))
			var ids []string
			for _, it := range got {
				ids = append(ids, it.ID)
			}
			if tt.name == "row too long in quotes" { // line 2, then each of its lines has one cell for two columns
				if len(bad) != catalog.RowMax/2+1 || bad[0] != 2 || bad[1] != 3 || ids != nil {
					t.Errorf("%d bad rows, items %q", len(bad), ids)
				}
				return
			}
			if diff := cmp.Diff(tt.bad, bad); diff != "" || strings.Join(ids, " ") != tt.ids {
				t.Errorf("items %q, want %q; bad lines (-want +got):\n%s", ids, tt.ids, diff)
			}
		})
	}
}

func TestReadJSONLines(t *testing.T) {
	t.Parallel()
	long := `{"id":"l","title":"` + strings.Repeat("x", catalog.RowMax) + `"}`
	text := "\ufeff" + `{"id":"a","price":{"minor":5,"currency":"EUR"},"attributes":{"k":["v"]},"created":"2026-01-01T00:00:00Z"}` + "\r\n" +
		"  \n" +
		`{"id":"b","available":false}` + "\n" +
		`{"id":"c","colour":"red"}` + "\n" + // unknown field
		`{"id":"d"} {"id":"e"}` + "\n" +
		`{"id":"f"` + "\n" +
		long + "\n" +
		"{\"id\":\"\xff\"}\n" +
		`{"id":"g","stock":-1}` + "\n" +
		`[1]` + "\n" +
		strings.Repeat("[", 100_000) + "\n" +
		`null` + "\n" +
		`{"id":"h"}`
	got, bad := read(t, catalog.ReadJSONLines(strings.NewReader(text)))
	want := []catalog.Item{
		{ID: "a", Price: catalog.Money{Minor: 5, Currency: "EUR"}, Attributes: map[string][]string{"k": {"v"}}, Created: epoch, Available: true},
		{ID: "b"},
		{ID: "h", Available: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{4, 5, 6, 7, 8, 9, 10, 11, 12}, bad); diff != "" {
		t.Errorf("bad lines (-want +got):\n%s", diff)
	}
}

// A file that fails is not a bad row: reading ends, with the file's own error.
func TestReadersPassErrorsOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("cable cut")
	readers := map[string]func(io.Reader) iter.Seq2[catalog.Item, error]{"csv": catalog.ReadCSV, "jsonl": catalog.ReadJSONLines, "tsv": catalog.ReadMerchantTSV, "xml": catalog.ReadMerchantXML}
	texts := map[string][]string{"csv": {"", "id\n", "id\na\nb,\n", "id\n\"a\n"}, "tsv": {"", "id\n"}, "xml": {"", "<r>", "<r><item><id>a</id></item>", "<r><item><id"}, "jsonl": {"", "{}\n", `{"id":"x"}` + "\n{"}}
	for name, reader := range readers {
		for _, text := range texts[name] {
			var last error
			for _, err := range reader(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))) {
				last = err
			}
			if !errors.Is(last, broken) || errors.Is(last, catalog.ErrInvalid) {
				t.Errorf("%s %q ends with %v", name, text, last)
			}
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	const text = "id,title\na,one\n,bad\nb,two\na,three\nx\n"
	stop := errors.New("enough")
	tests := []struct {
		name string
		bad  func(*catalog.RowError) error
		n    int
		err  error
	}{
		{"stop at the first", nil, 1, catalog.ErrInvalid},
		{"go on", func(*catalog.RowError) error { return nil }, 3, nil},
		{"stop as asked", func(e *catalog.RowError) error {
			if e.Line == 6 {
				return stop
			}
			return nil
		}, 3, stop},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cat := catalog.New()
			n, err := cat.Load(catalog.ReadCSV(strings.NewReader(text)), tt.bad)
			if n != tt.n || !errors.Is(err, tt.err) {
				t.Errorf("Load = %d, %v; want %d, %v", n, err, tt.n, tt.err)
			}
			if h, ok := cat.Lookup("a"); n == 3 && (!ok || cat.Item(h).Title != "three" || cat.Len() != 2) {
				t.Error("the last of two rows with one id did not stay")
			}
		})
	}
}

func TestReadersStopOnBreak(t *testing.T) {
	t.Parallel()
	for range catalog.ReadCSV(strings.NewReader("id\na\nb\n")) {
		break
	}
	for range catalog.ReadJSONLines(strings.NewReader("{}\n{}\n")) {
		break
	}
}

// Whatever encoding/csv reads, ReadCSV reads likewise; and whatever it is given, it ends with typed errors.
func FuzzReadCSV(f *testing.F) {
	f.Add("id,title\na,b\n")
	f.Add("id,x\r\na,\"1\r\n2\"\r\nb,\"\"\"\"\r\n\r\nc,")
	f.Add("id\n\"a\nb\n\"c\"\n")
	f.Add("\ufeffid,price,currency\na,1.5,EUR\n")
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[string]catalog.Item{}
		lines := strings.Count(text, "\n") + 1
		last := 0
		for it, err := range catalog.ReadCSV(strings.NewReader(text)) {
			if row, ok := errors.AsType[*catalog.RowError](err); ok {
				if row.Line <= last || row.Line > lines {
					t.Fatalf("bad line %d after %d, of %d", row.Line, last, lines)
				}
				last = row.Line
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := catalog.New().Upsert(it); err != nil {
				t.Fatalf("a reader's item is refused: %v", err)
			}
			seen[it.ID] = it
		}
		oracle := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
		rows, err := oracle.ReadAll()
		if err != nil || len(rows) == 0 || len(rows[0]) != 2 || rows[0][0] != "id" || rows[0][1] != "title" {
			return
		}
		want := map[string]string{}
		for _, row := range rows[1:] {
			if _, err := catalog.New().Upsert(catalog.Item{ID: row[0], Title: row[1]}); err == nil {
				want[row[0]] = row[1]
			}
		}
		got := map[string]string{}
		for id, it := range seen {
			got[id] = it.Title
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("encoding/csv reads %q otherwise (-want +got):\n%s", text, diff)
		}
	})
}

// Whatever it is given, ReadJSONLines ends with typed errors, and items written as JSON are read again.
func FuzzReadJSONLines(f *testing.F) {
	f.Add(`{"id":"a","vector":[1,2]}` + "\n\n" + `{"id":`)
	f.Add("\ufeff{\"id\":\"a\",\"attributes\":{\"k\":[]}}\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		var out strings.Builder
		var want []catalog.Item
		for it, err := range catalog.ReadJSONLines(strings.NewReader(text)) {
			if err != nil {
				if _, ok := errors.AsType[*catalog.RowError](err); !ok {
					t.Fatal(err)
				}
				continue
			}
			line, err := json.Marshal(it)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s\n", line)
			want = append(want, it)
		}
		got, bad := read(t, catalog.ReadJSONLines(strings.NewReader(out.String())))
		if len(got) != len(want) || bad != nil {
			t.Fatalf("%d items written, %d read again; bad lines %v", len(want), len(got), bad)
		}
	})
}
