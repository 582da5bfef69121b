package catalog_test

import (
	"encoding/json"
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

func TestParseFilterForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want catalog.Filter
	}{
		{``, nil},
		{` null `, nil},
		{`{"and":[]}`, catalog.And()},
		{`{"or":[{"available":true}]}`, catalog.Or(catalog.Available())},
		{`{"not":{"available":true}}`, catalog.Not(catalog.Available())},
		{`{"equals":{"field":"brand","value":"Acme"}}`, catalog.Equals("brand", "Acme")},
		{`{"in":{"field":"id","values":["a","b"]}}`, catalog.In("id", "a", "b")},
		{`{"in":{"field":"id","values":[]}}`, catalog.In("id")},
		{`{"range":{"field":"stock","min":1}}`, catalog.Range("stock", 1, math.Inf(1))},
		{`{"range":{"field":"attr.size","max":2.5}}`, catalog.Range("attr.size", math.Inf(-1), 2.5)},
		{`{"price":{"currency":"EUR","max":1999}}`, catalog.Price("EUR", 0, 1999)},
		{`{"created":{"from":"2026-01-01T00:00:00Z"}}`, catalog.Created(epoch, time.Time{})},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			f, err := catalog.ParseFilter([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if (f == nil) != (tt.want == nil) {
				t.Fatalf("ParseFilter = %v; want %v", f, tt.want)
			}
			got, _ := json.Marshal(f)
			want, err := json.Marshal(tt.want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if f != nil && tt.text != string(got) {
				t.Errorf("written again as %s", got)
			}
		})
	}
}

func TestParseFilterRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"no object":      `7`,
		"empty object":   `{}`,
		"two keys":       `{"available":true,"not":{"available":true}}`,
		"unknown key":    `{"equal":{"field":"brand","value":"x"}}`,
		"unknown inside": `{"equals":{"feild":"brand","value":"x"}}`,
		"null member":    `{"and":[null]}`,
		"null not":       `{"not":null}`,
		"wrong type":     `{"equals":{"field":"brand","value":1}}`,
		"cut short":      `{"and":[`,
		"more after":     `{"available":true} {}`,
		"not UTF-8":      "{\"equals\":{\"field\":\"brand\",\"value\":\"\xff\"}}",
		"too deep":       strings.Repeat(`{"not":`, catalog.DepthMax) + `{"available":true}` + strings.Repeat(`}`, catalog.DepthMax),
		"much too deep":  strings.Repeat(`{"not":`, 1_000_000),
		"date":           `{"created":{"from":"yesterday"}}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if f, err := catalog.ParseFilter([]byte(text)); !errors.Is(err, catalog.ErrInvalid) || f != nil {
				t.Errorf("ParseFilter = %v, %v; want ErrInvalid", f, err)
			}
		})
	}
}

// A filter that has been through JSON must match the same items.
func TestFilterRoundTrip(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	cat := catalog.New()
	for i := range 200 {
		if _, err := cat.Upsert(randomItem(rng, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	for range 500 {
		s := randomSpec(rng, 4)
		text, err := json.Marshal(s.filter)
		if err != nil {
			t.Fatalf("%s: %v", s.text, err)
		}
		back, err := catalog.ParseFilter(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
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

// What ParseFilter takes can be compiled or is refused, and written again is the same filter.
func FuzzParseFilter(f *testing.F) {
	f.Add([]byte(`{"and":[{"available":true},{"not":{"in":{"field":"id","values":["a"]}}}]}`))
	f.Add([]byte(`{"or":[{"range":{"field":"attr.x","min":1e300}},{"price":{"currency":"EUR","max":9}}]}`))
	f.Add([]byte(`{"created":{"from":"2026-01-01T00:00:00Z","to":"2026-01-01T00:00:00+01:00"}}`))
	f.Add([]byte(`{"and":null,"not":{}}`))
	cat := catalog.New()
	f.Fuzz(func(t *testing.T, data []byte) {
		filter, err := catalog.ParseFilter(data)
		if err != nil {
			if !errors.Is(err, catalog.ErrInvalid) {
				t.Fatalf("untyped error: %v", err)
			}
			return
		}
		if m, err := cat.Compile(filter); err == nil {
			m.Count()
		}
		text, err := json.Marshal(filter)
		if err != nil {
			t.Fatal(err)
		}
		back, err := catalog.ParseFilter(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again, _ := json.Marshal(back); string(again) != string(text) {
			t.Fatalf("%s written again is %s", text, again)
		}
	})
}
