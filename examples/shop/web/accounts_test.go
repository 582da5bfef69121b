package web

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/goldrec/gold/store"
)

const secret = "correct horse battery"

// signUp opens an account with the link in the mailbox, and is logged in then.
func (b *browser) signUp(email string) string {
	b.t.Helper()
	if page := b.post("/signup", "email", email, "name", "Ann", "password", secret); !strings.Contains(page, "Look into your mailbox") {
		b.t.Fatalf("no word of the mail: %s", page)
	}
	token := regexp.MustCompile(`/verify\?token=(\w+)`).FindStringSubmatch(b.get("/mailbox"))
	if token == nil {
		b.t.Fatal("no link in the mailbox")
	}
	return b.post("/verify", "token", token[1])
}

func TestGuestBecomesAccount(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	id := notOnOffer(f)
	b.get("/products/" + id)
	b.post("/cart", "item", id, "units", "2")
	guest := b.visitorID()
	if page := b.signUp("ann@example.org"); !strings.Contains(page, "Your account") || !strings.Contains(page, "ann@example.org") {
		t.Fatalf("not logged in: %s", page)
	}
	if past, err := f.past(t.Context(), guest, 10); err != nil || len(past) != 0 {
		t.Errorf("the guest is still known: %v, %v", past, err)
	}
	if page := b.get("/cart"); !strings.Contains(page, `value="2"`) || !strings.Contains(page, item(f, id).Title) {
		t.Error("the cart did not come along")
	}
	export := b.get("/account/export")
	for _, want := range []string{`"ann@example.org"`, `"kind": "view"`, `"kind": "cart"`, `"quantity": 2`} {
		if !strings.Contains(strings.ToLower(export), want) {
			t.Errorf("the export has no %s: %s", want, export)
		}
	}
	b.post("/logout")
	if page := b.get("/account"); !strings.Contains(page, "Log in") || strings.Contains(page, "ann@example.org") {
		t.Error("still logged in")
	}
	if page := b.get("/cart"); strings.Contains(page, item(f, id).Title) {
		t.Error("the next at this browser sees the cart")
	}
	if page := b.post("/login", "email", "ann@example.org", "password", secret); !strings.Contains(page, "Your account") {
		t.Error("no log-in")
	}
	b.post("/account/delete")
	resp := b.try("/login", "email", "ann@example.org", "password", secret)
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("the log-in after the end: %d", resp.StatusCode)
	}
	if page := b.get("/mailbox"); strings.Contains(page, "ann@example.org") {
		t.Error("the mailbox still knows the address")
	}
	for entry, err := range f.store.Scan(t.Context(), store.Place{}) {
		if err != nil || entry.Interaction.User == guest && entry.Fact != store.Forgotten {
			t.Errorf("the log still knows the guest: %+v, %v", entry, err)
		}
	}
}

// A log-in gives a new session, whatever the browser had before.
func TestLogInRotatesTheSession(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	b.signUp("ann@example.org")
	before := b.cookie(accountCookie)
	b.post("/login", "email", "ann@example.org", "password", secret)
	if after := b.cookie(accountCookie); before == "" || after == before {
		t.Errorf("%q, then %q", before, after)
	}
	if _, err := f.accounts.Session(t.Context(), before); err == nil {
		t.Error("the session before lives on")
	}
}

func TestAddressIsAskedFor(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	id := notOnOffer(f)
	b.post("/cart", "item", id)
	resp := b.try("/checkout", "name", "Ann")
	if resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("half an address: %d", resp.StatusCode)
	}
	b.signUp("ann@example.org")
	b.post("/checkout", address()...)
	b.post("/cart", "item", id)
	if page := b.get("/checkout"); !strings.Contains(page, `value="Main Street 1"`) {
		t.Error("the address of before is not there")
	}
}

// Who knows where it goes, and has nothing in the cart, buys nothing.
func TestEmptyCartIsNotBought(t *testing.T) {
	if page := newShop(t).browser(t).post("/checkout", address()...); strings.Contains(page, "Thank you") {
		t.Error("an empty cart is bought")
	}
}

// Stock falls by what is sold, to nothing, and no further.
func TestStockFalls(t *testing.T) {
	f := newShop(t)
	id := notOnOffer(f)
	stock := item(f, id).Stock
	b := f.browser(t)
	b.post("/cart", "item", id, "units", "2")
	b.post("/checkout", address()...)
	if left := item(f, id).Stock; left != stock-2 {
		t.Fatalf("of %d, %d are left after 2", stock, left)
	}
	other := f.browser(t)
	other.post("/cart", "item", id, "units", "1")
	b.post("/cart", "item", id, "units", "99")
	b.post("/checkout", address()...)
	if it := item(f, id); it.Stock != 0 || it.Available {
		t.Errorf("sold out: %d left, available %v", it.Stock, it.Available)
	}
	if resp := other.try("/checkout", address()...); resp.StatusCode != http.StatusConflict {
		t.Errorf("what is gone is sold: %d", resp.StatusCode)
	}
}

