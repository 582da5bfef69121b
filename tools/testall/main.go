// Testall runs go test in each of the modules given and says at the end which tests were skipped, and why.
//
//	testall DIR... -- [go test flags]
//
// What go test would print of packages and failures is printed as it comes.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	dirs, flags := os.Args[1:], []string(nil)
	if i := slices.Index(dirs, "--"); i >= 0 {
		dirs, flags = dirs[:i], dirs[i+1:]
	}
	sum := summary{out: os.Stdout}
	err := testModules(dirs, flags, &sum)
	sum.print()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testall:", err)
		os.Exit(1)
	}
}

// testModules tests every module, also after one has failed.
func testModules(dirs, flags []string, sum *summary) error {
	var errs []error
	for _, dir := range dirs {
		fmt.Fprintf(sum.out, "== %s: go test %s\n", dir, strings.Join(flags, " "))
		if err := testModule(dir, flags, sum); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", dir, err))
		}
	}
	return errors.Join(errs...)
}

func testModule(dir string, flags []string, sum *summary) error {
	cmd := exec.Command("go", slices.Concat([]string{"test", "-json"}, flags, []string{"./..."})...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := sum.read(pipe)
	_, drainErr := io.Copy(io.Discard, pipe) // so that Wait does not wait for a writer nobody reads
	return errors.Join(readErr, drainErr, cmd.Wait())
}

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

type outcome struct{ passed, failed int }

// summary reads the events of one module after another.
type summary struct {
	out      io.Writer
	packages outcome
	tests    outcome
	skipped  []string
	pending  map[string]map[string]string // what a package's unfinished tests have printed; "" is the package's own
}

func (s *summary) read(r io.Reader) error {
	s.pending = map[string]map[string]string{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil {
				s.add(e)
			} else { // the go command's own words, such as a warning
				fmt.Fprintf(s.out, "%s", line)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) add(e event) {
	switch {
	case e.Action == "build-output":
		fmt.Fprint(s.out, e.Output)
	case e.Action == "output":
		if s.pending[e.Package] == nil {
			s.pending[e.Package] = map[string]string{}
		}
		s.pending[e.Package][e.Test] += e.Output
	case e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
		s.endPackage(e)
	case e.Action == "pass":
		s.tests.passed++
		delete(s.pending[e.Package], e.Test)
	case e.Action == "fail":
		s.tests.failed++
		fmt.Fprint(s.out, s.pending[e.Package][e.Test])
		delete(s.pending[e.Package], e.Test)
	case e.Action == "skip":
		s.skipped = append(s.skipped, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(s.pending[e.Package][e.Test])))
		delete(s.pending[e.Package], e.Test)
	}
}

// endPackage prints the verdict on a package and, of one that failed, everything that tests cut off had printed.
func (s *summary) endPackage(e event) {
	pending := s.pending[e.Package]
	delete(s.pending, e.Package)
	switch e.Action {
	case "pass":
		s.packages.passed++
		fmt.Fprintf(s.out, "ok    %s %.1fs\n", e.Package, e.Elapsed)
	case "fail":
		s.packages.failed++
		own := pending[""]
		delete(pending, "")
		for _, test := range slices.Sorted(maps.Keys(pending)) {
			fmt.Fprint(s.out, pending[test])
		}
		fmt.Fprintf(s.out, "%sFAIL  %s %.1fs\n", own, e.Package, e.Elapsed)
	}
}

// reason is what a skipped test said, without the frame that go test puts around it.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}

func (s *summary) print() {
	fmt.Fprintf(s.out, "packages: %d passed, %d failed; tests: %d passed, %d failed, %d skipped\n",
		s.packages.passed, s.packages.failed, s.tests.passed, s.tests.failed, len(s.skipped))
	slices.Sort(s.skipped)
	for _, line := range s.skipped {
		fmt.Fprintln(s.out, "skip  "+line)
	}
}
