package pebblestore_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

// version1 is what the directory testdata/version1 holds: the program before facts wrote it, twenty interactions in two
// runs, and between them one of a user who was forgotten, at position 11.
func version1() (batch []store.Entry) {
	base := time.Date(2026, 2, 3, 4, 5, 6, 789_012_000, time.UTC)
	for i := range 20 {
		batch = append(batch, store.Entry{Position: store.Position(i + 1), Interaction: store.Interaction{
			User: fmt.Sprint("user-", i%3), Item: fmt.Sprint("item-", i), Kind: store.View + store.Kind(i%9),
			Time: base.Add(time.Duration(i) * time.Second),
		}})
		if i >= 10 {
			batch[i].Position++
		}
	}
	at := func(i int) *store.Interaction { return &batch[i].Interaction }
	at(4).Value, at(5).Session, at(6).Placement, at(7).Variant = -2.5, "s", "home", "b"
	at(8).Value, at(8).Session, at(8).Placement, at(8).Variant = 1e300, "s", "p", "v"
	return batch
}

// TestVersion1 opens a directory that an older program wrote, and goes on with it.
func TestVersion1(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "db")
	if err := os.CopyFS(dir, os.DirFS("testdata/version1")); err != nil {
		t.Fatal(err)
	}
	want := version1()
	for round := range 3 {
		st := open(t, dir, pebblestore.Options{})
		check(t, st, want)
		if err := st.Append(t.Context(), []store.Entry{{Interaction: want[1].Interaction}}); err != nil {
			t.Fatal(err)
		}
		added := want[1]
		added.Position = store.Position(22 + round)
		want = append(want, added)
		check(t, st, want)
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	st := open(t, dir, pebblestore.Options{})
	defer st.Close()
	if err := st.Forget(t.Context(), "user-1"); err != nil {
		t.Fatal(err)
	}
	for e, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil || e.Interaction.User == "user-1" && e.Fact != store.Forgotten {
			t.Errorf("after Forget: %+v, %v", e, err)
		}
	}
	if err := st.Trim(t.Context(), want[19].Interaction.Time); err != nil {
		t.Fatal(err)
	}
	if history, err := st.History(t.Context(), "user-0", 100); err != nil || len(history) != 0 {
		t.Errorf("history after Trim: %v, %v", history, err)
	}
}

func check(t *testing.T, st *pebblestore.Store, want []store.Entry) {
	t.Helper()
	var got []store.Entry
	for e, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scan (-want +got):\n%s", diff)
	}
	var newest store.Entry
	n := 0
	for _, e := range want {
		if e.Interaction.User == "user-1" {
			newest = e
			n++
		}
	}
	history, err := st.History(t.Context(), "user-1", 100)
	if err != nil || len(history) != n || history[0] != newest {
		t.Errorf("history %v, %v; want %d", history, err, n)
	}
	if p, err := st.Profile(t.Context(), "user-0"); err != nil || p.Version != 1 || len(p.Segments) != 1 {
		t.Errorf("profile %+v, %v", p, err)
	}
	r, version, err := st.OpenModel(t.Context(), "als", 0)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(r); err != nil || string(data) != "a model" || version != 1 {
		t.Errorf("model %d is %q, %v", version, data, err)
	}
	_ = r.Close()
}
