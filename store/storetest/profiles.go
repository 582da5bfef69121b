package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

func (f *fixture) put(t *testing.T, p store.Profile) store.Profile {
	t.Helper()
	stored, err := f.PutProfile(t.Context(), p)
	if err != nil {
		t.Fatalf("PutProfile(%+v): %v", p, err)
	}
	return stored
}

func (f *fixture) profile(t *testing.T, user string) store.Profile {
	t.Helper()
	p, err := f.Profile(t.Context(), user)
	if err != nil {
		t.Fatalf("Profile(%q): %v", user, err)
	}
	return p
}

func testProfileVersions(t *testing.T, f *fixture) {
	_, err := f.Profile(t.Context(), "ann")
	wantErr(t, "none", store.ErrNotFound, err)
	_, err = f.PutProfile(t.Context(), store.Profile{User: "ann", Version: 1})
	wantErr(t, "version 1 of none", store.ErrConflict, err)
	_, err = f.Profile(t.Context(), "ann")
	wantErr(t, "none after a conflict", store.ErrNotFound, err)

	want := store.Profile{User: "ann", Version: 1, Attributes: map[string]string{"country": "FR"}}
	given := want
	given.Version = 0
	equal(t, "first", want, f.put(t, given))
	equal(t, "first read", want, f.profile(t, "ann"))
	for _, stale := range []uint64{0, 2, 1 << 63} {
		given.Version = stale
		given.Attributes = map[string]string{"country": "DE"}
		_, err = f.PutProfile(t.Context(), given)
		wantErr(t, fmt.Sprintf("version %d of 1", stale), store.ErrConflict, err)
	}
	equal(t, "after conflicts", want, f.profile(t, "ann"))
	second := f.put(t, store.Profile{User: "ann", Version: 1})
	equal(t, "second", store.Profile{User: "ann", Version: 2}, second)
	equal(t, "second read", second, f.profile(t, "ann"))

	for range 2 { // the second time there is none
		if err := f.DeleteProfile(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		_, err = f.Profile(t.Context(), "ann")
		wantErr(t, "deleted", store.ErrNotFound, err)
	}
	_, err = f.PutProfile(t.Context(), second)
	wantErr(t, "stale after deletion", store.ErrConflict, err)
	equal(t, "anew", store.Profile{User: "ann", Version: 1}, f.put(t, store.Profile{User: "ann"}))
}

func testProfileValues(t *testing.T, f *fixture) {
	for _, p := range []store.Profile{
		{User: "plain"},
		{User: strings.Repeat("x", store.IDMax), Segments: []string{strings.Repeat("s", store.IDMax)}},
		{User: "\x00", Segments: []string{"\x00", "z", "a", "日本"}, Updated: base},
		{
			User:        "a\x00b",
			Attributes:  map[string]string{"": "empty key", "empty value": "", "日本語": "🍵\u2028<&>\"\\\x00"},
			Preferences: map[string][]string{"category": {"Tea", "Tea", ""}, "": {"x"}, "none": nil},
			Updated:     time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		},
	} {
		given := p
		if !p.Updated.IsZero() {
			given.Updated = p.Updated.Add(999).In(time.FixedZone("west", -3600))
		}
		p.Version = 1
		equal(t, "put", p, f.put(t, given))
		equal(t, "read", p, f.profile(t, p.User))
	}
}

func testProfileInvalid(t *testing.T, f *fixture) {
	long := strings.Repeat("x", store.IDMax+1)
	many := make([]string, store.ProfileBytesMax)
	for name, p := range map[string]store.Profile{
		"no user":         {},
		"long user":       {User: long},
		"user bytes":      {User: "\xff"},
		"empty segment":   {User: "ann", Segments: []string{""}},
		"long segment":    {User: "ann", Segments: []string{long}},
		"segment twice":   {User: "ann", Segments: []string{"a", "b", "a"}},
		"attribute bytes": {User: "ann", Attributes: map[string]string{"a": "\xff"}},
		"preference key":  {User: "ann", Preferences: map[string][]string{"\xff": nil}},
		"large":           {User: "ann", Attributes: map[string]string{"a": strings.Repeat("x", store.ProfileBytesMax)}},
		"many":            {User: "ann", Preferences: map[string][]string{"a": many}},
		"updated":         {User: "ann", Updated: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		_, err := f.PutProfile(t.Context(), p)
		wantErr(t, name, store.ErrInvalid, err)
	}
	_, err := f.Profile(t.Context(), "ann")
	wantErr(t, "nothing stored", store.ErrNotFound, err)
	_, err = f.Profile(t.Context(), long)
	wantErr(t, "long user read", store.ErrNotFound, err)
	if err := f.DeleteProfile(t.Context(), long); err != nil {
		t.Errorf("DeleteProfile of a user no store has: %v", err)
	}
}

func testProfileOwned(t *testing.T, f *fixture) {
	make := func(version uint64) store.Profile {
		return store.Profile{
			User: "ann", Version: version, Segments: []string{"vip"},
			Attributes:  map[string]string{"country": "FR"},
			Preferences: map[string][]string{"category": {"Tea"}},
		}
	}
	spoil := func(p store.Profile) {
		p.Segments[0], p.Attributes["country"], p.Preferences["category"][0] = "x", "x", "x"
	}
	given := make(0)
	put := f.put(t, given)
	spoil(given)
	spoil(put)
	spoil(f.profile(t, "ann"))
	equal(t, "profile", make(1), f.profile(t, "ann"))
}

// testProfileConcurrent has a hundred writers put every version: exactly one wins each.
func testProfileConcurrent(t *testing.T, f *fixture) {
	const writers, versions = 100, 10
	var won [versions]atomic.Int32
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for version := range uint64(versions) {
				name := fmt.Sprintf("writer-%d", w)
				for { // until somebody has written this version
					p, err := f.PutProfile(t.Context(), store.Profile{User: "ann", Version: version, Segments: []string{name}})
					if err == nil {
						won[version].Add(1)
						if p.Version != version+1 {
							t.Errorf("version %d after %d", p.Version, version)
						}
						break
					}
					if wantErr(t, "lost", store.ErrConflict, err); t.Failed() {
						return
					}
					if p, err := f.Profile(t.Context(), "ann"); err == nil && p.Version > version {
						break
					}
				}
			}
		})
	}
	wg.Wait()
	for version := range won {
		if n := won[version].Load(); n != 1 {
			t.Errorf("%d writers won version %d", n, version)
		}
	}
	final := f.profile(t, "ann")
	if final.Version != versions {
		t.Errorf("version %d in the end, want %d", final.Version, versions)
	}
	for w := range writers { // the segments are those of the last winner alone
		name := fmt.Sprintf("writer-%d", w)
		if users := f.segment(t, name); len(users) > 0 != slices.Contains(final.Segments, name) {
			t.Errorf("segment %s has %v, the profile has %v", name, users, final.Segments)
		}
	}
}

