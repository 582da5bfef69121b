package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goldrec/gold/examples/internal/quoted"
	"github.com/google/go-cmp/cmp"
)

const document = "../../docs/tutorial.md"

// Every Go block of the tutorial stands in the program.
func TestDocumentQuotesTheProgram(t *testing.T) {
	t.Parallel()
	problems, err := quoted.Check(document, ".", 15)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

var update = flag.Bool("update", false, "write what the program prints into docs/tutorial.md")

// What the program prints over the files that it makes stands in the tutorial, step by step; figures may differ, since
// processors round differently.
func TestDocumentShowsTheOutput(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	data := t.TempDir()
	if err := run(t.Context(), &out, io.Discard, []string{"-make", data}); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), &out, io.Discard, []string{"-store", t.TempDir(), data}); err != nil {
		t.Fatal(err)
	}
	printed := map[string]string{}
	for _, step := range strings.Split("\n"+out.String(), "\n== ")[1:] {
		title, _, _ := strings.Cut(step, "\n")
		printed[title] = "== " + strings.TrimSpace(step) + "\n"
	}
	shown := quoted.Blocks(string(text), "text")
	figures := regexp.MustCompile(`[-+]?[0-9.]+(e-[0-9]+)?| +|-Inf|\+Inf`)
	for _, block := range shown {
		title, _, _ := strings.Cut(strings.TrimPrefix(block, "== "), "\n")
		want := printed[title]
		delete(printed, title)
		if *update {
			text = bytes.Replace(text, []byte("```text\n"+block), []byte("```text\n"+want), 1)
			continue
		}
		if diff := cmp.Diff(figures.ReplaceAllString(block, "0"), figures.ReplaceAllString(want, "0")); diff != "" {
			t.Errorf("%s (-) and the program (+) differ; see -update:\n%s", document, diff)
		}
	}
	for title := range printed {
		t.Errorf("%s does not show what the program prints under %q", document, title)
	}
	if *update {
		if err := os.WriteFile(document, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A directory that has nothing to read, a store that is there already, and other uses than those meant.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := run(t.Context(), io.Discard, io.Discard, []string{"-make", data}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"-unknown"}, {"a", "b"}, {t.TempDir()}, {"-store", data, data}} {
		if err := run(t.Context(), io.Discard, io.Discard, args); err == nil {
			t.Errorf("run(%q) is no error", args)
		}
	}
}
