package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/goldrec/gold/store/pebblestore"
)

// A loopback shop answers to names of this machine alone; one on another address answers to any.
func TestOnlyHere(t *testing.T) {
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	here, there := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "localhost": 200, "LOCALHOST:80": 200, "[::1]:8080": 200, "127.0.0.1": 200,
		"evil.example": 421, "evil.example:8080": 421, "192.0.2.7": 421, "localhost.evil.example": 421, "": 421,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if onlyHere(here, served).ServeHTTP(w, r); w.Code != want {
			t.Errorf("%q: status %d, want %d", host, w.Code, want)
		}
		w = httptest.NewRecorder()
		if onlyHere(there, served).ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Errorf("%q on another address: status %d", host, w.Code)
		}
	}
}

// A store that cannot be opened is an error that says why, and not a panic when what there is of the shop is closed.
func TestStoreCannotBeOpened(t *testing.T) {
	cfg := config{data: t.TempDir(), items: 20, shoppers: 2, golden: "18:00", zone: "UTC", log: slog.New(slog.DiscardHandler)}
	if err := fill(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	manifests, err := filepath.Glob(filepath.Join(cfg.data, "*", "MANIFEST-*"))
	if err != nil || len(manifests) == 0 {
		t.Fatal(manifests, err)
	}
	for _, name := range manifests {
		if err := os.WriteFile(name, []byte("not a manifest"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := openShop(t.Context(), cfg); s != nil && err == nil || !errors.Is(err, pebblestore.ErrDamaged) {
		t.Errorf("opened %v, %v; want ErrDamaged", s, err)
	}
}
