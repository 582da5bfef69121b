package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A module with a test of each outcome, run by the real go command.
func TestTestModules(t *testing.T) {
	const head = "package p\nimport \"testing\"\n"
	good := module(t, map[string]string{
		"a/a_test.go": head + "func TestGood(t *testing.T) { t.Log(\"quiet\") }\nfunc TestAway(t *testing.T) { t.Skip(\"no server\") }",
		"b/b.go":      "package b",
	})
	bad := module(t, map[string]string{
		"a/a_test.go": head + "func TestBad(t *testing.T) { t.Log(\"loud\"); t.Fail() }",
		"b/b_test.go": head + "func TestCut(t *testing.T) { t.Log(\"cut off\"); panic(\"stop\") }",
		"c/c_test.go": head + "func TestNo(t *testing.T) { undefined() }",
	})
	var out strings.Builder
	sum := summary{out: &out}
	if err := testModules([]string{good}, nil, &sum); err != nil {
		t.Errorf("good module: %v", err)
	}
	if err := testModules([]string{bad, filepath.Join(bad, "absent")}, nil, &sum); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("bad and absent modules: error %v, want both", err)
	}
	sum.print()
	for _, want := range []string{
		"ok    example.test/m/a ", "loud\n", "cut off\n", "panic: stop", "undefined: undefined",
		"FAIL  example.test/m/a ", "FAIL  example.test/m/b ", "FAIL  example.test/m/c ",
		"packages: 1 passed, 3 failed; tests: 1 passed, 2 failed, 1 skipped\n",
		"skip  example.test/m/a TestAway: a_test.go:4: no server\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q", want)
		}
	}
	if strings.Contains(out.String(), "quiet") {
		t.Error("output has what a test that passed logged")
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.test/m\ngo 1.26.0\n"
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
