package storetest

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/goldrec/gold/store"
)

// OpenDir opens the store that lives in a directory.
type OpenDir func(t *testing.T, dir string) store.Store

// RunDurable runs the tests of a store that keeps what it holds, pages excepted, when it is closed and opened again.
func RunDurable(t *testing.T, open OpenDir) {
	for name, test := range map[string]func(*testing.T, *reopener){
		"Interactions": testReopenInteractions,
		"Forget":       testReopenForget,
		"Profiles":     testReopenProfiles,
		"Models":       testReopenModels,
	} {
		t.Run(name, func(t *testing.T) {
			r := &reopener{open: open, dir: t.TempDir()}
			r.Store = open(t, r.dir)
			t.Cleanup(func() { r.Close() })
			test(t, r)
		})
	}
}

type reopener struct {
	fixture
	open OpenDir
	dir  string
}

func (r *reopener) reopen(t *testing.T) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	r.Store = r.open(t, r.dir)
}

func testReopenInteractions(t *testing.T, r *reopener) {
	var last store.Position
	for round := range 5 {
		r.reopen(t)
		if p := r.append(t); p != last {
			t.Errorf("end %d after reopening, was %d", p, last)
		}
		p := r.append(t, views(fmt.Sprint("user-", round), 500)...)
		if p <= last {
			t.Errorf("position %d after %d", p, last)
		}
		last = p
	}
	before := r.scan(t, 0)
	r.reopen(t)
	equal(t, "scan", before, r.scan(t, 0))
	if len(before) != 2500 {
		t.Errorf("%d entries, want 2500", len(before))
	}
	for round := range 5 {
		user := fmt.Sprint("user-", round)
		equal(t, "history", reversed(views(user, 500)), r.history(t, user, 1000))
	}
}

func testReopenForget(t *testing.T, r *reopener) {
	r.append(t, alternating(1000)...)
	last := r.append(t, views("carl", 5)...)
	r.forget(t, "ann")
	r.forget(t, "carl")
	r.reopen(t)
	equal(t, "history", []store.Interaction(nil), r.history(t, "ann", 10))
	equal(t, "scan", views("bob", 1000), r.scanned(t, 0))
	if p := r.append(t, view("dora", 1)); p <= last {
		t.Errorf("position %d given out again: %d was, before a Forget and reopening", p, last)
	}
	r.forget(t, "bob")
	r.forget(t, "dora")
	r.reopen(t)
	if p := r.append(t, view("ann", 1)); p <= last+1 {
		t.Errorf("position %d given out again: %d was, before everybody was forgotten", p, last+1)
	}
}

func testReopenProfiles(t *testing.T, r *reopener) {
	want := store.Profile{User: "ann", Segments: []string{"vip"}, Attributes: map[string]string{"country": "FR"}, Updated: base}
	want = r.put(t, want)
	r.put(t, store.Profile{User: "bob", Segments: []string{"vip", "new"}})
	if err := r.DeleteProfile(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	r.reopen(t)
	equal(t, "profile", want, r.profile(t, "ann"))
	equal(t, "segment", []string{"ann"}, r.segment(t, "vip"))
	equal(t, "segment", []string(nil), r.segment(t, "new"))
	_, err := r.Profile(t.Context(), "bob")
	wantErr(t, "deleted profile", store.ErrNotFound, err)
	_, err = r.PutProfile(t.Context(), store.Profile{User: "ann"})
	wantErr(t, "stale write", store.ErrConflict, err)
	want.Segments = nil
	want = r.put(t, want)
	r.reopen(t)
	equal(t, "profile", want, r.profile(t, "ann"))
	equal(t, "segment", []string(nil), r.segment(t, "vip"))
}

func testReopenModels(t *testing.T, r *reopener) {
	large := strings.Repeat("0123456789abcdef", 3<<20/16+1)
	r.putModel(t, "als", "one")
	r.putModel(t, "als", large)
	r.putModel(t, "als", "three")
	if err := r.DeleteModel(t.Context(), "als", 3); err != nil {
		t.Fatal(err)
	}
	r.putModel(t, "knn", "knn")
	if _, err := r.PutModel(t.Context(), "als", io.MultiReader(strings.NewReader(large), readerFunc(func([]byte) (int, error) {
		return 0, io.ErrClosedPipe
	}))); err == nil {
		t.Error("a model whose reader failed was stored")
	}
	for range 2 {
		r.reopen(t)
		r.wantVersions(t, "als", 1, 2)
		r.wantModel(t, "als", 1, 1, "one")
		r.wantModel(t, "als", 0, 2, large)
		r.wantModel(t, "knn", 0, 1, "knn")
	}
	if version := r.putModel(t, "als", "four"); version != 4 {
		t.Errorf("version %d, want 4: a deleted number is not used again", version)
	}
	r.wantModel(t, "als", 2, 2, large)
}
