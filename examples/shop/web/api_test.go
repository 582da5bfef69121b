package web

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

// shape is what remains of a JSON value when every value is replaced by its kind; of an array the first entry stands for
// all.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			out[name] = shape(value)
		}
		return out
	case []any:
		if len(v) == 0 {
			return []any{}
		}
		return []any{shape(v[0])}
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	}
	return "null"
}

type object = map[string]any

func productShape(more object) object {
	money := object{"minor": "number", "currency": "string"}
	out := object{
		"id": "string", "title": "string", "description": "string", "categories": []any{"string"}, "brand": "string",
		"price": money, "image": "string", "stock": "number", "available": "boolean", "created": "string",
		"attributes": object{
			"colour": []any{"string"}, "material": []any{"string"}, "collection": []any{"string"}, "kind": []any{"string"}, "rating": []any{"string"},
		},
	}
	maps.Copy(out, more)
	return out
}

// TestShapes holds the form of every answer, which is a promise to clients: see openapi.yaml.
func TestShapes(t *testing.T) {
	f := newShop(t)
	o, _, _ := f.golden.At(noon())
	deal := object{"price": object{"minor": "number", "currency": "string"}, "until": "string"}
	facet := []any{object{"value": "string", "count": "number"}}
	reason := []any{object{"model": "string", "share": "number"}}
	page := object{
		"items": []any{productShape(object{"score": "number", "source": "string", "reasons": reason})}, "model_version": "number",
		"variant": "string", "next": "string",
	}
	for _, tt := range []struct {
		name, method, path, body string
		want                     any
	}{
		{"recommendations", "POST", "/api/v1/recommendations", `{"user":"shopper-0001","n":2,"explain":true}`, page},
		{"interaction", "POST", "/api/v1/interactions", `{"user":"u","item":"p00001","kind":"view"}`, object{"recorded": "number"}},
		{"profile", "POST", "/api/v1/user/profile", `{"user":"u","segments":["vip"],"attributes":{"country":"FR"},"preferences":{"brand":["Li"]}}`, object{
			"user": "string", "version": "number", "segments": []any{"string"}, "attributes": object{"country": "string"},
			"preferences": object{"brand": []any{"string"}}, "updated": "string",
		}},
		{"profile again", "GET", "/api/v1/user/profile?user=u", "", object{
			"user": "string", "version": "number", "segments": []any{"string"}, "attributes": object{"country": "string"},
			"preferences": object{"brand": []any{"string"}}, "updated": "string",
		}},
		{"product", "GET", "/api/v1/products/" + notOnOffer(f), "", productShape(nil)},
		{"product on offer", "GET", "/api/v1/products/" + o.Deal.Items[0], "", productShape(object{"deal": deal})},
		{"products", "GET", "/api/v1/products?query=" + strings.Fields(item(f, notOnOffer(f)).Title)[0] + "&limit=1&offset=0&available=true", "", object{
			"products": []any{productShape(nil)}, "total": "number", "offset": "number", "limit": "number",
			"facets": object{"category": facet, "brand": facet},
		}},
		{"nothing found", "GET", "/api/v1/products?query=zzz", "", object{
			"products": []any{}, "total": "number", "offset": "number", "limit": "number",
			"facets": object{"category": []any{}, "brand": []any{}},
		}},
		{"similar, untrained", "GET", "/api/v1/products/p00001/similar", "", object{
			"items": []any{}, "model_version": "number", "variant": "string", "next": "string",
		}},
		{"variant", "POST", "/api/v1/ab-test/variant", `{"user":"u","experiment":"ranking"}`, object{
			"user": "string", "experiment": "string", "variant": "string", "reason": "string",
		}},
		{"health", "GET", "/healthz", "", object{"status": "string", "products": "number", "model_version": "number"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := f.call(tt.method, tt.path, tt.body)
			got := shape(read[any](t, resp, http.StatusOK))
			if products, ok := got.(object)["products"].([]any); ok && len(products) > 0 {
				delete(products[0].(object), "deal") // of whichever product is found first
			}
			if items, ok := got.(object)["items"].([]any); ok && len(items) > 0 {
				delete(items[0].(object), "deal")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("shape (-want +got):\n%s", diff)
			}
			if kind := resp.Header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("content type %q", kind)
			}
		})
	}
}

func notOnOffer(f *fixture) string {
	o, _, _ := f.golden.At(noon())
	for i := range f.items {
		if id := f.items[i].ID; f.items[i].Available && !strings.Contains(fmt.Sprint(o.Deal.Items), id) {
			return id
		}
	}
	return ""
}

