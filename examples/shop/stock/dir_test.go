package stock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/store"
)

// inDirectory is a store in memory that leaves a directory behind, as one on disk would.
func inDirectory(kept **store.Memory) func(string) (store.Store, error) {
	return func(path string) (store.Store, error) {
		*kept = store.NewMemory(store.MemoryOptions{})
		return open{*kept}, os.MkdirAll(path, 0o755)
	}
}

// open keeps the memory store readable after Close.
type open struct{ *store.Memory }

func (open) Close() error { return nil }

func sample() *Stock {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := &Stock{
		Source:   "test",
		Items:    []catalog.Item{{ID: "a", Title: "Tea “Earl” \u2028", Available: true, Created: at}, {ID: "b"}},
		Shoppers: []Shopper{{ID: "u", Name: "Uma", Note: "likes tea"}},
	}
	for range 2*batch + 1 {
		s.Interactions = append(s.Interactions, store.Interaction{User: "u", Item: "a", Kind: store.View, Time: at})
	}
	return s
}

func TestFillThenLoad(t *testing.T) {
	dir := Dir(filepath.Join(t.TempDir(), "shop"))
	if filled, err := dir.Filled(); filled || err != nil {
		t.Fatalf("an empty directory is filled: %v, %v", filled, err)
	}
	var kept *store.Memory
	want := sample()
	if err := dir.Fill(t.Context(), want, inDirectory(&kept)); err != nil {
		t.Fatal(err)
	}
	if filled, err := dir.Filled(); !filled || err != nil {
		t.Fatalf("filled: %v, %v", filled, err)
	}
	got, err := dir.Load()
	if err != nil {
		t.Fatal(err)
	}
	if past, err := kept.History(t.Context(), "u", 10*batch); err != nil || len(past) != len(want.Interactions) {
		t.Errorf("%d interactions in the store, want %d: %v", len(past), len(want.Interactions), err)
	}
	want.Interactions = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFillInterruptedIsDoneAgain(t *testing.T) {
	dir := Dir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var kept *store.Memory
	if err := dir.Fill(ctx, sample(), inDirectory(&kept)); err == nil {
		t.Fatal("filling without time succeeds")
	}
	if filled, _ := dir.Filled(); filled {
		t.Fatal("a shop filled by half counts as filled")
	}
	if err := dir.Fill(t.Context(), sample(), inDirectory(&kept)); err != nil {
		t.Fatal(err)
	}
}

func TestLoadDamaged(t *testing.T) {
	for _, tt := range []struct{ name, file, content string }{
		{"shop cut short", "shop.json", `{"source":`},
		{"catalogue cut short", "catalogue.jsonl", `{"id":"a"}` + "\n" + `{"id":`},
		{"catalogue of something else", "catalogue.jsonl", "id,title\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := Dir(t.TempDir())
			var kept *store.Memory
			if err := dir.Fill(t.Context(), sample(), inDirectory(&kept)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(string(dir), tt.file), []byte(tt.content), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := dir.Load(); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
		})
	}
	if _, err := Dir(t.TempDir()).Load(); !errors.Is(err, ErrDamaged) {
		t.Errorf("an empty directory: %v, want ErrDamaged", err)
	}
}
