package payments_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/examples/paygate/gate"
	"github.com/goldrec/gold/examples/shop/payments"
)

// open serves a gateway, and a shop's end of the webhooks that keeps the references it heard of.
func open(t *testing.T, now func() time.Time) (*payments.Client, *gate.Gate, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var heard []string
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e, err := payments.Verify("secret", r.Header.Get(payments.SignatureHeader), body, now())
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, string(e.Status))
	}))
	t.Cleanup(shop.Close)
	g, err := gate.Open(t.Context(), filepath.Join(t.TempDir(), "gate.db"), gate.Options{Key: "key", Secret: "secret", Webhook: shop.URL, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return payments.NewClient(server.URL, "key", 5*time.Second), g, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), heard...)
	}
}

func request(reference, token string) payments.Request {
	return payments.Request{Reference: reference, Amount: 1990, Currency: "EUR", Token: token}
}

func TestLife(t *testing.T) {
	t.Parallel()
	c, _, _ := open(t, time.Now)
	ctx := t.Context()
	want := func(what string, status payments.Status, wantErr error) func(payments.Payment, error) {
		return func(p payments.Payment, err error) {
			t.Helper()
			if !errors.Is(err, wantErr) || err == nil && p.Status != status {
				t.Errorf("%s: %v, %v; want %v, %v", what, p.Status, err, status, wantErr)
			}
		}
	}
	want("unknown", "", payments.ErrUnknown)(c.Lookup(ctx, "a"))
	want("capture of nothing", "", payments.ErrUnknown)(c.Capture(ctx, "a"))
	for range 2 {
		want("authorize", payments.Authorized, nil)(c.Authorize(ctx, request("a", "tok_ok")))
	}
	want("other parameters", "", payments.ErrReused)(c.Authorize(ctx, request("a", "tok_declined")))
	want("refund of nothing", "", payments.ErrState)(c.Refund(ctx, "a"))
	for range 2 {
		want("capture", payments.Captured, nil)(c.Capture(ctx, "a"))
	}
	want("void of captured", "", payments.ErrState)(c.Void(ctx, "a"))
	for range 2 {
		want("refund", payments.Refunded, nil)(c.Refund(ctx, "a"))
	}
	want("capture of refunded", "", payments.ErrState)(c.Capture(ctx, "a"))
	want("declined", payments.Declined, nil)(c.Authorize(ctx, request("b", "tok_declined")))
	want("void of declined", payments.Declined, nil)(c.Void(ctx, "b"))
	want("void of unknown", payments.Voided, nil)(c.Void(ctx, "c"))
	want("authorize after void", payments.Voided, nil)(c.Authorize(ctx, request("c", "tok_ok")))
	want("capture of voided", "", payments.ErrState)(c.Capture(ctx, "c"))
	want("no amount", "", payments.ErrRefused)(c.Authorize(ctx, payments.Request{Reference: "d", Currency: "EUR", Token: "tok_ok"}))
}

// TestTimeout loses the answer, and finds the payment made.
func TestTimeout(t *testing.T) {
	t.Parallel()
	c, _, _ := open(t, time.Now)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := c.Authorize(ctx, request("a", "tok_timeout")); err == nil {
		t.Fatal("it answered")
	}
	if _, err := c.Authorize(t.Context(), request("a", "tok_timeout")); err != nil {
		t.Errorf("asked again: %v", err)
	}
}

// TestWebhooks answers a challenge with each card that asks, and compares what is reported by when.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	for token, want := range map[string][2]string{ // at once, and in the end
		"tok_challenge": {"pending authorized", "pending authorized"},
		"tok_late":      {"", "pending authorized"},
		"tok_doubled":   {"pending pending authorized authorized", "pending pending authorized authorized"},
		"tok_disorder":  {"authorized", "authorized pending"},
		"tok_silent":    {"", ""},
	} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
			clock := func() time.Time { mu.Lock(); defer mu.Unlock(); now = now.Add(time.Microsecond); return now }
			c, g, heard := open(t, clock)
			p, err := c.Authorize(t.Context(), request("a", token))
			if err != nil || p.Status != payments.Pending || p.Challenge == "" {
				t.Fatalf("%+v, %v", p, err)
			}
			r := httptest.NewRequest("POST", p.Challenge, strings.NewReader(url.Values{"answer": {"yes"}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			if p, err := c.Lookup(t.Context(), "a"); err != nil || p.Status != payments.Authorized || w.Code != http.StatusNoContent {
				t.Fatalf("%+v, %v, %d", p, err, w.Code)
			}
			for i, want := range want {
				g.Send(t.Context())
				if got := strings.Join(heard(), " "); got != want {
					t.Errorf("round %d: heard %q, want %q", i, got, want)
				}
				mu.Lock()
				now = now.Add(time.Minute)
				mu.Unlock()
			}
		})
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	now, body := time.Unix(1_800_000_000, 0), []byte(`{"reference":"a"}`)
	good := payments.Sign("secret", body, now)
	for _, tt := range []struct {
		name, secret, signature string
		body                    string
		after                   time.Duration
		ok                      bool
	}{
		{"good", "secret", good, string(body), 0, true},
		{"in time", "secret", good, string(body), 5 * time.Minute, true},
		{"too late", "secret", good, string(body), 6 * time.Minute, false},
		{"from the future", "secret", good, string(body), -6 * time.Minute, false},
		{"another body", "secret", good, `{"reference":"b"}`, 0, false},
		{"another secret", "other", good, string(body), 0, false},
		{"no secret", "", payments.Sign("", body, now), string(body), 0, false},
		{"another time", "secret", "t=1800000001" + good[len("t=1800000000"):], string(body), 0, false},
		{"none", "secret", "", string(body), 0, false},
	} {
		if e, err := payments.Verify(tt.secret, tt.signature, []byte(tt.body), now.Add(tt.after)); (err == nil) != tt.ok || tt.ok && e.Reference != "a" {
			t.Errorf("%s: %+v, %v", tt.name, e, err)
		}
	}
}
