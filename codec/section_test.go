package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/google/go-cmp/cmp"
)

// open writes sections of one number each, and opens them.
func open(t *testing.T, names ...string) *codec.Reader {
	t.Helper()
	var b bytes.Buffer
	w := codec.NewWriter(&b)
	for i, name := range names {
		w.Section(name, uint32(i+1))
		w.Uint64(uint64(10 * i))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := codec.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSections(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		read func(r *codec.Reader)
		ok   bool
	}{
		{"in order", func(r *codec.Reader) {
			for i, name := range []string{"a", "p/b", "p/c", "d"} {
				if v := r.Section(name, 9); v != uint32(i+1) || r.Uint64() != uint64(10*i) {
					r.Fail("section %s is of version %d", name, v)
				}
			}
		}, true},
		{"skipped", func(r *codec.Reader) { r.Skip(); r.Skip(); r.Section("p/c", 3); r.Uint64(); r.Skip() }, true},
		{"all skipped, and more", func(r *codec.Reader) {
			for range 9 {
				r.Skip()
			}
		}, true},
		{"skipped from the midst of one", func(r *codec.Reader) { r.Section("a", 1); r.Skip(); r.Skip(); r.Skip() }, true},
		{"peeked at from the midst of one", func(r *codec.Reader) {
			r.Section("a", 1)
			if name, ok := r.Peek(); name != "p/b" || !ok {
				r.Fail("peeked at %q", name)
			}
			if name, ok := r.Peek(); name != "p/b" || !ok {
				r.Fail("peeked again at %q", name)
			}
			r.Section("p/b", 2)
			r.Skip()
			r.Skip()
		}, true},
		{"within a prefix", func(r *codec.Reader) {
			in := r.Within("p/")
			if _, ok := in.Peek(); ok {
				r.Fail("peeked at what has not the prefix")
			}
			r.Skip()
			for name, ok := in.Peek(); ok; name, ok = in.Peek() {
				in.Section(name, 9)
				in.Uint64()
			}
			r.Section("d", 4)
			r.Uint64()
			if _, ok := r.Peek(); ok {
				r.Fail("peeked behind the end")
			}
		}, true},
		{"another name", func(r *codec.Reader) { r.Section("b", 9) }, false},
		{"an older reader", func(r *codec.Reader) { r.Skip(); r.Section("p/b", 1) }, false},
		{"half of one, and the rest skipped", func(r *codec.Reader) {
			r.Section("a", 1)
			r.Uint32()
			if name, _ := r.Peek(); name != "p/b" {
				r.Fail("peeked at %q", name)
			}
			r.Skip()
			r.Skip()
			r.Skip()
		}, true},
		{"more than is left", func(r *codec.Reader) { r.Section("a", 1); r.Uint64(); r.Uint32() }, false},
		{"half left", func(r *codec.Reader) { r.Section("a", 1); r.Uint32(); r.Section("p/b", 9) }, false},
		{"something left", func(r *codec.Reader) { r.Section("a", 1); r.Section("p/b", 9) }, false},
		{"behind the end", func(r *codec.Reader) { r.Skip(); r.Skip(); r.Skip(); r.Skip(); r.Section("e", 1) }, false},
	} {
		r := open(t, "a", "p/b", "p/c", "d")
		tt.read(r)
		if err := r.Err(); (err == nil) != tt.ok || err != nil && !errors.Is(err, codec.ErrCorrupt) || r.Close() != err {
			t.Errorf("%s: %v, and closed, %v", tt.name, err, r.Err())
		}
		if err := r.Err(); strings.HasSuffix(tt.name, "left") && tt.name != "more than is left" && !strings.Contains(err.Error(), "more in a section") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for name, read := range map[string]func(r *codec.Reader){
		"sections left": func(r *codec.Reader) { r.Section("a", 1); r.Uint64() },
		"half left":     func(r *codec.Reader) { r.Skip(); r.Skip(); r.Skip(); r.Section("d", 4); r.Uint32() },
		"nothing read":  func(*codec.Reader) {},
	} {
		r := open(t, "a", "p/b", "p/c", "d")
		read(r)
		if err := r.Err(); err != nil || !errors.Is(r.Close(), codec.ErrCorrupt) {
			t.Errorf("%s: %v, and closed, %v", name, err, r.Err())
		}
	}
}

// TestPeekAtDamage wants the error of a record that is passed over.
func TestPeekAtDamage(t *testing.T) {
	t.Parallel()
	file := encode(t, large())
	file[len(file)/2] ^= 1
	for name, pass := range map[string]func(*codec.Reader){
		"skip": func(r *codec.Reader) { r.Skip() },
		"peek": func(r *codec.Reader) { r.Section("sample", 2); r.Peek() },
	} {
		r, err := codec.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if pass(r); !errors.Is(r.Err(), codec.ErrCorrupt) {
			t.Errorf("%s: %v", name, r.Err())
		}
	}
}

// TestFile reads from the midst of a file on disk, the size of which is asked for.
func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, append([]byte("before"), encode(t, small())...), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(6, 0); err != nil {
		t.Fatal(err)
	}
	got, err := load(f)
	if diff := cmp.Diff(small(), got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func Example() {
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	w.Section("items", 1)
	w.Strings(2, func(i int) string { return []string{"tea", "mug"}[i] })
	part := w.Within("part/") // its writer need not know where in the file it is
	part.Section("prices", 1)
	part.Float32s([]float32{4.5, 9})
	if err := w.Close(); err != nil {
		panic(err)
	}

	r, err := codec.NewReader(&file)
	if err != nil {
		panic(err)
	}
	r.Section("items", 1)
	items := r.Strings()
	for parts := r.Within("part/"); ; {
		name, ok := parts.Peek()
		if !ok {
			break
		}
		if name != "prices" {
			parts.Skip() // of a later version of the program
			continue
		}
		parts.Section(name, 1)
		fmt.Println(items, parts.Float32s())
	}
	if err := r.Close(); err != nil {
		panic(err)
	}
	// Output: [tea mug] [4.5 9]
}
