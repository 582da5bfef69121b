package web

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

// browser is a person with cookies.
type browser struct {
	t      *testing.T
	client *http.Client
	base   string
}

func (f *fixture) browser(t *testing.T) *browser {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	return &browser{t, client, server.URL}
}

func (b *browser) page(resp *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.t.Fatalf("status %d, %v: %s", resp.StatusCode, err, body)
	}
	return string(body)
}

func (b *browser) get(path string) string {
	b.t.Helper()
	return b.page(b.client.Get(b.base + path))
}

func (b *browser) post(path string, form ...string) string {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	return b.page(b.client.PostForm(b.base+path, values))
}

// row is the products of a row of a page, in order; none when the page has no such row.
func rowOf(page, place string) (ids []string) {
	_, after, _ := strings.Cut(page, `data-place="`+place+`"`)
	cards, _, _ := strings.Cut(after, "</ul>")
	for _, link := range regexp.MustCompile(`href="/products/([^"?]+)`).FindAllStringSubmatch(cards, -1) {
		ids = append(ids, html.UnescapeString(link[1]))
	}
	return ids
}

// address is a checkout form that is filled in.
func address() []string {
	return []string{"name", "Ann", "street", "Main Street 1", "postcode", "12345", "city", "Berlin", "country", "Germany"}
}

// visitorID is who the browser is to the shop.
func (b *browser) visitorID() string {
	u, err := url.Parse(b.base)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == visitorCookie {
			return c.Value
		}
	}
	return ""
}

// TestOneClickMakesItPersonal is the walk of somebody new: trending at once, personal after one click, though the last
// training was before they came.
func TestOneClickMakesItPersonal(t *testing.T) {
	f := newShop(t)
	if _, err := f.engine.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := f.browser(t)
	first := b.get("/")
	trending := rowOf(first, "trending")
	if len(trending) != rowLen || rowOf(first, "for-you") != nil {
		t.Fatalf("a stranger sees %v for them and %v trending", rowOf(first, "for-you"), trending)
	}
	id := notOnOffer(f)
	b.get("/products/" + id + "?from=trending")
	second := b.get("/")
	personal := rowOf(second, "for-you")
	if len(personal) != rowLen || cmp.Equal(personal, trending) || slices.Contains(personal, id) {
		t.Errorf("after a click on %s: %v", id, personal)
	}
	if got := rowOf(second, "recent"); !cmp.Equal(got, []string{id}) {
		t.Errorf("looked at %v, want %s", got, id)
	}
	past, err := f.past(t.Context(), b.visitorID(), 10)
	if err != nil || len(past) != 2 || past[0].Kind != store.View || past[1].Kind != store.Click ||
		past[1].Placement != "trending" {
		t.Errorf("recorded %+v, %v", past, err)
	}
}

