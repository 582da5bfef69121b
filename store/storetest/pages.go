package storetest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

func (f *fixture) putPage(t *testing.T, user, key, page string, ttl time.Duration) {
	t.Helper()
	if err := f.PutPage(t.Context(), user, key, []byte(page), ttl); err != nil {
		t.Fatalf("PutPage(%q, %q): %v", user, key, err)
	}
}

func (f *fixture) wantPage(t *testing.T, user, key, want string) {
	t.Helper()
	page, err := f.Page(t.Context(), user, key)
	if err != nil || string(page) != want {
		t.Errorf("page %q of %q: %q, %v; want %q", key, user, page, err, want)
	}
}

func (f *fixture) wantNoPage(t *testing.T, user, key string) {
	t.Helper()
	page, err := f.Page(t.Context(), user, key)
	if page != nil {
		t.Errorf("page %q of %q: %q, want none", key, user, page)
	}
	wantErr(t, fmt.Sprintf("page %q of %q", key, user), store.ErrNotFound, err)
}

func testPage(t *testing.T, f *fixture) {
	f.wantNoPage(t, "ann", "home")
	f.putPage(t, "ann", "home", "hello", time.Hour)
	f.putPage(t, "", "home", "everybody", time.Hour)
	f.putPage(t, "ann", "", "no key", time.Hour)
	f.putPage(t, "annh", "ome", "split elsewhere", time.Hour)
	f.putPage(t, "ann\x00", "\x00home", "zero bytes", time.Hour)
	f.putPage(t, "ann", "empty", "", time.Hour)
	f.wantPage(t, "ann", "home", "hello")
	f.wantPage(t, "", "home", "everybody")
	f.wantPage(t, "ann", "", "no key")
	f.wantPage(t, "annh", "ome", "split elsewhere")
	f.wantPage(t, "ann\x00", "\x00home", "zero bytes")
	f.wantPage(t, "ann", "empty", "")
	f.wantNoPage(t, "bob", "home")
	f.putPage(t, "ann", "home", "again", time.Hour)
	f.wantPage(t, "ann", "home", "again")

	given := []byte("mine")
	if err := f.PutPage(t.Context(), "ann", "mine", given, time.Hour); err != nil {
		t.Fatal(err)
	}
	clear(given)
	page, _ := f.Page(t.Context(), "ann", "mine")
	clear(page)
	f.wantPage(t, "ann", "mine", "mine")
}

func testPageTTL(t *testing.T, f *fixture) {
	f.putPage(t, "ann", "short", "s", time.Minute)
	f.putPage(t, "ann", "long", "l", time.Hour)
	f.clock.Advance(time.Minute - time.Microsecond)
	f.wantPage(t, "ann", "short", "s")
	f.clock.Advance(time.Microsecond)
	f.wantNoPage(t, "ann", "short")
	f.wantPage(t, "ann", "long", "l")
	f.putPage(t, "ann", "short", "new", time.Minute)
	f.clock.Advance(30 * time.Second)
	f.wantPage(t, "ann", "short", "new")
	f.putPage(t, "ann", "short", "newer", time.Minute) // lives from now
	f.clock.Advance(45 * time.Second)
	f.wantPage(t, "ann", "short", "newer")
	f.putPage(t, "ann", "for ever", "e", 1<<63-1)
	f.clock.Advance(100 * 365 * 24 * time.Hour)
	f.wantNoPage(t, "ann", "long")
	f.wantPage(t, "ann", "for ever", "e")
}

func testPageClockBackwards(t *testing.T, f *fixture) {
	f.putPage(t, "ann", "home", "hello", time.Minute)
	f.clock.Advance(-24 * time.Hour)
	f.wantNoPage(t, "ann", "home")
	f.putPage(t, "ann", "home", "now", time.Minute)
	f.wantPage(t, "ann", "home", "now")
	f.clock.Advance(time.Minute)
	f.wantNoPage(t, "ann", "home")
}

func testPageDrop(t *testing.T, f *fixture) {
	for i := range 100 {
		f.putPage(t, "ann", fmt.Sprint(i), "a", time.Hour)
	}
	f.putPage(t, "an", "home", "an", time.Hour)
	f.putPage(t, "ann\x00", "home", "zero", time.Hour)
	f.putPage(t, "", "home", "everybody", time.Hour)
	for _, user := range []string{"ann", "ann", "nobody"} {
		if err := f.DropPages(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		f.wantNoPage(t, "ann", fmt.Sprint(i))
	}
	f.wantPage(t, "an", "home", "an")
	f.wantPage(t, "ann\x00", "home", "zero")
	f.wantPage(t, "", "home", "everybody")
	f.putPage(t, "ann", "1", "new", time.Hour)
	f.wantPage(t, "ann", "1", "new")
	if err := f.DropPages(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	f.wantNoPage(t, "", "home")
	f.wantPage(t, "an", "home", "an")
}

func testPageInvalid(t *testing.T, f *fixture) {
	long := strings.Repeat("x", store.IDMax+1)
	for name, err := range map[string]error{
		"no ttl":       f.PutPage(t.Context(), "ann", "home", nil, 0),
		"negative ttl": f.PutPage(t.Context(), "ann", "home", nil, -1),
		"long user":    f.PutPage(t.Context(), long, "home", nil, time.Hour),
		"user bytes":   f.PutPage(t.Context(), "\xff", "home", nil, time.Hour),
		"long key":     f.PutPage(t.Context(), "ann", long, nil, time.Hour),
		"key bytes":    f.PutPage(t.Context(), "ann", "\xff", nil, time.Hour),
	} {
		wantErr(t, name, store.ErrInvalid, err)
	}
	f.wantNoPage(t, "ann", "home")
	f.wantNoPage(t, long, "home")
}

// testPagesBounded puts more than a cache may hold. Which pages it keeps is its own affair, but not all of them, and
// what it gives is right.
func testPagesBounded(t *testing.T, f *fixture) {
	const pages, size = 160, 1 << 20
	page := make([]byte, size)
	kept := 0
	for i := range pages {
		copy(page, fmt.Sprintf("%06d", i))
		f.putPage(t, fmt.Sprint("user-", i), "home", string(page), time.Hour)
	}
	for i := range pages {
		got, err := f.Page(t.Context(), fmt.Sprint("user-", i), "home")
		if err != nil {
			wantErr(t, "evicted", store.ErrNotFound, err)
			continue
		}
		kept++
		copy(page, fmt.Sprintf("%06d", i))
		if !bytes.Equal(got, page) {
			t.Errorf("page %d is another", i)
		}
	}
	if kept == 0 || kept == pages {
		t.Errorf("%d of %d pages of 1 MiB are kept", kept, pages)
	}
}