func item(f *fixture, id string) *catalog.Item {
	it, _ := f.item(id)
	return it
}

// TestProblems holds what the API answers to what it cannot use.
func TestProblems(t *testing.T) {
	f := newShop(t)
	const recs, posts, profile = "/api/v1/recommendations", "/api/v1/interactions", "/api/v1/user/profile"
	long := strings.Repeat("x", store.IDMax+1)
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		where                    string // the first field error's place
		detail                   string // part of the detail
	}{
		{"unknown route", "GET", "/api/v2/nothing", "", 404, "", "/api/v2/nothing"},
		{"unknown page", "GET", "/nothing", "", 404, "", "/nothing"},
		{"wrong method", "DELETE", recs, "", 405, "", "POST"},
		{"no content type", "POST", recs, "", 415, "", "application/json"},
		{"cut short", "POST", recs, `{"user":`, 400, "", "line 1, column 9"},
		{"syntax on line 2", "POST", recs, "{\n  \"n\": 1,,\n}", 400, "", "line 2, column 10"},
		{"not an object", "POST", recs, `"x"`, 400, "#", "line 1"},
		{"null byte", "POST", recs, "{\"user\":\"\x00\"}", 400, "", "column 10"},
		{"not UTF-8", "POST", recs, "{\"user\":\"\xff\"}", 400, "", "column 10: not UTF-8"},
		{"more behind it", "POST", recs, `{} {}`, 400, "", "more after the end"},
		{"nested deep", "POST", recs, strings.Repeat("[", 20_000), 400, "", ""},
		{"unknown field", "POST", recs, `{"usr":"x"}`, 400, "#/usr", "usr"},
		{"unknown field inside", "POST", recs, `{"filter":{"brand":"Li","attributes":{}}}`, 400, "#/filter/attributes", "filter/attributes"},
		{"unknown field of odd name", "POST", recs, `{"a/b~c":1}`, 400, "#/a~1b~0c", ""},
		{"field in another case", "POST", recs, `{"n":5,"N":6}`, 400, "#/N", ""},
		{"field twice", "POST", recs, `{"n":5,"user":"x","n":6}`, 400, "#/n", "twice"},
		{"field twice inside", "POST", recs, `{"filter":{"min_price":5,"min_price":6}}`, 400, "#/filter/min_price", "twice"},
		{"field twice in a list", "POST", profile, `{"user":"u","preferences":{"brand":["Li"],"brand":[]}}`, 400, "#/preferences/brand", "twice"},
		{"field twice in a batch", "POST", posts, `[{"user":"u","item":"p00001","kind":"view","kind":"like"}]`, 400, "#/0/kind", "twice"},
		{"null", "POST", recs, ` null `, 400, "#", "null"},
		{"null in a batch", "POST", posts, `[null]`, 400, "#/0", "null"},
		{"wrong type", "POST", recs, `{"n":"ten"}`, 400, "#/n", ""},
		{"wrong type inside", "POST", recs, `{"filter":{"min_price":1.5}}`, 400, "#/filter/min_price", ""},
		{"n of zero", "POST", recs, `{"n":0}`, 422, "#/n", ""},
		{"n below zero", "POST", recs, `{"n":-1}`, 422, "#/n", ""},
		{"n of a million", "POST", recs, `{"n":1000000}`, 422, "#/n", ""},
		{"user too long", "POST", recs, `{"user":"` + long + `"}`, 422, "#/user", ""},
		{"unknown seed", "POST", recs, `{"seeds":["p00001","nope"]}`, 422, "#/seeds/1", ""},
		{"unknown item to rank", "POST", recs, `{"items":["nope"]}`, 422, "#/items/0", ""},
		{"unknown model", "POST", recs, `{"model":"oracle"}`, 422, "", "oracle"},
		{"foreign cursor", "POST", recs, `{"cursor":"!!"}`, 422, "", "cursor"},
		{"prices upside down", "POST", recs, `{"filter":{"min_price":9,"max_price":1}}`, 422, "#/filter/max_price", ""},
		{"negative price", "POST", recs, `{"filter":{"min_price":-9}}`, 422, "#/filter/min_price", ""},
		{"too many seeds", "POST", recs, `{"seeds":[` + strings.Repeat(`"p00001",`, 1000) + `"p00001"]}`, 422, "#/seeds", ""},
		{"empty interaction", "POST", posts, `{}`, 422, "#/user", ""},
		{"unknown item", "POST", posts, `{"user":"u","item":"nope","kind":"view"}`, 422, "#/item", ""},
		{"unknown kind", "POST", posts, `{"user":"u","item":"p00001","kind":"sniff"}`, 422, "#/kind", ""},
		{"bad time", "POST", posts, `{"user":"u","item":"p00001","kind":"view","time":"yesterday"}`, 422, "#/time", ""},
		{"time to come", "POST", posts, `{"user":"u","item":"p00001","kind":"view","time":"2199-01-01T00:00:00Z"}`, 422, "#/time", ""},
		{"time before time", "POST", posts, `{"user":"u","item":"p00001","kind":"view","time":"0001-01-01T00:00:00Z"}`, 422, "#/time", ""},
		{"value beyond numbers", "POST", posts, `{"user":"u","item":"p00001","kind":"rating","value":1e999}`, 400, "#/value", ""},
		{"second of a batch", "POST", posts, `[{"user":"u","item":"p00001","kind":"view"},{"user":"u","item":"nope","kind":"view"}]`, 422, "#/1/item", ""},
		{"unknown field in a batch", "POST", posts, `[{"user":"u","item":"p00001","kind":"view","x":1}]`, 400, "#/0/x", ""},
		{"batch too long", "POST", posts, "[" + strings.Repeat("{},", 1000) + "{}]", 422, "#", ""},
		{"rating of 1e300", "POST", posts, `{"user":"u","item":"p00001","kind":"rating","value":1e300}`, 422, "", "1e+300"},
		{"rating of 1e30", "POST", posts, `{"user":"u","item":"p00001","kind":"rating","value":1e30}`, 422, "", "1e+30"},
		{"rating below the scale", "POST", posts, `{"user":"u","item":"p00001","kind":"rating","value":-3}`, 422, "", "rating -3"},
		{"purchase of 1e30", "POST", posts, `{"user":"u","item":"p00001","kind":"purchase","value":1e30}`, 422, "", "1e+30"},
		{"profile of nobody", "POST", profile, `{}`, 422, "#/user", ""},
		{"profile of whom", "GET", profile, "", 422, "user", ""},
		{"similar for a user of a kilobyte", "GET", "/api/v1/products/p00001/similar?user=" + long + long, "", 422, "", "user"},
		{"profile not stored", "GET", profile + "?user=nobody", "", 404, "", "nobody"},
		{"stale profile", "POST", profile, `{"user":"u","version":7}`, 409, "", ""},
		{"unknown product", "GET", "/api/v1/products/nope", "", 404, "", "nope"},
		{"product of a kilobyte", "GET", "/api/v1/products/" + long + long, "", 404, "", ""},
		{"nothing similar to it", "GET", "/api/v1/products/nope/similar", "", 404, "", "nope"},
		{"similar of a million", "GET", "/api/v1/products/p00001/similar?n=1000000", "", 422, "n", ""},
		{"limit too high", "GET", "/api/v1/products?limit=101", "", 422, "limit", ""},
		{"offset below zero", "GET", "/api/v1/products?offset=-1", "", 422, "offset", ""},
		{"price of words", "GET", "/api/v1/products?min_price=cheap", "", 422, "min_price", ""},
		{"prices crossed", "GET", "/api/v1/products?min_price=10&max_price=5", "", 422, "max_price", ""},
		{"perhaps available", "GET", "/api/v1/products?available=perhaps", "", 422, "available", ""},
		{"query not UTF-8", "GET", "/api/v1/products?query=%ff", "", 422, "query", ""},
		{"unknown parameter", "GET", "/api/v1/products?q=tea", "", 422, "q", ""},
		{"unknown experiment", "POST", "/api/v1/ab-test/variant", `{"user":"u","experiment":"x"}`, 404, "", "x"},
		{"report of an unknown experiment", "GET", "/api/v1/ab-test/report?experiment=x", "", 404, "", "x"},
		{"report without an experiment", "GET", "/api/v1/ab-test/report", "", 404, "", ""},
		{"report in a form that is none", "GET", "/api/v1/ab-test/report?experiment=ranking&format=pdf", "", 422, "format", ""},
		{"experiment without user", "POST", "/api/v1/ab-test/variant", `{"experiment":"ranking"}`, 422, "#/user", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := problem(t, f.call(tt.method, tt.path, tt.body), tt.status)
			if !strings.Contains(p.Detail, tt.detail) {
				t.Errorf("detail %q does not say %q", p.Detail, tt.detail)
			}
			where := ""
			if len(p.Errors) > 0 {
				where = p.Errors[0].Pointer + p.Errors[0].Parameter
			}
			if where != tt.where {
				t.Errorf("blames %q, want %q", where, tt.where)
			}
		})
	}
}

