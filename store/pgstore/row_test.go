package pgstore

import (
	"cmp"
	"strings"
	"testing"
)

// TestText wants texts without NUL that can be read back and lie in the order of what they stand for.
func TestText(t *testing.T) {
	t.Parallel()
	parts := []string{"", "\x00", "\x01", "\x02", "a", "\x00\x01", "\x01\x01", "\x01\x02", "\x01\x00"}
	var all []string
	for _, a := range parts {
		for _, b := range parts {
			all = append(all, a+b)
		}
	}
	for _, s := range all {
		if got := text(s); strings.Contains(got, "\x00") || untext(got) != s {
			t.Errorf("%q is written %q and read %q", s, got, untext(got))
		}
		for _, o := range all {
			if cmp.Compare(text(s), text(o)) != cmp.Compare(s, o) {
				t.Errorf("%q and %q lie the other way round as %q and %q", s, o, text(s), text(o))
			}
		}
	}
}