func (f *fixture) segment(t *testing.T, segment string) []string {
	t.Helper()
	var users []string
	for user, err := range f.Segment(t.Context(), segment) {
		if err != nil {
			t.Fatalf("Segment(%q): %v", segment, err)
		}
		users = append(users, user)
	}
	return users
}

func testSegment(t *testing.T, f *fixture) {
	for user, segments := range map[string][]string{
		"ann": {"vip", "v"}, "bob": {"vip"}, "b": {"vi", "vip"}, "bo": {"vip\x00"}, "b\x00": {"vip", "\x00"},
		"é": {"vip"}, "carl": {"\x00vip"}, "dora": nil,
	} {
		f.put(t, store.Profile{User: user, Segments: segments})
	}
	for segment, users := range map[string][]string{
		"vip": {"ann", "b", "b\x00", "bob", "é"}, "vi": {"b"}, "v": {"ann"}, "vip\x00": {"bo"}, "\x00": {"b\x00"},
		"\x00vip": {"carl"}, "": nil, "unknown": nil, strings.Repeat("x", 1<<16): nil,
	} {
		equal(t, fmt.Sprintf("%.10q", segment), users, f.segment(t, segment))
	}
	f.put(t, store.Profile{User: "bob", Version: 1, Segments: []string{"v"}})
	if err := f.DeleteProfile(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	equal(t, "vip after changes", []string{"ann", "b\x00", "é"}, f.segment(t, "vip"))
	equal(t, "v after changes", []string{"ann", "bob"}, f.segment(t, "v"))
	equal(t, "vi after changes", []string(nil), f.segment(t, "vi"))
	for user, err := range f.Segment(t.Context(), "vip") {
		if user != "ann" || err != nil {
			t.Errorf("first is %q, %v", user, err)
		}
		break
	}
}

func testSegmentMany(t *testing.T, f *fixture) {
	const n = 2100
	var wg sync.WaitGroup
	want := make([]string, n)
	for i := range want {
		want[i] = fmt.Sprintf("user-%05d", i)
	}
	for part := range slices.Chunk(want, 21) {
		wg.Go(func() {
			for _, user := range part {
				if _, err := f.PutProfile(t.Context(), store.Profile{User: user, Segments: []string{"all"}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	scan := f.Segment(t.Context(), "all")
	for range 2 { // it may run again
		var users []string
		for user, err := range scan {
			if err != nil {
				t.Fatal(err)
			}
			users = append(users, user)
			if len(users)%500 == 0 {
				f.profile(t, user) // calls are allowed within
			}
		}
		equal(t, "users", want, users)
	}
}