func TestProfileIsGuardedByItsVersion(t *testing.T) {
	f := newShop(t)
	first := read[store.Profile](t, f.call("POST", "/api/v1/user/profile", `{"user":"u","version":0}`), 200)
	if first.Version != 1 {
		t.Errorf("first version %d", first.Version)
	}
	problem(t, f.call("POST", "/api/v1/user/profile", `{"user":"u","version":0,"segments":["late"]}`), http.StatusConflict)
	second := read[store.Profile](t, f.call("POST", "/api/v1/user/profile", `{"user":"u","version":1,"segments":["vip"]}`), 200)
	got := read[store.Profile](t, f.call("GET", "/api/v1/user/profile?user=u", ""), 200)
	if diff := cmp.Diff(second, got); diff != "" || got.Version != 2 {
		t.Errorf("version %d: %s", got.Version, diff)
	}
}

func TestBatchIsAllOrNothing(t *testing.T) {
	f := newShop(t)
	problem(t, f.call("POST", "/api/v1/interactions", `[{"user":"u","item":"p00001","kind":"view"},{"user":"u"}]`), 422)
	if past, err := f.past(t.Context(), "u", 10); err != nil || len(past) != 0 {
		t.Errorf("half a batch was recorded: %v, %v", past, err)
	}
	got := read[interactionsResponse](t, f.call("POST", "/api/v1/interactions",
		`[{"user":"u","item":"p00001","kind":"view"},{"user":"u","item":"p00002","kind":"rating","value":4.5,"time":"2026-04-30T10:00:00+02:00"}]`), 200)
	past, err := f.past(t.Context(), "u", 10)
	if err != nil || got.Recorded != 2 || len(past) != 2 || past[0].Value != 4.5 || past[0].Time.Hour() != 8 || !past[1].Time.Equal(noon()) {
		t.Errorf("recorded %d: %+v, %v", got.Recorded, past, err)
	}
	if got := read[interactionsResponse](t, f.call("POST", "/api/v1/interactions", "[]"), 200); got.Recorded != 0 {
		t.Errorf("an empty batch recorded %d", got.Recorded)
	}
}

