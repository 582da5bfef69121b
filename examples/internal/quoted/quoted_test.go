package quoted_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldrec/gold/examples/internal/quoted"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const program = "package p\n\nfunc f() {\n\tg()\n}\n"
	tests := []struct {
		name, document, want string
	}{
		{"quoted", "Words.\n```go\nfunc f() {\n\tg()\n}\n```\n", ""},
		{"another program", "Words.\n```go\nfunc f() {\n\th()\n}\n```\n", "no file has"},
		{"from the middle of a line", "Words.\n```go\ng()\n```\n", "no file has"},
		{"another indentation", "Words.\n```go\nfunc f() {\n g()\n}\n```\n", "no file has"},
		{"none", "Words.\n```\ng()\n```\n", "0 blocks"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			document := filepath.Join(dir, "d.md")
			for name, text := range map[string]string{document: tt.document, filepath.Join(dir, "p.go"): program} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			problems, err := quoted.Check(document, dir, 1)
			if all := strings.Join(problems, "\n"); err != nil || (tt.want == "") != (all == "") || !strings.Contains(all, tt.want) {
				t.Errorf("problems %q, %v; want one that says %q", problems, err, tt.want)
			}
		})
	}
}
