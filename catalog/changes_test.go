package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/codec"
)

func TestWritesOfAVersion(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	conflict := func(what string, err error, have uint64) {
		t.Helper()
		e, ok := errors.AsType[*catalog.ConflictError](err)
		if !ok || !errors.Is(err, catalog.ErrConflict) || e.ID != "tea" || e.Have != have {
			t.Errorf("%s: %v; want a conflict with version %d", what, err, have)
		}
	}
	_, err := cat.UpsertIf(catalog.Item{ID: "tea"}, 1)
	conflict("upsert of what is not there", err, 0)
	conflict("patch of what is not there", cat.PatchIf("tea", 3, catalog.Patch{}), 0)
	if err := cat.PatchIf("tea", 0, catalog.Patch{}); !errors.Is(err, catalog.ErrUnknownItem) {
		t.Errorf("patch of nothing: %v", err)
	}
	h, err := cat.UpsertIf(catalog.Item{ID: "tea", Stock: 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	it, first := cat.Versioned(h)
	if it == nil || first != cat.Version() {
		t.Fatalf("version %d; want %d", first, cat.Version())
	}
	mustUpsert(t, cat, catalog.Item{ID: "mug"})
	if err := cat.PatchIf("tea", first, catalog.Patch{Stock: new(2)}); err != nil {
		t.Fatal(err)
	}
	it, second := cat.Versioned(h)
	if it.Stock != 2 || second <= first || second != cat.Version() {
		t.Errorf("stock %d, version %d", it.Stock, second)
	}
	conflict("patch of an old version", cat.PatchIf("tea", first, catalog.Patch{Stock: new(1)}), second)
	_, err = cat.UpsertIf(catalog.Item{ID: "tea"}, 0)
	conflict("insert of what is there", err, second)
	conflict("delete of an old version", cat.DeleteIf("tea", first), second)
	if err := cat.DeleteIf("tea", second); err != nil {
		t.Fatal(err)
	}
	if it, v := cat.Versioned(h); it != nil || v != 0 {
		t.Errorf("deleted: %v of version %d", it, v)
	}
	if it, v := cat.Versioned(1 << 30); it != nil || v != 0 {
		t.Errorf("never given: %v of version %d", it, v)
	}
	if _, err := cat.UpsertIf(catalog.Item{ID: "tea"}, 0); err != nil {
		t.Errorf("insert after delete: %v", err)
	}
	if _, err := cat.UpsertIf(catalog.Item{}, 0); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("invalid: %v", err)
	}
}

// Of many who count one stock down, each by what it read, none is lost.
func TestWritesOfAVersionAreNotLost(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	mustUpsert(t, cat, catalog.Item{ID: "tea", Stock: 1000})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				for {
					it, version := cat.Versioned(0)
					err := cat.PatchIf("tea", version, catalog.Patch{Stock: new(it.Stock - 1)})
					if err == nil {
						break
					} else if !errors.Is(err, catalog.ErrConflict) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	if it := cat.Item(0); it.Stock != 600 {
		t.Errorf("stock %d after 400 of 1000 were taken", it.Stock)
	}
}

// changesWait is how long a test waits for a change that must come.
const changesWait = 10 * time.Second

// changesUpTo returns what has changed after a version, up to now.
func changesUpTo(t *testing.T, cat *catalog.Catalog, since uint64) (changes []catalog.Change) {
	t.Helper()
	last := cat.Version()
	if since == last {
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), changesWait)
	defer cancel()
	for change, err := range cat.Changes(ctx, since) {
		if err != nil {
			t.Fatalf("after %d changes, of which the last is %d: %v", len(changes), last, err)
		}
		if changes = append(changes, change); change.Version == last {
			break
		}
	}
	return changes
}

func TestChanges(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	for i := range 5000 { // more than a chunk
		mustUpsert(t, cat, catalog.Item{ID: strconv.Itoa(i)})
	}
	since := cat.Version()
	mustUpsert(t, cat, catalog.Item{ID: "4999", Title: "a"}, catalog.Item{ID: "7", Title: "b"}, catalog.Item{ID: "4999", Title: "c"})
	if err := cat.Delete("8"); err != nil {
		t.Fatal(err)
	}
	mustUpsert(t, cat, catalog.Item{ID: "9"}) // as it is
	want := []catalog.Change{{since + 2, 7, "7", false}, {since + 3, 4999, "4999", false}, {since + 4, 8, "8", true}}
	if diff := cmp.Diff(want, changesUpTo(t, cat, since)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := len(changesUpTo(t, cat, 0)); n != 5000 {
		t.Errorf("%d changes since the beginning", n)
	}
	// Who waits is told of the next change, and that is all before the context ends.
	ctx, cancel := context.WithTimeout(t.Context(), changesWait)
	defer cancel()
	var got []string
	since = cat.Version()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if _, err := cat.Upsert(catalog.Item{ID: "new"}); err != nil {
			t.Error(err)
		}
	})
	for change, err := range cat.Changes(ctx, since) {
		got = append(got, fmt.Sprint(change.ID, " ", err))
		cancel()
	}
	if diff := cmp.Diff([]string{"new <nil>", " context canceled"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Whoever follows ends with what the catalogue has, whatever was written meanwhile.
func TestChangesWhileWriting(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), changesWait)
	defer cancel()
	const last = "the last"
	follow := func() {
		seen := map[string]catalog.Item{}
		version := uint64(0)
		for change, err := range cat.Changes(ctx, 0) {
			if err != nil || change.Version <= version {
				t.Errorf("change %+v after %d, %v", change, version, err)
				return
			}
			version = change.Version
			if it := cat.Item(change.Handle); it != nil {
				seen[change.ID] = *it
			} else {
				delete(seen, change.ID)
			}
			if change.ID == last {
				break
			}
		}
		want := map[string]catalog.Item{}
		for _, it := range cat.All() {
			want[it.ID] = *it
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	for range 3 {
		wg.Go(follow)
	}
	rng := rand.New(rand.NewPCG(1, 14))
	for i := range 5000 {
		id := strconv.Itoa(rng.IntN(200))
		if rng.IntN(5) == 0 {
			_ = cat.Delete(id) // or it is not there
		} else {
			mustUpsert(t, cat, catalog.Item{ID: id, Stock: i})
		}
	}
	mustUpsert(t, cat, catalog.Item{ID: last})
	wg.Wait()
}

func save(t testing.TB, cat *catalog.Catalog) []byte {
	t.Helper()
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	cat.SaveSection(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func reload(file []byte) (*catalog.Catalog, error) {
	r, err := codec.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	cat, err := catalog.LoadSection(r)
	return cat, errors.Join(err, r.Close())
}

// A catalogue that was saved and loaded has the same handles, items and versions, and goes on alike.
func TestSaveLoad(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 14))
	cat, want := catalog.New(), map[string]catalog.Item{}
	for range 9000 {
		mutate(t, rng, cat, want, 6000)
	}
	if _, err := cat.IDs().Intern("no item"); err != nil {
		t.Fatal(err)
	}
	mustUpsert(t, cat, catalog.Item{ID: "all", Title: "t", Description: "d", Image: "i", Group: "g", Brand: "b", Stock: 7,
		Price: catalog.Money{Minor: 5, Currency: "EUR"}, Vector: []float32{1, -2.5}, Categories: []string{"A > B"}, Created: epoch.Add(1),
		Attributes: map[string][]string{"colour": {"red", "blue"}, "size": {"1"}}, Available: true})
	back, err := reload(save(t, cat))
	if err != nil {
		t.Fatal(err)
	}
	if back.Version() != cat.Version() || back.Handles() != cat.Handles() || back.Len() != cat.Len() {
		t.Fatalf("version %d, %d handles, %d items; want %d, %d, %d", back.Version(), back.Handles(), back.Len(), cat.Version(), cat.Handles(), cat.Len())
	}
	for h := range uint32(cat.Handles()) {
		it, version := cat.Versioned(h)
		gotIt, gotVersion := back.Versioned(h)
		if diff := cmp.Diff(it, gotIt); diff != "" || version != gotVersion || back.ID(h) != cat.ID(h) {
			t.Fatalf("handle %d: version %d; want %d; -want +got:\n%s", h, gotVersion, version, diff)
		}
	}
	if diff := cmp.Diff(changesUpTo(t, cat, 100), changesUpTo(t, back, 100)); diff != "" {
		t.Errorf("changes: -want +got:\n%s", diff)
	}
	mustUpsert(t, back, catalog.Item{ID: "more"})
	if back.Version() != cat.Version()+1 {
		t.Errorf("version %d after one change of %d", back.Version(), cat.Version())
	}
	empty, err := reload(save(t, catalog.New()))
	if err != nil || empty.Len() != 0 {
		t.Errorf("empty: %v", err)
	}
}

// Somebody may write while it is saved: each item is whole.
func TestSaveWhileWriting(t *testing.T) {
	t.Parallel()
	cat := catalog.New()
	put := func(i, round int) {
		v := fmt.Sprint("v", round)
		mustUpsert(t, cat, catalog.Item{ID: strconv.Itoa(i), Title: v, Brand: v, Group: v, Attributes: map[string][]string{"a": {v}}})
	}
	for i := range 300 {
		put(i, 0)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for round := range 50 {
			for i := range 300 {
				put(i, round)
			}
		}
	})
	for range 10 {
		back, err := reload(save(t, cat))
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range back.All() {
			if it.Brand != it.Title || it.Group != it.Title || it.Attributes["a"][0] != it.Title {
				t.Fatalf("half written: %+v", it)
			}
		}
	}
	wg.Wait()
}

// Whatever the bytes of a section, it is refused or makes a catalogue that can be saved and loaded again.
func FuzzLoadSection(f *testing.F) {
	cat := catalog.New()
	rng := rand.New(rand.NewPCG(3, 14))
	for i := range 5 {
		mustUpsert(f, cat, randomItem(rng, strconv.Itoa(i)))
	}
	_ = cat.Delete("3")
	r, err := codec.NewReader(bytes.NewReader(save(f, cat)))
	if err != nil {
		f.Fatal(err)
	}
	r.Section("catalog", 1)
	r.Uint64()
	r.Uint32()
	r.Strings()
	f.Add(uint64(9), uint32(5), r.Bytes())
	f.Fuzz(func(t *testing.T, version uint64, n uint32, items []byte) {
		var file bytes.Buffer
		w := codec.NewWriter(&file)
		w.Section("catalog", 1)
		w.Uint64(version)
		n %= 10
		w.Uint32(n)
		if n > 0 {
			w.Strings(int(n), strconv.Itoa)
			w.Bytes(items)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		back, err := reload(file.Bytes())
		if err != nil {
			if !errors.Is(err, codec.ErrCorrupt) {
				t.Fatalf("untyped error: %v", err)
			}
			return
		}
		if _, err := reload(save(t, back)); err != nil {
			t.Fatal(err)
		}
	})
}
