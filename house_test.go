package gold_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the root module may require directly. One more needs a page in docs/decisions that says why.
func allowedRequirements() []string {
	return []string{
		"github.com/RoaringBitmap/roaring/v2",
		"github.com/coder/hnsw", // the rival in ann's own recall test
		"github.com/google/go-cmp",
		"golang.org/x/exp",
		"golang.org/x/sys",
		"gonum.org/v1/gonum",
	}
}

func TestRootRequiresOnlyAllowedModules(t *testing.T) {
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace, Tool []any
	}
	goJSON(t, &mod, "mod", "edit", "-json")
	for _, r := range mod.Require {
		if !r.Indirect && !slices.Contains(allowedRequirements(), r.Path) {
			t.Errorf("go.mod requires %s, which is not on the list; see docs/decisions", r.Path)
		}
	}
	if len(mod.Replace) > 0 || len(mod.Tool) > 0 {
		t.Errorf("go.mod of a released module has replace %v and tool %v; importers do not see them", mod.Replace, mod.Tool)
	}
}

// modules.txt, go.work and the directories that hold a go.mod name the same modules.
func TestModuleListsAgree(t *testing.T) {
	listed := listedModules(t)
	var work struct{ Use []struct{ DiskPath string } }
	goJSON(t, &work, "work", "edit", "-json", "go.work")
	var used []string
	for _, u := range work.Use {
		used = append(used, path.Clean(u.DiskPath))
	}
	slices.Sort(used)
	if diff := cmp.Diff(listed, used); diff != "" {
		t.Errorf("modules.txt (-) and go.work (+) differ:\n%s", diff)
	}
	if diff := cmp.Diff(listed, moduleDirs(t, os.DirFS("."))); diff != "" {
		t.Errorf("modules.txt (-) and the directories with a go.mod (+) differ:\n%s", diff)
	}
}

// fileMax is the largest file that may be in the repository: nothing that people write is near it, and programs and data are beyond.
const fileMax = 1 << 20

func TestTrackedFilesAreSmall(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("no checkout of git:", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if info, err := os.Lstat(name); err == nil && info.Size() > fileMax { // one that is not there is about to be removed
			t.Errorf("%s has %d bytes: a program, or data?", name, info.Size())
		}
	}
}

func listedModules(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("modules.txt")
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 || fields[1] != "released" && fields[1] != "internal" {
			t.Errorf("modules.txt: %q is not a directory and released or internal", line)
		}
		dirs = append(dirs, path.Clean(fields[0]))
	}
	slices.Sort(dirs)
	return dirs
}

func moduleDirs(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var dirs []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && hidden(name):
			return fs.SkipDir
		case d.Name() == "go.mod":
			dirs = append(dirs, path.Dir(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(dirs)
	return dirs
}

// goJSON runs the go command and reads what it prints.
func goJSON(t *testing.T, into any, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
}
