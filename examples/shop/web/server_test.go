package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/accounts"
	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/golden"
	"github.com/goldrec/gold/examples/shop/seed"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

// noon is when all tests take place: half an hour into the golden hour.
func noon() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

// diskOf is a store whose disk can fill up.
type diskOf struct {
	store.Store
	full    atomic.Bool
	scanned atomic.Int64 // entries
}

func (d *diskOf) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for entry, err := range d.Store.Scan(ctx, since) {
			if d.scanned.Add(1); !yield(entry, err) {
				return
			}
		}
	}
}

func (d *diskOf) Append(ctx context.Context, batch []store.Entry) error {
	if d.full.Load() {
		return pebblestore.ErrFull
	}
	return d.Store.Append(ctx, batch)
}

// fixture is a small made-up shop.
type fixture struct {
	*Server
	disk  *diskOf
	items []catalog.Item
}

// past is what the log has of a user, the newest first.
func (f *fixture) past(ctx context.Context, user string, n int) ([]store.Interaction, error) {
	entries, err := f.store.History(ctx, user, n)
	var past []store.Interaction
	for _, entry := range entries {
		past = append(past, entry.Interaction)
	}
	return past, err
}

// newShop opens a shop of 200 products and 30 shoppers. It is untrained.
func newShop(t *testing.T) *fixture {
	t.Helper()
	goods := seed.Generate(seed.Options{Seed: 1, Items: 200, Shoppers: 30, Now: noon()})
	st, cat := &diskOf{Store: store.NewMemory(store.MemoryOptions{})}, catalog.New()
	t.Cleanup(func() { st.Close() })
	for _, item := range goods.Items {
		if _, err := cat.Upsert(item); err != nil {
			t.Fatal(err)
		}
	}
	entries := make([]store.Entry, len(goods.Interactions))
	for i := range entries {
		entries[i].Interaction = goods.Interactions[i]
	}
	if err := st.Append(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "blend"}, {Key: "neighbours"}},
	}}}, experiment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	live := experiment.NewLive(set)
	engine, err := recommend.Open(t.Context(), st, recommend.Options{
		Catalog: cat, Experiments: []recommend.Assigner{live.Assigner("ranking")}, Now: noon, Seed: 1,
		Policies: []recommend.Policy{{Variant: "neighbours", Parts: []string{"itemknn"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	hour, err := golden.New(cat, "11:30", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{disk: st, items: goods.Items}
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"), accounts.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	mailbox := &accounts.Mailbox{}
	people, err := accounts.Open(t.Context(), accounts.Options{
		DB: db, Sessions: store.NewMemoryCache(store.MemoryCacheOptions{Now: noon}), Mail: mailbox, Now: noon,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Server, err = New(Config{
		Catalog: cat, Engine: engine, Store: st, Golden: hour, Experiments: live, Shoppers: goods.Shoppers, Now: noon,
		Accounts: people, Mailbox: mailbox,
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// call sends a request with a JSON body, or none, and returns the answer.
func (f *fixture) call(method, path, body string) *http.Response {
	var r *http.Request
	if body == "" {
		r = httptest.NewRequest(method, path, nil)
	} else {
		r = httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	}
	return f.send(r)
}

func (f *fixture) send(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

// read decodes an answer of the wanted status.
func read[T any](t *testing.T, resp *http.Response, status int) T {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", resp.StatusCode, status, body)
	}
	var v T
	in := json.NewDecoder(bytes.NewReader(body))
	if err := in.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// problem reads a problem document, and holds it to what every one has.
func problem(t *testing.T, resp *http.Response, status int) Problem {
	t.Helper()
	p := read[Problem](t, resp, status)
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("a problem as %q", got)
	}
	if p.Type == "" || p.Title == "" || p.Status != status || p.Instance == "" || p.Detail == "" {
		t.Errorf("a problem that says too little: %+v", p)
	}
	return p
}
