package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func read(t *testing.T, layout, text string) (got []interaction, timed bool, err error) {
	t.Helper()
	l, err := layoutOf(layout)
	if err != nil {
		t.Fatal(err)
	}
	timed, err = l.read(iotest.OneByteReader(strings.NewReader(text)), func(i interaction) { got = append(got, i) })
	return got, timed, err
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	none := unrated
	ab := []interaction{{"u", "a", none, 0}, {"u", "b", none, 0}}
	for _, tt := range []struct {
		name, layout, text string
		want               []interaction
		timed              bool
	}{
		{"adjacency", "adjacency", "u a b\nv a\n", append(ab[:2:2], interaction{"v", "a", none, 0}), false},
		{"loose spaces, blank lines, a mark, no last newline", "adjacency", "\ufeff\n  u\ta  b \r\n\n \nv", ab, false},
		{"a user of two lines", "adjacency", "u a\nu b\n", ab, false},
		{"nothing", "adjacency", "", nil, false},
		{"sequence", "sequence", "u b a b\n", []interaction{{"u", "b", none, 1}, {"u", "a", none, 2}, {"u", "b", none, 3}}, true},
		{"visits", "sessions", "a b\n\nb\n", []interaction{{"1", "a", none, 1}, {"1", "b", none, 2}, {"3", "b", none, 1}}, true},
		{"pairs", "triples", "u,a\nu,b\n", ab, false},
		{"pairs with a header", "triples", "User_ID, item_id\nu,a\nu,b\n", ab, false},
		{"pairs of one named user-something", "triples", "user1,7\n", []interaction{{"user1", "7", none, 0}}, false},
		{"ratings with a header", "triples", "userId,movieId,rating\n1,7,3.5\n", []interaction{{"1", "7", 3.5, 0}}, false},
		{"ratings", "triples", "1,7,3.5\n", []interaction{{"1", "7", 3.5, 0}}, false},
		{"times", "triples", "1,7,1700000000\n1,8,5\n", []interaction{{"1", "7", none, 1.7e9}, {"1", "8", none, 5}}, true},
		{"small times by their header", "triples", "a,b,timestamp\n1,7,12\n", []interaction{{"1", "7", none, 12}}, true},
		{"ratings and times", "triples", "1,7,5,978300760.9\n", []interaction{{"1", "7", 5, 978300760}}, true},
		{"times before ratings", "triples", "u,i,time,stars\n1,7,99,5\n", []interaction{{"1", "7", 5, 99}}, true},
		{"milliseconds", "triples", "1,7,1700000000123\n", []interaction{{"1", "7", none, 1.7e9}}, true},
		{"tabs and names with types", "triples", "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t7 \"\t3\t9\n",
			[]interaction{{"1", `7 "`, 3, 9}}, true},
		{"quotes, a mark and line ends of another system", "triples", "\ufeff\"u, v\",\"a\"\"b\"\r\n", []interaction{{"u, v", `a"b`, none, 0}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, timed, err := read(t, tt.layout, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(interaction{})); diff != "" || timed != tt.timed {
				t.Errorf("timed %v, %s", timed, diff)
			}
		})
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, layout, text, want string }{
		{"identifier that is not UTF-8", "adjacency", "u a\nv \xff\n", `line 2: identifier "\xff" is not UTF-8`},
		{"identifier too long", "sequence", "\n\nu " + strings.Repeat("x", 513), "line 3: identifier of 513 bytes, at most 512 are allowed"},
		{"user twice in time", "sequence", "u a\nv b\nu c\n", `line 3: user "u" was on line 1 already`},
		{"one column", "triples", "u\n", "line 1: 1 columns, want user,item[,rating][,timestamp]"},
		{"five columns", "triples", "1,2,3,4,5\n", "line 1: 5 columns, want user,item[,rating][,timestamp]"},
		{"columns missing", "triples", "1,2,3\n1,2\n", "line 2: 2 columns, the first line has 3"},
		{"no item", "triples", "1,2\n\n3, \n", "line 3: empty identifier"},
		{"rating in words", "triples", "u,i,rating\n1,2,good\n", `line 2: rating: "good" is not a number`},
		{"rating that is not a number", "triples", "1,2,3\n1,2,NaN\n", `line 2: rating: "NaN" is not a number`},
		{"infinite time", "triples", "1,2,3,4\n1,2,3,1e999\n", `line 2: timestamp: "1e999" is not a number`},
		{"time out of range", "triples", "1,2,3,4\n1,2,3,1e30\n", `line 2: timestamp: 1e30 is out of range`},
		{"open quote", "triples", "1,2\n\"1,2\n3,4\n", `record on line 2; parse error on line 3, column 5: extraneous or missing " in quoted-field`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := read(t, tt.layout, tt.text); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	gone := errors.New("disk gone")
	for _, l := range layouts() {
		r := io.MultiReader(strings.NewReader("u,a b\n"), iotest.ErrReader(gone))
		if _, err := l.read(r, func(interaction) {}); !errors.Is(err, gone) {
			t.Errorf("%s: %v", l.name, err)
		}
	}
	if _, err := readAdjacency(&endless{}, func(interaction) {}); err == nil || err.Error() != "line 1: longer than 64 MiB" {
		t.Errorf("a line without end: %v", err)
	}
}

// endless is a line that never ends.
type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	const some = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	for at := 0; at < len(p); {
		at += copy(p[at:], some)
	}
	return len(p), nil
}

func FuzzCases(f *testing.F) {
	f.Add("a b\tc\n")
	f.Add("\ufeffa\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		_ = readCases(strings.NewReader(text), func(prefix []string, next string) {
			if err := identifiers(append(prefix, next)...); err != nil || len(prefix) == 0 {
				t.Errorf("%q, %q: %v", prefix, next, err)
			}
		})
	})
}

func FuzzLayouts(f *testing.F) {
	for _, text := range []string{"u a b\nv a\n", "u,a,3,1700000000\n", "user,item,rating\n1,2,3\n", "u\ti\n1\t2\n", "\ufeff\"u\",\"\"\"\"\n", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range layouts() {
			var got []interaction
			_, err := l.read(strings.NewReader(text), func(i interaction) { got = append(got, i) })
			for _, i := range got {
				if e := identifiers(i.user, i.item); e != nil || i.rating != i.rating {
					t.Errorf("%s, error %v: %+v, %v", l.name, err, i, e)
				}
			}
			if len(got) > len(text) {
				t.Errorf("%d interactions of %d bytes", len(got), len(text))
			}
		}
	})
}