func TestSearchNarrowsDown(t *testing.T) {
	f := newShop(t)
	all := read[productsResponse](t, f.call("GET", "/api/v1/products?limit=100", ""), 200)
	if all.Total != 200 || len(all.Products) != 100 {
		t.Fatalf("%d of %d products", len(all.Products), all.Total)
	}
	second := read[productsResponse](t, f.call("GET", "/api/v1/products?limit=100&offset=100", ""), 200)
	seen := map[string]bool{}
	for _, p := range append(all.Products, second.Products...) {
		seen[p.ID] = true
	}
	if len(seen) != 200 {
		t.Errorf("two pages of 100 show %d products", len(seen))
	}
	for _, tt := range []struct {
		query string
		want  func(p product) bool
	}{
		{"category=Kitchen", func(p product) bool { return strings.HasPrefix(p.Categories[0], "Kitchen") }},
		{"category=Kitchen+%3E+Tea", func(p product) bool { return p.Categories[0] == "Kitchen > Tea" }},
		{"min_price=2000&max_price=5000", func(p product) bool { return p.Price.Minor >= 2000 && p.Price.Minor <= 5000 }},
		{"available=false", func(p product) bool { return !p.Available }},
		{"query=LAMP", func(p product) bool {
			return strings.Contains(strings.ToLower(p.Title+p.Description+p.Categories[0]), "lamp")
		}},
		{"query=kitchen+sage", func(p product) bool {
			return strings.HasPrefix(p.Categories[0], "Kitchen") && strings.Contains(p.Title, "sage")
		}},
	} {
		t.Run(tt.query, func(t *testing.T) {
			want := 0
			for _, it := range f.items {
				if tt.want(f.product(&it)) {
					want++
				}
			}
			got := read[productsResponse](t, f.call("GET", "/api/v1/products?limit=100&"+tt.query, ""), 200)
			if got.Total != want || want == 0 || want == 200 {
				t.Errorf("%d products, want %d", got.Total, want)
			}
			for _, p := range got.Products {
				if !tt.want(p) {
					t.Errorf("found %+v", p)
				}
			}
		})
	}
}
