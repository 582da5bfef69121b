package gate_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/examples/paygate/gate"
	"github.com/goldrec/gold/examples/shop/payments"
)

// open opens a gate that reports to a shop.
func open(t *testing.T, now func() time.Time, shop http.HandlerFunc) *gate.Gate {
	t.Helper()
	end := httptest.NewServer(shop)
	t.Cleanup(end.Close)
	g, err := gate.Open(t.Context(), filepath.Join(t.TempDir(), "gate.db"),
		gate.Options{Key: "key", Secret: "secret", Webhook: end.URL, Base: "http://gate.test", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// ask sends a request to the API.
func ask(t *testing.T, g *gate.Gate, key, path, body string) (int, payments.Payment) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v1/payments"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	var p payments.Payment
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
	}
	return w.Code, p
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	g := open(t, time.Now, func(http.ResponseWriter, *http.Request) {})
	const good = `{"reference":"a","amount":1990,"currency":"EUR","token":"tok_ok"}`
	for _, tt := range []struct {
		name, key, path, body string
		want                  int
	}{
		{"wrong key", "other", "", good, http.StatusUnauthorized},
		{"unknown", "key", "/a/capture", "", http.StatusNotFound},
		{"no currency", "key", "", `{"reference":"a","amount":1990,"token":"tok_ok"}`, http.StatusBadRequest},
		{"a script to come back to", "key", "", `{"reference":"a","amount":1990,"currency":"EUR","token":"tok_ok","return":"javascript:x"}`, http.StatusBadRequest},
		{"good", "key", "", good, http.StatusOK},
		{"again", "key", "", good, http.StatusOK},
		{"another amount", "key", "", strings.Replace(good, "1990", "1991", 1), http.StatusUnprocessableEntity},
		{"refund before capture", "key", "/a/refund", "", http.StatusConflict},
	} {
		if got, _ := ask(t, g, tt.key, tt.path, tt.body); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestAnswerStays declines a challenge, and agrees when it is too late.
func TestAnswerStays(t *testing.T) {
	t.Parallel()
	g := open(t, time.Now, func(http.ResponseWriter, *http.Request) {})
	const body = `{"reference":"a","amount":1990,"currency":"EUR","token":"tok_challenge"}`
	_, p := ask(t, g, "key", "", body)
	if p.Status != payments.Pending || !strings.HasPrefix(p.Challenge, "http://gate.test/challenge/") {
		t.Fatalf("%+v", p)
	}
	for _, answer := range []string{"no", "yes"} {
		r := httptest.NewRequest(http.MethodPost, p.Challenge, strings.NewReader("answer="+answer))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		if g.ServeHTTP(w, r); w.Code != http.StatusNoContent {
			t.Errorf("%s: %d", answer, w.Code)
		}
		if _, p := ask(t, g, "key", "", body); p.Status != payments.Declined || p.Reason == "" || p.Challenge != "" {
			t.Errorf("after %s: %+v", answer, p)
		}
	}
}

// TestSendsAgain refuses webhooks: each is sent again with the same ID and a signature of then, after a second that doubles,
// eight times in all.
func TestSendsAgain(t *testing.T) {
	t.Parallel()
	var clock, got atomic.Int64 // seconds since 2026; webhooks
	now := func() time.Time { return time.Date(2026, 1, 1, 0, 0, int(clock.Load()), 0, time.UTC) }
	var ids []string // Send returns after the last was answered
	g := open(t, now, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e, err := payments.Verify("secret", r.Header.Get(payments.SignatureHeader), body, now())
		if err != nil || e.Reference != "a" || e.Status != payments.Authorized {
			t.Errorf("%+v, %v", e, err)
		}
		ids = append(ids, e.ID)
		got.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	ask(t, g, "key", "", `{"reference":"a","amount":1990,"currency":"EUR","token":"tok_ok"}`)
	for try := range 8 {
		g.Send(t.Context())
		g.Send(t.Context()) // not due yet
		if n := got.Load(); n != int64(try+1) || ids[try] != ids[0] {
			t.Fatalf("try %d: %d webhooks, %q", try, n, ids)
		}
		clock.Add(1<<try - 1)
		g.Send(t.Context()) // a second before
		clock.Add(1)
	}
	clock.Add(3600)
	if g.Send(t.Context()); got.Load() != 8 {
		t.Errorf("%d webhooks, want 8", got.Load())
	}
}
