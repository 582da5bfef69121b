package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

// service is a replica on a store in memory.
func service(t *testing.T) (r *replica, public http.Handler) {
	cat := catalog.New()
	for _, id := range []string{"tea", "teapot", "honey"} {
		if _, err := cat.Upsert(catalog.Item{ID: id, Available: true}); err != nil {
			t.Fatal(err)
		}
	}
	engine, err := recommend.Open(t.Context(), store.NewMemory(store.MemoryOptions{}), recommend.Options{Catalog: cat})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	r = newReplica(slog.New(slog.DiscardHandler))
	return r, r.open(engine)
}

func ask(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestService(t *testing.T) {
	t.Parallel()
	r, public := service(t)
	click := `[{"id":"1","user":"ann","item":"tea","kind":"click","time":"2026-01-02T03:04:05Z"}]`
	for range 2 { // sent again, it counts once
		if w := ask(public, "POST", "/v1/interactions", click); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
			t.Errorf("a click: %d %s", w.Code, w.Body)
		}
	}
	w := ask(public, "GET", "/v1/recommendations?user=ann&n=3", "")
	if body := w.Body.String(); w.Code != http.StatusOK || strings.Contains(body, `"tea"`) || !strings.Contains(body, `"teapot"`) {
		t.Errorf("a page: %d %s", w.Code, w.Body)
	}
	if w := ask(public, "DELETE", "/v1/users/ann", ""); w.Code != http.StatusNoContent {
		t.Errorf("forget: %d %s", w.Code, w.Body)
	}
	if w := ask(public, "GET", "/v1/recommendations?user=ann&n=3", ""); !strings.Contains(w.Body.String(), `"tea"`) {
		t.Errorf("a page of who was forgotten: %s", w.Body)
	}
	metrics := ask(r.private(), "GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`gold_request_seconds_count{code="204",route="interactions"} 2`, `gold_request_seconds_count{code="200",route="recommendations"} 2`,
		"gold_model_version 0", "gold_users 1", "go_goroutines", "process_cpu_seconds_total",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s among the metrics", want)
		}
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	_, public := service(t)
	one := `{"user":"ann","item":"tea","kind":"click","time":"2026-01-02T03:04:05Z"}`
	for _, c := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"no body", "POST", "/v1/interactions", "", 400},
		{"not JSON", "POST", "/v1/interactions", "tea", 400},
		{"an object", "POST", "/v1/interactions", one, 400},
		{"more behind it", "POST", "/v1/interactions", "[" + one + "][]", 400},
		{"a field that nobody knows", "POST", "/v1/interactions", strings.Replace("["+one+"]", `"user"`, `"usr":"","user"`, 1), 400},
		{"no item", "POST", "/v1/interactions", `[{"user":"ann","kind":"click","time":"2026-01-02T03:04:05Z"}]`, 400},
		{"no such kind", "POST", "/v1/interactions", `[{"user":"ann","item":"tea","kind":"lick"}]`, 400},
		{"too many", "POST", "/v1/interactions", "[" + strings.Repeat(one+",", 1000) + one + "]", 400},
		{"as many as may be", "POST", "/v1/interactions", "[" + strings.Repeat(one+",", 999) + one + "]", 204},
		{"too long", "POST", "/v1/interactions", `[{"user":"` + strings.Repeat("a", bodyMax), 413},
		{"n is no number", "GET", "/v1/recommendations?n=ten", "", 400},
		{"n is negative", "GET", "/v1/recommendations?n=-1", "", 400},
		{"a stranger", "GET", "/v1/recommendations", "", 200},
		{"no user", "DELETE", "/v1/users/", "", 404},
		{"a method that it has not", "PUT", "/v1/interactions", "[]", 405},
	} {
		if w := ask(public, c.method, c.path, c.body); w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.want)
		}
	}
}

// TestStatus tells what may be sent again from what may not.
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 200}, {store.ErrInvalid, 400}, {recommend.ErrInvalid, 400}, {errBody, 400}, {&http.MaxBytesError{}, 413},
		{pgstore.ErrUnavailable, 503}, {pgstore.ErrUnknown, 503}, {recommend.ErrClosed, 503}, {pgstore.ErrFull, 500}, {io.EOF, 500},
	} {
		if got := statusOf(c.err); got != c.want {
			t.Errorf("%v is %d, want %d", c.err, got, c.want)
		}
		if wrapped := fmt.Errorf("append: %w", c.err); c.err != nil && statusOf(wrapped) != c.want {
			t.Errorf("%v is %d, want %d", wrapped, statusOf(wrapped), c.want)
		}
	}
	r, _ := service(t)
	fails := r.measured("x", func(*http.Request) (any, error) { return nil, pgstore.ErrUnavailable })
	w := httptest.NewRecorder()
	fails(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "unavailable") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	starting := newReplica(slog.New(slog.DiscardHandler))
	for path, want := range map[string]int{"/live": 200, "/ready": 503} {
		if w := ask(starting.private(), "GET", path, ""); w.Code != want {
			t.Errorf("%s while it starts: %d", path, w.Code)
		}
	}
	r, _ := service(t)
	if w := ask(r.private(), "GET", "/ready", ""); w.Code != 200 {
		t.Errorf("not ready: %d", w.Code)
	}
	r.ready.Store(false)
	if w := ask(r.private(), "GET", "/ready", ""); w.Code != 503 {
		t.Errorf("ready while it stops: %d", w.Code)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range []string{"", "-store x y", "-store x -role both,serve", "-store x -train 0", "-store x -drain -1s", "-store x -nonsense"} {
		if _, err := parseFlags(strings.Fields(args), io.Discard); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	t.Setenv("GOLD_STORE", "postgres://db")
	cfg, err := parseFlags([]string{"-role", "train", "-train", "1h"}, io.Discard)
	if err != nil || cfg.store != "postgres://db" || cfg.train != time.Hour || cfg.role != "train" {
		t.Errorf("%+v, %v", cfg, err)
	}
	cfg.catalogue = t.TempDir()
	if _, err := readCatalogue(t.Context(), cfg.catalogue+"/none"); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a catalogue that is not there: %v", err)
	}
}

// TestDrains has a replica stop while requests come: it says that it is not ready, and until it has said so for a while it
// answers on, and follows what the others take. A second signal ends that.
func TestDrains(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, postgres(t).URL, 1, time.Hour, "-drain=20s")
	leaves, stays := fleet[0], fleet[1]
	before, err := leaves.page(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- leaves.stop() }()
	refused, followed := false, false
	for !followed {
		resp, err := client.Get("http://" + leaves.private + "/ready")
		if err != nil {
			break
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable && !refused {
			refused = true
			in := store.Interaction{User: "ann", Item: before.Items[0].Item, Kind: store.Click, Time: time.Now()}
			if err := stays.record(t.Context(), in); err != nil {
				t.Error(err)
			}
		}
		if now, err := leaves.page(t.Context(), "ann"); err == nil && !now.has(before.Items[0].Item) {
			followed = true
		}
	}
	if !refused || !followed {
		t.Errorf("it said that it is not ready: %v; it followed: %v", refused, followed)
	}
	_ = leaves.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-stopped:
	case <-time.After(30 * time.Second):
		t.Error("a second signal does not end it")
	}
}