// Of two that one wants, one is left: nothing is sold.
func TestTooFewAreNotSold(t *testing.T) {
	f := newShop(t)
	id := notOnOffer(f)
	b, other := f.browser(t), f.browser(t)
	other.post("/cart", "item", id, "units", "2")
	b.post("/cart", "item", id, "units", strconv.Itoa(item(f, id).Stock-1))
	b.post("/checkout", address()...)
	if resp := other.try("/checkout", address()...); resp.StatusCode != http.StatusConflict || item(f, id).Stock != 1 {
		t.Errorf("two of one: %d, %d left", resp.StatusCode, item(f, id).Stock)
	}
}

func TestTokensBuy(t *testing.T) {
	f := newShop(t)
	f.browser(t).signUp("ann@example.org")
	tokens := read[tokensResponse](t, f.call("POST", "/api/v1/auth/login", `{"email":"ann@example.org","password":"`+secret+`"}`), 200)
	id := notOnOffer(f)
	problem(t, f.call("POST", "/api/v1/cart/add", `{"item":"`+id+`"}`), http.StatusUnauthorized)
	problem(t, f.call("POST", "/api/v1/auth/login", `{"email":"ann@example.org","password":"wrong"}`), http.StatusUnauthorized)
	problem(t, f.as(tokens.Access, "POST", "/api/v1/order/create", `{"address":{"name":"Ann"}}`), http.StatusUnprocessableEntity)
	problem(t, f.as(tokens.Access, "POST", "/api/v1/cart/add", `{"item":"`+id+`","quantity":0}`), http.StatusUnprocessableEntity)
	problem(t, f.as(tokens.Access, "POST", "/api/v1/cart/add", `{"item":"nope"}`), http.StatusUnprocessableEntity)
	whole := `{"address":{"name":"Ann","street":"Main Street 1","postcode":"1","city":"Berlin","country":"Germany"}}`
	problem(t, f.as(tokens.Access, "POST", "/api/v1/order/create", whole), http.StatusConflict) // nothing in the cart
	price := item(f, id).Price.Minor
	cart := read[cartResponse](t, f.as(tokens.Access, "POST", "/api/v1/cart/add", `{"item":"`+id+`","quantity":3}`), 200)
	if cart.Total.Minor != 3*price || len(cart.Lines) != 1 {
		t.Errorf("cart %+v, want 3 at %d", cart, price)
	}
	order := read[orderResponse](t, f.as(tokens.Access, "POST", "/api/v1/order/create", whole), 200)
	if order.Order == "" || order.Total.Minor != 3*price {
		t.Errorf("order %+v", order)
	}
	if left := read[cartResponse](t, f.as(tokens.Access, "GET", "/api/v1/cart", ""), 200); len(left.Lines) != 0 {
		t.Errorf("left in the cart: %+v", left)
	}
	if resp := f.as(tokens.Access, "POST", "/api/v1/auth/logout", `{"refresh_token":"`+tokens.Refresh+`"}`); resp.StatusCode != http.StatusNoContent {
		t.Errorf("log-out: %d", resp.StatusCode)
	}
	problem(t, f.as(tokens.Access, "GET", "/api/v1/cart", ""), http.StatusUnauthorized)
	problem(t, f.call("POST", "/api/v1/auth/refresh", `{"refresh_token":"`+tokens.Refresh+`"}`), http.StatusUnauthorized)
}

func TestThrottledLogInSaysSo(t *testing.T) {
	f := newShop(t)
	b := f.browser(t)
	b.signUp("ann@example.org")
	b.post("/logout")
	for range 5 {
		b.try("/login", "email", "ann@example.org", "password", "wrong")
	}
	resp := b.try("/login", "email", "ann@example.org", "password", secret)
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, retry after %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
}

func TestCartText(t *testing.T) {
	f := newShop(t)
	c := cart{{"p00001", 3}, {"p00002", 1}}
	if got := f.readCart(c.String()); got.String() != c.String() || got.units() != 4 {
		t.Errorf("%v, want %v", got, c)
	}
	for text, want := range map[string]string{
		"p00001": "p00001~1", "p00001~0": "", "p00001~-1": "", "p00001~1000": "p00001~99", "p00001~x": "p00001~1", "nope~2": "",
		"p00001~2.p00001~5": "p00001~2", "~~..~": "",
	} {
		if got := f.readCart(text).String(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := (cart{{"a", 1}, {"b", 2}}).join(cart{{"b", 1}, {"a", 4}}).String(); got != "a~4.b~2" {
		t.Errorf("joined: %s", got)
	}
}
