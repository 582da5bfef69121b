package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// fault is a line of a table.
type fault struct {
	table string
	line  int
	text  string // the line

	module   string // the root of the module, absolute
	file     string // the file to change, absolute
	old      *regexp.Regexp
	new      string
	packages []string // and flags, for go test
}

func (f fault) String() string { return fmt.Sprintf("%s:%d: %s", f.table, f.line, f.text) }

// readTables reads the tables given, and those below the directories given.
func readTables(args []string) ([]fault, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var faults []fault
	for _, arg := range args {
		tables, err := findTables(arg)
		if err != nil {
			return nil, err
		}
		for _, table := range tables {
			list, err := readTable(table)
			if err != nil {
				return nil, err
			}
			faults = append(faults, list...)
		}
	}
	if len(faults) == 0 {
		return nil, errors.New("no faults to plant")
	}
	return faults, nil
}

func findTables(arg string) ([]string, error) {
	var tables []string
	err := filepath.WalkDir(arg, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != arg && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case name == arg && !d.IsDir(), d.Name() == "faults.txt" && filepath.Base(filepath.Dir(name)) == "testdata":
			tables = append(tables, name)
		}
		return nil
	})
	return tables, err
}

func readTable(table string) ([]fault, error) {
	text, err := os.ReadFile(table)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(filepath.Dir(table)))
	if err != nil {
		return nil, err
	}
	module, err := moduleOf(dir)
	if err != nil {
		return nil, err
	}
	beside, err := filepath.Rel(module, dir)
	if err != nil {
		return nil, err
	}
	var faults []fault
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := fault{table: table, line: number, text: line, module: module, packages: []string{"./" + filepath.ToSlash(beside)}}
		if err := f.parse(dir); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", table, number, err)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// tested is the end of a line that says what go test is given. Go has no such text outside strings and comments.
var tested = regexp.MustCompile(` : (\./.*)$`)

func (f *fault) parse(dir string) error {
	change := f.text
	if at := tested.FindStringSubmatchIndex(change); at != nil {
		f.packages = strings.Fields(change[at[2]:at[3]])
		change = change[:at[0]]
	}
	file, change, ok := strings.Cut(change, ": ")
	old, text, okay := strings.Cut(change+" ", " => ")
	words := strings.Fields(old)
	if !ok || !okay || len(words) == 0 {
		return errors.New(`want "FILE: OLD TEXT => NEW TEXT"`)
	}
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	f.file = filepath.Join(dir, filepath.FromSlash(file))
	f.old = regexp.MustCompile(strings.Join(words, `\s+`))
	f.new = strings.TrimSpace(text)
	return nil
}

// moduleOf returns the directory of the go.mod that governs dir.
func moduleOf(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is in no module", dir)
		}
	}
}
