package storetest

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// OpenDir opens the store that lives in a directory, whose clock is now. The suite closes it before it opens the
// directory again.
type OpenDir func(t *testing.T, dir string, now func() time.Time) store.Store

// RunDurable runs the tests of a store that keeps what it holds when it is closed and opened again.
func RunDurable(t *testing.T, open OpenDir) {
	for name, test := range map[string]func(*testing.T, *reopener){
		"Interactions": testReopenInteractions,
		"Facts":        testReopenFacts,
		"IDs":          testReopenIDs,
		"Forget":       testReopenForget,
		"Trim":         testReopenTrim,
		"Profiles":     testReopenProfiles,
		"Models":       testReopenModels,
		"Current":      testReopenCurrent,
		"Leases":       testReopenLeases,
	} {
		t.Run(name, func(t *testing.T) {
			r := &reopener{open: open, dir: t.TempDir()}
			r.clock = &clock{now: base}
			r.Store = open(t, r.dir, r.clock.Now)
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
	r.Store = r.open(t, r.dir, r.clock.Now)
}

func testReopenInteractions(t *testing.T, r *reopener) {
	var end store.Place
	var all []store.Entry
	for round := range 5 {
		r.reopen(t)
		equal(t, "end after reopening", end, r.end(t))
		added := r.append(t, views(fmt.Sprint("user-", round), 500)...)
		if first := added[0]; first.Position <= end.At(first.Partition) {
			t.Errorf("position %d after %v", first.Position, end)
		}
		end = after(end, added...)
		all = append(all, added...)
	}
	r.reopen(t)
	equal(t, "scan", byPartition(all), r.scan(t, store.Place{}))
	for round := range 5 {
		user := fmt.Sprint("user-", round)
		equal(t, "history", reversed(views(user, 500)), r.history(t, user, 1000))
	}
}

func testReopenFacts(t *testing.T, r *reopener) {
	facts := r.appendFacts(t, someFacts("ann")...)
	r.forget(t, "bob")
	want := r.scan(t, store.Place{})
	r.reopen(t)
	equal(t, "scan", want, r.scan(t, store.Place{}))
	equal(t, "appended", byPartition(facts), without(want, of("bob")))
	since := after(store.Place{}, want[2])
	equal(t, "scan since", without(want, func(e store.Entry) bool { return e.Position <= since.At(e.Partition) }), r.scan(t, since))
	r.forget(t, "ann") // finds what was written before
	equal(t, "what is left of ann", 1, len(without(r.scan(t, store.Place{}), notOf("ann"))))
}

func testReopenIDs(t *testing.T, r *reopener) {
	r.append(t, identified("ann", 1), identified("ann", 2), identified("bob", 1))
	r.forget(t, "bob")
	r.trim(t, base.Add(2*time.Second)) // the first of ann's
	r.reopen(t)
	wantStored(t, "after reopening", r.append(t, identified("ann", 1), identified("ann", 2), identified("bob", 1)), true, false, true)
	r.reopen(t)
	wantStored(t, "and again", r.append(t, identified("ann", 1), identified("ann", 2), identified("bob", 1)), false, false, false)
}

func testReopenForget(t *testing.T, r *reopener) {
	r.append(t, alternating(1000)...)
	end := after(store.Place{}, r.append(t, views("carl", 5)...)...)
	r.forget(t, "ann")
	r.forget(t, "carl")
	want := r.scan(t, store.Place{})
	r.reopen(t)
	equal(t, "history", []store.Interaction(nil), r.history(t, "ann", 10))
	equal(t, "scan", want, r.scan(t, store.Place{}))
	equal(t, "interactions", views("bob", 1000), interactions(want))
	if e := r.append(t, view("dora", 1))[0]; e.Position <= end.At(e.Partition) {
		t.Errorf("position %d given out again: the end was %v, before a Forget and reopening", e.Position, end)
	}
	r.forget(t, "bob")
	r.forget(t, "dora")
	end = r.end(t)
	r.reopen(t)
	equal(t, "end when everybody is forgotten", end, r.end(t))
	if e := r.append(t, view("ann", 1))[0]; e.Position <= end.At(e.Partition) {
		t.Errorf("position %d given out again: the end was %v, before everybody was forgotten", e.Position, end)
	}
}

// testReopenTrim trims the end of the log, so that nothing of it but its end is left.
func testReopenTrim(t *testing.T, r *reopener) {
	old := views("ann", 1000)
	r.append(t, old...)
	bobs := r.append(t, view("bob", 5000))
	last := r.append(t, view("ann", 3))
	r.trim(t, base.Add(2000*time.Second))
	end := r.end(t)
	equal(t, "end", after(after(store.Place{}, bobs...), last...), end)
	r.reopen(t)
	equal(t, "scan", []store.Interaction{view("bob", 5000)}, interactions(r.scan(t, store.Place{})))
	equal(t, "history", []store.Interaction(nil), r.history(t, "ann", 10))
	equal(t, "end after reopening", end, r.end(t))
	r.forget(t, "carl")
	r.trim(t, base.Add(9000*time.Second))
	told := r.trimmed(t)
	if told.IsZero() {
		t.Error("Trimmed says nothing of a Forgotten entry")
	}
	r.reopen(t)
	equal(t, "trimmed", told, r.trimmed(t))
	end = r.end(t)
	if e := r.append(t, view("ann", 9999))[0]; e.Position <= end.At(e.Partition) {
		t.Errorf("position %d given out again: the end was %v, before all was trimmed", e.Position, end)
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

func testReopenCurrent(t *testing.T, r *reopener) {
	r.putModel(t, "als", "one")
	r.putModel(t, "als", "two")
	r.putModel(t, "knn", "one")
	r.setCurrent(t, "als", 2, 7)
	r.setCurrent(t, "als", 1, 0)
	r.setCurrent(t, "knn", 1, 0)
	if err := r.DeleteModel(t.Context(), "knn", 1); err != nil {
		t.Fatal(err)
	}
	r.reopen(t)
	r.wantCurrent(t, "als", 1)
	r.wantCurrent(t, "knn", 0)
	wantErr(t, "a fence from before", store.ErrConflict, r.SetCurrent(t.Context(), "als", 2, 6))
	r.setCurrent(t, "als", 2, 7)
	r.reopen(t)
	r.wantCurrent(t, "als", 2)
}

func testReopenLeases(t *testing.T, r *reopener) {
	held := r.acquire(t, "train", time.Hour)
	released := r.acquire(t, "trim", time.Hour)
	if err := r.Release(t.Context(), released); err != nil {
		t.Fatal(err)
	}
	r.reopen(t)
	_, err := r.Acquire(t.Context(), "train", time.Hour)
	wantErr(t, "a lease held before reopening", store.ErrHeld, err)
	r.clock.Advance(time.Minute)
	if held, err = r.Renew(t.Context(), held, time.Hour); err != nil {
		t.Errorf("renew after reopening: %v", err)
	}
	_, err = r.Renew(t.Context(), released, time.Hour)
	wantErr(t, "renew what was released before", store.ErrHeld, err)
	r.reopen(t)
	r.clock.Advance(time.Hour - time.Microsecond)
	_, err = r.Acquire(t.Context(), "train", time.Hour)
	wantErr(t, "a lease renewed before reopening", store.ErrHeld, err)
	r.clock.Advance(time.Microsecond)
	for name, before := range map[string]store.Lease{"train": held, "trim": released} {
		if lease := r.acquire(t, name, time.Hour); lease.Token <= before.Token {
			t.Errorf("token %d of %q after %d", lease.Token, name, before.Token)
		}
	}
}
