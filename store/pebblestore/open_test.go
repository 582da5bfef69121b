package pebblestore_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pebblestore"
)

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	st := open(t, dir, pebblestore.Options{})
	if _, err := pebblestore.Open(dir, pebblestore.Options{}); !errors.Is(err, pebblestore.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second Open: %v, want ErrInUse and the directory", err)
	}
	if err := st.Append(t.Context(), []store.Entry{{Interaction: killed("ann", "tea", 1)}}); err != nil {
		t.Errorf("append after a second Open failed: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir, pebblestore.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOpenTwiceChild is the other process of TestOpenElsewhere.
func TestOpenTwiceChild(t *testing.T) {
	dir := os.Getenv("PEBBLESTORE_OPEN_DIR")
	if dir == "" {
		t.Skip("runs as the child of TestOpenElsewhere")
	}
	if _, err := pebblestore.Open(dir, pebblestore.Options{}); !errors.Is(err, pebblestore.ErrInUse) {
		t.Errorf("Open in another process: %v, want ErrInUse", err)
	}
}

func TestOpenElsewhere(t *testing.T) {
	dir := t.TempDir()
	st := open(t, dir, pebblestore.Options{})
	defer st.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestOpenTwiceChild$")
	cmd.Env = append(os.Environ(), "PEBBLESTORE_OPEN_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestOpenForeign(t *testing.T) {
	set := func(key, value string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			db, err := pebble.Open(dir, &pebble.Options{Logger: quiet{}, FormatMajorVersion: pebble.FormatNewest})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Set([]byte(key), []byte(value), pebble.Sync), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		prepare func(t *testing.T, dir string)
		format  bool // the error is ErrFormat
	}{
		"other program": {set("hello", "world"), true},
		"newer format":  {set("f", "gold/pebblestore 3"), true},
		"a file": {func(t *testing.T, dir string) {
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "db")
			test.prepare(t, dir)
			for range 2 { // the first leaves no lock
				_, err := pebblestore.Open(dir, pebblestore.Options{})
				if err == nil || errors.Is(err, pebblestore.ErrFormat) != test.format || errors.Is(err, pebblestore.ErrInUse) {
					t.Errorf("Open: %v", err)
				}
			}
		})
	}
}

// TestOpenLeavesOthers opens a directory in which something else lies already.
func TestOpenLeavesOthers(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "notes.txt")
	if err := errors.Join(os.WriteFile(other, []byte("mine"), 0o600), os.Mkdir(filepath.Join(dir, "lost+found"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := open(t, dir, pebblestore.Options{}).Close(); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := os.ReadFile(other); err != nil || string(data) != "mine" {
		t.Errorf("the other file is %q, %v", data, err)
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(string, ...any) {}

func TestOpenMakesDirectories(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := open(t, dir, pebblestore.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLogger opens and closes with a logger: Pebble's messages arrive, and none goes elsewhere.
func TestLogger(t *testing.T) {
	var buf bytes.Buffer
	log := slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))
	dir := t.TempDir()
	for range 2 {
		if err := open(t, dir, pebblestore.Options{Logger: log}).Close(); err != nil {
			t.Fatal(err)
		}
	}
	if buf.Len() == 0 {
		t.Error("nothing was logged at Debug")
	}
	if strings.Contains(buf.String(), "ERROR") {
		t.Errorf("errors were logged:\n%s", &buf)
	}
}
