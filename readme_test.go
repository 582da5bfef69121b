package gold_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The fragment of README.md compiles: it is laid over the module as the body of a function. The whole program before it
// is held by examples/quickstart.
func TestReadmeCompiles(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "## Experiments on itself\n")
	_, code, fenced := strings.Cut(section, "```go\n")
	code, _, closed := strings.Cut(code, "```\n")
	if !found || !fenced || !closed {
		t.Fatal("README.md has no fragment under Experiments on itself")
	}
	var imports strings.Builder
	for _, p := range []string{"experiment", "experiment/stats", "recommend", "store"} {
		imports.WriteString("import \"" + modulePath + "/" + p + "\"\n")
	}
	dir := t.TempDir()
	file, overlay := filepath.Join(dir, "readme.go"), filepath.Join(dir, "overlay.json")
	code = "package readme\nimport (\"context\"; \"os\")\n" + imports.String() +
		"func _(ctx context.Context, st store.Store, live *experiment.Live) {\n" + code + "_, _ = duels, err\n}\n"
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "internal", "readme", "readme.go"): file}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{file: []byte(code), overlay: mapping} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "./internal/readme").CombinedOutput()
	if err != nil {
		t.Errorf("README.md: %v\n%s\n%s", err, out, code)
	}
}
