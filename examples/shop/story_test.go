package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// person is somebody with a browser at a shop of its own process.
type person struct {
	t      *testing.T
	base   string
	client *http.Client
}

func (p *process) person(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t, p.base, &http.Client{Jar: jar}}
}

// see follows a link, or posts a form when there is one, and returns the page behind it.
func (p *person) see(path string, form ...string) string {
	p.t.Helper()
	var resp *http.Response
	var err error
	if len(form) == 0 {
		resp, err = p.client.Get(p.base + path)
	} else {
		values := url.Values{}
		for i := 0; i+1 < len(form); i += 2 {
			values.Set(form[i], form[i+1])
		}
		resp, err = p.client.PostForm(p.base+path, values)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: status %d, %v: %s", path, resp.StatusCode, err, body)
	}
	return string(body)
}

// find is what the pattern's group finds in a page.
func (p *person) find(page, pattern string) string {
	p.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if m == nil {
		p.t.Fatalf("nothing like %s in %s", pattern, page)
	}
	return m[1]
}

// TestStory walks from the door to the order: browse as a guest, sign up, buy what the guest had put into the cart; then
// the shop is opened again, and the account with its order is there. At last everything is forgotten.
func TestStory(t *testing.T) {
	flags := []string{"-data", filepath.Join(t.TempDir(), "shop"), "-items", "60", "-shoppers", "5", "-log", "error"}
	shop := start(t, flags...)
	ann := shop.person(t)
	id := ann.find(ann.see("/search?available=true&sort=-price"), `href="/products/(p\d+)`)
	ann.see("/products/" + id + "?from=search")
	ann.see("/cart", "item", id, "units", "1")
	ann.see("/signup", "name", "Ann", "email", "ann@example.org", "password", "correct horse battery")
	ann.see("/verify", "token", ann.find(ann.see("/mailbox"), `/verify\?token=(\w+)`))
	if cart := ann.see("/cart"); !strings.Contains(cart, id) {
		t.Error("what the guest had in the cart is gone")
	}
	order := ann.find(ann.see("/checkout", "name", "Ann", "street", "Main Street 1", "postcode", "10115", "city", "Berlin", "country", "Germany"),
		`Your order is <strong>(o-\w+)`)
	if err := shop.stop(syscall.SIGTERM); err != nil {
		t.Fatalf("%v:\n%s", err, shop.log)
	}

	again := start(t, flags...)
	ann = again.person(t)
	account := ann.see("/login", "email", "ann@example.org", "password", "correct horse battery")
	for _, want := range []string{order, "Main Street 1"} {
		if !strings.Contains(account, want) {
			t.Errorf("after a restart the account has no %s", want)
		}
	}
	if data := ann.see("/account/export"); !strings.Contains(data, order) || !strings.Contains(data, "ann@example.org") {
		t.Errorf("the export lacks the order or the address: %s", data)
	}
	if home := ann.see("/"); !strings.Contains(home, "For you") {
		t.Error("the home page is not hers")
	}
	ann.see("/account/delete", "sure", "yes")
	resp, err := ann.client.PostForm(again.base+"/login", url.Values{"email": {"ann@example.org"}, "password": {"correct horse battery"}})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a log-in to a deleted account: status %d", resp.StatusCode)
	}
}
