package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestReadmeHasTheProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readme, append([]byte("```go\n"), program...)) {
		t.Error("README.md does not have main.go word for word")
	}
	if lines := bytes.Count(program, []byte("\n")); lines >= 40 {
		t.Errorf("main.go has %d lines, want under 40", lines)
	}
}

func TestRuns(t *testing.T) {
	run := func(user string) []string {
		out, err := exec.CommandContext(t.Context(), "go", "run", ".", "shop.csv", user).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	ann, bob := run("ann"), run("bob")
	if len(ann) != 3 || len(bob) != 3 {
		t.Fatalf("ann gets %q, bob %q, want three lines each", ann, bob)
	}
	for i, want := range []string{"lemon ", "black tea "} { // as README.md says
		if !strings.HasPrefix(ann[i], want) {
			t.Errorf("ann gets %q at %d, want %s", ann[i], i+1, want)
		}
	}
	// ann bought things for tea, bob for coffee; each gets the rest of the own group first.
	for user, want := range map[string][]string{"ann": {"black tea", "lemon"}, "bob": {"espresso beans", "sugar", "milk jug", "grinder", "filter paper"}} {
		first := run(user)[0]
		found := false
		for _, item := range want {
			found = found || strings.HasPrefix(first, item+" ")
		}
		if !found {
			t.Errorf("%s gets %q first, want one of %q", user, first, want)
		}
	}
}
