package pebblestore

import (
	"bytes"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/goldrec/gold/store"
)

// TestForgetLeaves looks at every key and value for what is left of a forgotten user: the Forgotten entry and its key.
func TestForgetLeaves(t *testing.T) {
	s, err := open(vfs.NewMem(), "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const user = "somebody in particular"
	for i := range 5 {
		in := event(user, i)
		in.ID = in.Item
		batch := []store.Entry{
			{Interaction: in},
			{Fact: store.Exposed, Interaction: store.Interaction{User: user, Time: in.Time}},
			{Fact: store.ProfileChanged, Interaction: store.Interaction{User: user, Time: in.Time}},
		}
		if err := s.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	traces := func(of string) (n int) {
		it, err := s.db.NewIter(nil)
		if err != nil {
			t.Fatal(err)
		}
		for valid := it.First(); valid; valid = it.Next() {
			if bytes.Contains(it.Key(), []byte(of)) || bytes.Contains(it.Value(), []byte(of)) {
				n++
			}
		}
		if err := it.Close(); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := traces(user); n != 5*(3+2+2) {
		t.Errorf("%d keys of the user, want 35", n)
	}
	for range 2 {
		if err := s.Forget(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		if n := traces(user); n != 2 {
			t.Errorf("%d keys of the forgotten user, want 2", n)
		}
	}
	if err := s.Append(t.Context(), []store.Entry{{Interaction: event("another", 1)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Trim(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := traces("another"); n != 0 {
		t.Errorf("%d keys of the trimmed user, want none", n)
	}
}
