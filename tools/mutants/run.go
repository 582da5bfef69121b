package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// runner plants faults and counts what became of them.
type runner struct {
	out     io.Writer
	timeout time.Duration
	sound   map[string]error // what the tests say without any fault, by module and arguments

	killed   int
	survived []fault
	failed   []fault // could not be planted
}

// plant runs the tests with the fault in place and prints what they say of it.
func (r *runner) plant(f fault) {
	begin := time.Now()
	verdict, err := r.try(f)
	switch {
	case err != nil:
		r.failed = append(r.failed, f)
		fmt.Fprintf(r.out, "ERROR     %v: %v\n", f, err)
		return
	case verdict == "SURVIVED":
		r.survived = append(r.survived, f)
	default:
		r.killed++
	}
	fmt.Fprintf(r.out, "%-9s %v (%.1fs)\n", verdict, f, time.Since(begin).Seconds())
}

func (r *runner) try(f fault) (verdict string, err error) {
	text, err := os.ReadFile(f.file)
	if err != nil {
		return "", err
	}
	at := f.old.FindAllIndex(text, -1)
	if len(at) != 1 {
		return "", fmt.Errorf("the old text is found %d times, not once", len(at))
	}
	if err := r.baseline(f); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	overlay, err := writeOverlay(dir, f.file, slices.Concat(text[:at[0][0]], []byte(f.new), text[at[0][1]:]))
	if err != nil {
		return "", err
	}
	said, err := r.test(f, "-overlay="+overlay, "-count=1", "-failfast")
	switch {
	case err == nil:
		return "SURVIVED", nil
	case strings.Contains(said, "[build failed]") || strings.Contains(said, "[setup failed]"):
		return "", fmt.Errorf("does not compile:\n%s", said)
	case strings.Contains(said, "panic: test timed out"):
		return "hung", nil
	case strings.Contains(said, "FAIL"):
		return "killed", nil
	}
	return "", fmt.Errorf("go test: %w\n%s", err, said)
}

// tests is how the go command reports a package of which it has run a test.
var tests = regexp.MustCompile(`(?m)^ok\s[^\[\n]*$`)

// baseline runs the tests without the fault, once for all faults that are shown to the same ones.
func (r *runner) baseline(f fault) error {
	key := f.module + "\x00" + strings.Join(f.packages, "\x00")
	err, known := r.sound[key]
	if !known {
		said, failure := r.test(f)
		switch {
		case failure != nil:
			err = fmt.Errorf("the tests fail without the fault:\n%s", said)
		case !tests.MatchString(said):
			err = fmt.Errorf("nothing is tested:\n%s", said)
		}
		r.sound[key] = err
	}
	return err
}

func (r *runner) test(f fault, flags ...string) (said string, err error) {
	args := slices.Concat([]string{"test", "-vet=off", "-timeout=" + r.timeout.String()}, flags, f.packages)
	cmd := exec.Command("go", args...)
	cmd.Dir = f.module
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// writeOverlay puts the changed file and the overlay that shows it to the go command into dir.
func writeOverlay(dir, file string, text []byte) (string, error) {
	changed, overlay := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{file: changed}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(changed, text, 0o600), os.WriteFile(overlay, replace, 0o600))
}

// print sums up, and tells whether every fault was killed.
func (r *runner) print() bool {
	fmt.Fprintf(r.out, "killed %d, survived %d", r.killed, len(r.survived))
	for i, f := range r.survived {
		fmt.Fprintf(r.out, "%s %s:%d", [...]string{":", ","}[min(i, 1)], f.table, f.line)
	}
	if len(r.failed) > 0 {
		fmt.Fprintf(r.out, "; %d could not be planted", len(r.failed))
	}
	fmt.Fprintln(r.out)
	return len(r.survived) == 0 && len(r.failed) == 0
}
