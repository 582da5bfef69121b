package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	sum  = "package p\n\n// Sum adds.\nfunc Sum(n int) int {\n\ts := 0\n\tfor i := 1; i <= n; i++ {\n\t\ts += i\n\t}\n\treturn s\n}\n\nfunc Idle() int {\n\treturn 1\n}\n"
	head = "package p\n\nimport \"testing\"\n\n"
	test = head + "func TestSum(t *testing.T) {\n\tif Sum(3) != 6 {\n\t\tt.Error(\"sum\")\n\t}\n}\n"
)

// Each verdict, from the real go command.
func TestPlant(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{
		"p/p.go": sum, "p/p_test.go": test,
		"q/q_test.go":   head + "func TestBroken(t *testing.T) { t.Fail() }\n",
		"r/r.go":        "package r\n",
		"p/other/go.go": "package other\n\nfunc Twice() { a(); a() }\n\nfunc a() {}\n",
		"p/testdata/faults.txt": `# A comment, and an empty line.

p.go: s += i => s -= i
p.go: s += i } return s => s += i }; return s + 1
p.go: i++ { => i += 0 { : ./p -run=TestSum
p.go: return 1 => return 2
other/go.go: { a(); => {
other/go.go: func a() {} => : ./p/...
p.go: return 3 => return 4
p.go: Sum => Total
p.go: Idle => Sum
p.go: return 1 => return "one"
p.go: return 1 => return 5 : ./q
p.go: return 1 => return 6 : ./r
absent.go: a => b
p.go: return 1 => return 7 : ./p -run=TestAbsent
`,
	})
	faults, err := readTables([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r := runner{out: &out, timeout: 2 * time.Second, sound: map[string]error{}}
	for _, f := range faults {
		r.plant(f)
	}
	if r.print() {
		t.Error("all is said to be well")
	}
	got := strings.ReplaceAll(out.String(), dir+"/p/testdata/faults.txt:", "")
	for _, want := range []string{
		"killed    3: p.go: s += i => s -= i (", "killed    4: p.go: s += i }", "hung      5: p.go: i++ {",
		"SURVIVED  6: p.go: return 1 => return 2 (", "SURVIVED  7: other/go.go: { a(); => { (",
		"ERROR     8: other/go.go: func a() {} => : ./p/...: does not compile:\n", "undefined: a",
		"ERROR     9: p.go: return 3 => return 4: the old text is found 0 times, not once\n",
		"ERROR     10: p.go: Sum => Total: the old text is found 2 times, not once\n",
		"ERROR     11: p.go: Idle => Sum: does not compile:\n", "Sum redeclared",
		"ERROR     12: p.go: return 1 => return \"one\": does not compile:\n",
		"ERROR     13: p.go: return 1 => return 5 : ./q: the tests fail without the fault:\n",
		"ERROR     14: p.go: return 1 => return 6 : ./r: nothing is tested:\n",
		"ERROR     15: absent.go: a => b: open ",
		"ERROR     16: p.go: return 1 => return 7 : ./p -run=TestAbsent: nothing is tested:\n",
		"\nkilled 3, survived 2: 6, 7; 9 could not be planted\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("output lacks %q", want)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "p", "p.go")); err != nil || string(text) != sum {
		t.Errorf("the tree has changed, or %v", err)
	}
	if t.Failed() {
		t.Log(got)
	}
}

func TestReadTables(t *testing.T) {
	t.Parallel()
	dir := module(t, map[string]string{
		"nested/go.mod": "module example.test/n\n", "nested/testdata/faults.txt": "a.go: x => y\n",
		".hidden/testdata/faults.txt": "bad\n", "deep/p/testdata/faults.txt": "b.go: s[i+1 : j] = {\"a : b\", c: d} => s : ./...\n",
		"deep/faults.txt": "no table here\n",
	})
	faults, err := readTables([]string{dir})
	if err != nil || len(faults) != 2 {
		t.Fatalf("%d faults, error %v", len(faults), err)
	}
	deep, nested := faults[0], faults[1]
	if deep.module != dir || deep.file != filepath.Join(dir, "deep/p/b.go") || deep.new != "s" || deep.packages[0] != "./..." ||
		!deep.old.MatchString("s[i+1 : j]\n\t= {\"a : b\", c: d}") || deep.old.MatchString("s[i+1 : jj = {\"a : b\", c: d}") {
		t.Errorf("read as %+v", deep)
	}
	if nested.module != filepath.Join(dir, "nested") || nested.packages[0] != "./." {
		t.Errorf("read as %+v", nested)
	}
	if one, err := readTables([]string{filepath.Join(dir, "nested/testdata/faults.txt")}); err != nil || len(one) != 1 {
		t.Errorf("one table: %d faults, error %v", len(one), err)
	}
	for _, bad := range []string{"a.go x => y", "a.go: x -> y", "a.go: => y", ""} {
		dir := module(t, map[string]string{"testdata/faults.txt": bad + "\n"})
		if _, err := readTables([]string{dir}); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if _, err := readTables([]string{filepath.Join(dir, "absent")}); err == nil {
		t.Error("a table that is not there was read")
	}
}

func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.test/m\n\ngo 1.26.0\n"
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
