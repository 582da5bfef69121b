package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

// endless is a body that never ends, and counts what was read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

func TestHugeBodiesAreNotRead(t *testing.T) {
	f := newShop(t)
	for _, length := range []int64{100 << 20, -1} { // announced, and chunked
		body := &endless{}
		r := httptest.NewRequest("POST", "/api/v1/interactions", body)
		r.ContentLength = length
		r.Header.Set("Content-Type", "application/json")
		problem(t, f.send(r), http.StatusRequestEntityTooLarge)
		if body.read > bodyMax+64<<10 {
			t.Errorf("announced as %d, %d bytes were read", length, body.read)
		}
	}
}

func TestBodiesOfOtherTypes(t *testing.T) {
	f := newShop(t)
	for _, header := range []http.Header{
		{}, {"Content-Type": {"text/plain"}}, {"Content-Type": {"application/json; charset=latin1"}},
		{"Content-Type": {";;"}}, {"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
		{"Content-Type": {"application/x-www-form-urlencoded"}},
	} {
		r := httptest.NewRequest("POST", "/api/v1/recommendations", strings.NewReader("{}"))
		r.Header = header
		problem(t, f.send(r), http.StatusUnsupportedMediaType)
	}
	r := httptest.NewRequest("POST", "/api/v1/recommendations", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	if resp := f.send(r); resp.StatusCode != http.StatusOK {
		t.Errorf("JSON with its charset: status %d", resp.StatusCode)
	}
}

func TestWrongMethodNamesTheRightOnes(t *testing.T) {
	f := newShop(t)
	resp := f.call("PUT", "/api/v1/user/profile", "")
	problem(t, resp, http.StatusMethodNotAllowed)
	if got := resp.Header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow: %q", got)
	}
}

func TestPanicIsAProblem(t *testing.T) {
	f := newShop(t)
	f.handle("GET /panic", func(http.ResponseWriter, *http.Request) error { panic("at the disco") })
	p := problem(t, f.call("GET", "/panic", ""), http.StatusInternalServerError)
	if strings.Contains(p.Detail, "disco") {
		t.Errorf("a stranger learns of the panic: %s", p.Detail)
	}
}

// A panic in the middle of an answer aborts it: what follows would pass for its end.
func TestPanicInTheMiddle(t *testing.T) {
	f := newShop(t)
	f.handle("GET /half", func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "[1, 2")
		panic("at the disco")
	})
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("ends with %v", v)
		}
	}()
	resp := f.call("GET", "/half", "")
	body, _ := io.ReadAll(resp.Body)
	t.Errorf("status %d: %s", resp.StatusCode, body)
}

// The directory of static files is not listed.
func TestNoListing(t *testing.T) {
	f := newShop(t)
	if resp := f.call("GET", "/static/", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestFullDisk(t *testing.T) {
	f := newShop(t)
	f.disk.full.Store(true)
	problem(t, f.call("POST", "/api/v1/interactions", `{"user":"u","item":"p00001","kind":"view"}`), http.StatusInsufficientStorage)
	if resp := f.call("GET", "/products/p00001", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("a product cannot be looked at: status %d", resp.StatusCode)
	}
	f.disk.full.Store(false)
	read[interactionsResponse](t, f.call("POST", "/api/v1/interactions", `{"user":"u","item":"p00001","kind":"view"}`), http.StatusOK)
}

func TestOtherSitesCannotPost(t *testing.T) {
	f := newShop(t)
	r := httptest.NewRequest("POST", "/opinion", strings.NewReader("item=p00001&kind=like"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	problem(t, f.send(r), http.StatusForbidden)
}

func TestHeadersKeepBrowsersSafe(t *testing.T) {
	f := newShop(t)
	for _, path := range []string{"/", "/healthz", "/nothing", "/static/shop.css"} {
		h := f.call("GET", path, "").Header
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), want) {
				t.Errorf("%s: policy without %s", path, want)
			}
		}
		if h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: types are guessed", path)
		}
	}
}

// TestPagesStayInTheShop holds that no page fetches anything from anywhere else, and that the policy of the headers
// suffices: no script or style stands in a page.
func TestPagesStayInTheShop(t *testing.T) {
	f := newShop(t)
	outside := regexp.MustCompile(`(?i)(src|href|action|url)\s*[=(]\s*["']?(https?:)?//`)
	inline := regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=`)
	for _, path := range []string{"/", "/for-you", "/products/p00001", "/search", "/search?category=Kitchen", "/cart", "/static/shop.css", "/images/p00001.svg", "/problems/too-large"} {
		resp := f.call("GET", path, "")
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || len(body) == 0 {
			t.Fatalf("%s: status %d, %d bytes, %v", path, resp.StatusCode, len(body), err)
		}
		text := strings.ReplaceAll(string(body), `xmlns="http://www.w3.org/2000/svg"`, "")
		for _, bad := range []*regexp.Regexp{outside, inline} {
			if found := bad.FindString(text); found != "" {
				t.Errorf("%s: %s", path, found)
			}
		}
	}
}

// TestOpenAPINamesEveryRoute keeps the description from being forgotten.
func TestOpenAPINamesEveryRoute(t *testing.T) {
	source, err := os.ReadFile("server.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := files.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	routes := regexp.MustCompile(`"(GET|POST) (/api/v1/[^"]*|/healthz)"`).FindAllStringSubmatch(string(source), -1)
	if len(routes) < 9 {
		t.Fatalf("found only %d routes", len(routes))
	}
	for _, route := range routes {
		if route[2] == "/api/v1/openapi.yaml" {
			continue // the description itself
		}
		_, after, ok := strings.Cut(string(text), "\n  "+route[2]+":\n")
		operations, _, _ := strings.Cut(after, "\n  /")
		if !ok || !strings.Contains(operations, "    "+strings.ToLower(route[1])+":") {
			t.Errorf("openapi.yaml does not describe %s %s", route[1], route[2])
		}
	}
}

func TestBackToStaysHere(t *testing.T) {
	for back, want := range map[string]string{
		"/products/p1": "/products/p1", "/search?query=a": "/search?query=a", "": "/", "//evil.example": "/",
		"https://evil.example/": "/", `/\evil.example`: "/", "products": "/", "\x7f": "/", "javascript:alert(1)": "/",
	} {
		r := &http.Request{PostForm: url.Values{"back": {back}}}
		if got := backTo(r); got != want {
			t.Errorf("backTo(%q) = %q, want %q", back, got, want)
		}
	}
}

// FuzzUnmarshal holds that no body panics or is accepted in part, and that every refusal is a problem.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{`{"n":1}`, `{"n":"x"}`, `{"filter":{"min_price":1e9}}`, `{"items":[1]}`, `{`, `[]`, "\xff", `{"a":1}`, `{} {}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var req recommendationsRequest
		err := unmarshal(body, &req, "")
		if p := (*Problem)(nil); err != nil {
			if p = problemOf(err); p.Status != http.StatusBadRequest || p.Detail == "" {
				t.Errorf("%q: %+v", body, p)
			}
		}
	})
}