func TestShoppersSeeDifferentThings(t *testing.T) {
	f := newShop(t)
	if _, err := f.engine.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := f.browser(t)
	rows := map[string]bool{}
	for _, shopper := range f.shoppers {
		page := b.post("/visitor", "visitor", shopper.ID)
		if b.visitorID() != shopper.ID || !strings.Contains(page, html.EscapeString(shopper.Name)) {
			t.Fatalf("switched to %s, but is %s", shopper.ID, b.visitorID())
		}
		row := rowOf(page, "for-you")
		rows[fmt.Sprint(row)] = true
		past, err := f.past(t.Context(), shopper.ID, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range past {
			if in.Kind != store.Impression && slices.Contains(row, in.Item) {
				t.Errorf("%s was with %s before and sees it again", shopper.ID, in.Item)
			}
		}
		for _, id := range row {
			if it, ok := f.item(id); !ok || !it.Available {
				t.Errorf("%s sees %s, which cannot be had", shopper.ID, id)
			}
		}
	}
	if len(rows) != len(f.shoppers) {
		t.Errorf("%d shoppers see %d different rows", len(f.shoppers), len(rows))
	}
}

func TestNobodyCanBeJustAnyone(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	b.post("/visitor", "visitor", "shopper-0059; admin")
	if !madeUp.MatchString(b.visitorID()) {
		t.Errorf("the visitor became %q", b.visitorID())
	}
}

func TestCartToPurchase(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	id := notOnOffer(f)
	if page := b.post("/cart", "item", id, "do", "add", "back", "/products/"+id); !strings.Contains(page, "In your cart") {
		t.Error("the product page does not know of the cart")
	}
	other := f.items[slices.IndexFunc(f.items, func(it catalog.Item) bool { return it.Available && it.ID != id })].ID
	b.post("/cart", "item", other, "do", "add")
	if page := b.post("/cart", "item", other, "do", "remove", "back", "/cart"); !strings.Contains(page, item(f, id).Title) ||
		strings.Contains(page, `value="`+other+`"`) {
		t.Error("the cart does not hold what was left in it")
	}
	if page := b.post("/checkout", address()...); !strings.Contains(page, "Thank you") {
		t.Error("no thanks")
	}
	past, err := f.past(t.Context(), b.visitorID(), 10)
	if err != nil {
		t.Fatal(err)
	}
	var bought []string
	for _, in := range past {
		if in.Kind == store.Purchase {
			bought = append(bought, in.Item)
		}
	}
	if !cmp.Equal(bought, []string{id}) {
		t.Errorf("bought %v, want %s", bought, id)
	}
}

func TestOpinionAndForget(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	b.post("/opinion", "item", "p00001", "kind", "dislike", "back", "/")
	me := b.visitorID()
	if past, err := f.past(t.Context(), me, 10); err != nil || len(past) != 1 || past[0].Kind != store.Dislike {
		t.Errorf("recorded %+v, %v", past, err)
	}
	b.post("/forget")
	if past, err := f.past(t.Context(), me, 10); err != nil || len(past) != 0 || b.visitorID() == me {
		t.Errorf("still known: %+v, %v", past, err)
	}
}

func TestForYouPagesDoNotRepeat(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	b.post("/visitor", "visitor", f.shoppers[0].ID)
	seen, path := map[string]bool{}, "/for-you"
	for pages := 0; path != ""; pages++ {
		page := b.get(path)
		for _, id := range rowOf(page, "for-you") {
			if seen[id] {
				t.Errorf("%s comes twice", id)
			}
			seen[id] = true
		}
		next := regexp.MustCompile(`href="(/for-you\?cursor=[^"]+)"`).FindStringSubmatch(page)
		if path = ""; next != nil {
			path = html.UnescapeString(next[1])
		}
		if pages > 20 {
			t.Fatal("no end")
		}
	}
	if len(seen) < 50 {
		t.Errorf("only %d products in all", len(seen))
	}
}

// What is said of a product is said when it is true: nobody has bought an empty cart, and a stranger has liked nothing.
func TestNothingIsMadeUp(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	if page := b.post("/checkout"); strings.Contains(page, "Thank you") {
		t.Error("an empty cart is bought")
	}
	if page := b.get("/for-you"); strings.Contains(page, "liked and bought") || !strings.Contains(page, "until we know you") {
		t.Error("a stranger's page is from what they liked")
	}
	if _, err := f.catalog.Upsert(catalog.Item{ID: "jar", Attributes: map[string][]string{"öl": {"yes"}}, Available: true}); err != nil {
		t.Fatal(err)
	}
	if page := b.get("/products/jar"); !strings.Contains(page, "<dt>Öl</dt>") {
		t.Error("the attribute öl is garbled")
	}
}

// Before the hour its price is announced, and not the product's.
func TestGoldenHourToCome(t *testing.T) {
	f := newShop(t)
	f.now = func() time.Time { return noon().Add(-2 * time.Hour) }
	o, live, ok := f.golden.At(f.now())
	if live || !ok {
		t.Fatal("the golden hour is live at ten")
	}
	home, was := f.browser(t).get("/"), item(f, o.Deal.Items[0]).Price
	if strings.Contains(home, "<ins>") || !strings.Contains(home, money(f.golden.Reduced(o.Deal, was))+" from 11:30") {
		t.Error("the home page shows the price of an hour to come as that of now")
	}
}

func TestGoldenHourOnThePages(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	o, live, ok := f.golden.At(noon())
	if !live || !ok {
		t.Fatal("the golden hour is not live at noon")
	}
	home := b.get("/")
	if !strings.Contains(home, ">0:30:00<") || !strings.Contains(home, "Live now") || strings.Count(home, "<del>") < len(o.Deal.Items) {
		t.Error("the home page does not show the golden hour")
	}
	page := b.get("/products/" + o.Deal.Items[0])
	was := item(f, o.Deal.Items[0]).Price
	if !strings.Contains(page, "<del>"+money(was)+"</del>") || !strings.Contains(page, "<ins>"+money(f.golden.Reduced(o.Deal, was))+"</ins>") {
		t.Error("the product page does not show both prices")
	}
}

func TestPagesForPeopleExplainProblems(t *testing.T) {
	f := newShop(t)
	r := httptest.NewRequest("GET", "/products/nope", nil)
	r.Header.Set("Accept", "text/html,*/*")
	resp := f.send(r)
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusNotFound || !strings.Contains(resp.Header.Get("Content-Type"), "text/html") ||
		!strings.Contains(string(body), "Unknown product") {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
}

func TestEscaping(t *testing.T) {
	f := newShop(t)
	id := `a/b "<c>&.` + "é"
	if _, err := f.catalog.Upsert(catalog.Item{ID: id, Title: `<script>alert("x")</script>`, Available: true}); err != nil {
		t.Fatal(err)
	}
	b := f.browser(t)
	page := b.get("/products/" + url.PathEscape(id))
	if strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;alert") {
		t.Error("a title runs as a script")
	}
	b.post("/cart", "item", id, "do", "add", "back", "/")
	if cart := b.get("/cart"); !strings.Contains(cart, html.EscapeString(id)) {
		t.Error("an odd identifier gets lost in the cart's cookie")
	}
	b.get("/images/" + url.PathEscape(id) + ".svg")
	read[product](t, f.call("GET", "/api/v1/products/"+url.PathEscape(id), ""), 200)
}
