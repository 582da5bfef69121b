package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/examples/shop/golden"
)

// try posts a form and returns the answer, whatever its status.
func (b *browser) try(path string, form ...string) *http.Response {
	b.t.Helper()
	values := make([]string, 0, len(form))
	for i := 0; i+1 < len(form); i += 2 {
		values = append(values, form[i]+"="+strings.ReplaceAll(form[i+1], " ", "+"))
	}
	resp, err := b.client.Post(b.base+path, "application/x-www-form-urlencoded", strings.NewReader(strings.Join(values, "&")))
	if err != nil {
		b.t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// cookie is the value of a cookie of the browser.
func (b *browser) cookie(name string) string {
	b.t.Helper()
	r, err := http.NewRequest("GET", b.base, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(r.URL) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// as calls the API with an access token.
func (f *fixture) as(token, method, path, body string) *http.Response {
	r, err := http.NewRequest(method, path, strings.NewReader(body))
	if err != nil {
		panic(err) // an address of the test itself
	}
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	return f.send(r)
}

func TestSorting(t *testing.T) {
	f := newShop(t)
	prices := func(sort string) (out []int64) {
		for _, p := range read[productsResponse](t, f.call("GET", "/api/v1/products?limit=50&sort="+sort, ""), 200).Products {
			out = append(out, p.Price.Minor)
		}
		return out
	}
	if got := prices("price"); !slices.IsSorted(got) || got[0] == got[len(got)-1] {
		t.Errorf("not from low to high: %v", got)
	}
	if got := prices("-price"); !slices.IsSortedFunc(got, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("not from high to low: %v", got)
	}
	var created []time.Time
	for _, p := range read[productsResponse](t, f.call("GET", "/api/v1/products?sort=newest", ""), 200).Products {
		created = append(created, p.Created)
	}
	if !slices.IsSortedFunc(created, func(a, b time.Time) int { return b.Compare(a) }) {
		t.Errorf("not the newest first: %v", created)
	}
	problem(t, f.call("GET", "/api/v1/products?sort=magic", ""), http.StatusUnprocessableEntity)
	if page := f.browser(t).get("/search?sort=-price"); !strings.Contains(page, `value="-price" selected`) {
		t.Error("the page does not say how it is sorted")
	}
}

func TestSuggestionsAndSearchesOfBefore(t *testing.T) {
	f := newShop(t)
	word := strings.ToLower(strings.Fields(f.items[0].Title)[1])
	got := read[suggestionsResponse](t, f.call("GET", "/api/v1/suggestions?query="+word[:3], ""), 200)
	if len(got.Suggestions) == 0 || got.Suggestions[0].Count == 0 || !strings.HasPrefix(got.Suggestions[0].Text, word[:2]) {
		t.Errorf("%q: %+v", word[:3], got)
	}
	problem(t, f.call("GET", "/api/v1/suggestions?query="+strings.Repeat("a", queryMax+1), ""), http.StatusUnprocessableEntity)
	b := f.browser(t)
	b.get("/search?query=" + word)
	if page := b.get("/"); !strings.Contains(page, `<option value="`+word+`">`) {
		t.Error("the search of before is not offered")
	}
	b.post("/forget")
	if page := b.get("/"); strings.Contains(page, `<option value="`+word+`">`) {
		t.Error("the search of before is not forgotten")
	}
}

// A filter that makes no sense is left out and named; the search and what was typed stay.
func TestNonsenseInThePriceBox(t *testing.T) {
	f := newShop(t)
	for _, query := range []string{"min_price=cheap", "min_price=20&max_price=10", "max_price=-1"} {
		resp := f.call("GET", "/search?query=tea&"+query, "")
		body := make([]byte, 1<<20)
		n, _ := resp.Body.Read(body)
		page := string(body[:n])
		if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, "That filter was left out") || !strings.Contains(page, `value="tea"`) ||
			!strings.Contains(page, `class="card"`) {
			t.Errorf("%s: status %d", query, resp.StatusCode)
		}
	}
}

func TestLikeShows(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	b.post("/opinion", "item", "p00001", "kind", "like")
	if page := b.get("/products/p00001"); !strings.Contains(page, `value="like" aria-pressed="true"`) || !strings.Contains(page, `value="dislike" aria-pressed="false"`) {
		t.Error("a like does not show")
	}
	b.post("/opinion", "item", "p00001", "kind", "dislike")
	if page := b.get("/products/p00001"); !strings.Contains(page, `value="like" aria-pressed="false"`) || !strings.Contains(page, `value="dislike" aria-pressed="true"`) {
		t.Error("the last opinion does not show")
	}
	other := f.browser(t)
	other.post("/opinion", "item", "p00001", "kind", "dislike")
	if page := other.get("/for-you"); strings.Contains(page, "liked and bought") {
		t.Error("who disliked one thing is told what they liked")
	}
}

// Whoever comes lives through a golden hour within five minutes, and is told that it is a demonstration.
func TestDemonstration(t *testing.T) {
	f := newShop(t)
	now := noon().Add(-6 * time.Hour)
	f.now, f.demonstrate = func() time.Time { return now }, true
	b := f.browser(t)
	page := b.get("/")
	if !strings.Contains(page, "demonstration") || !strings.Contains(page, "Opens in") || !strings.Contains(page, "11:30 to 12:30 (UTC)") {
		t.Errorf("no demonstration is announced")
	}
	for now = now.Add(time.Second); now.Before(noon().Add(-6*time.Hour + 5*time.Minute)); now = now.Add(10 * time.Second) {
		if o, live, ok := f.golden.At(now); ok && live && golden.IsDemonstration(o.Deal) {
			if page := b.get("/"); !strings.Contains(page, "Live now") || !strings.Contains(page, "now, until") {
				t.Error("the page does not say that it is live")
			}
			return
		}
	}
	t.Error("five minutes without a golden hour")
}
