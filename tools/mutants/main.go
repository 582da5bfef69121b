// Mutants plants faults in a module, one after another, and says which of them no test notices.
//
//	mutants [-run REGEXP] [-timeout DURATION] [DIR or TABLE]...
//
// A table is a file testdata/faults.txt beside the package whose faults it lists; a directory stands for all tables
// below it, also in nested modules, and no argument for the current directory. A line of a table is a fault, a comment
// that begins with #, or empty:
//
//	FILE: OLD TEXT => NEW TEXT
//	FILE: OLD TEXT => NEW TEXT : PACKAGES AND FLAGS
//
// FILE is relative to the directory that testdata is in. White space in OLD TEXT stands for any white space, so a text
// may span lines, and must occur exactly once in the file. NEW TEXT may be empty, and takes ; between statements. What
// stands after " : " goes to go test, from the root of the module, and begins with ./; without it the package beside the
// table is tested. Flags such as -run=TestWall save time where one test is meant to notice.
//
//	wall.go: if after < before => if after <= before
//	blend.go: sum += w => sum -= w : ./recommend/blend -run=TestBlend
//
// The file is replaced through go test -overlay: nothing in the tree changes. A fault is killed when the tests fail, or
// do not end within the timeout (1m), and survives when they pass. A text that is not found once, a fault that does not
// compile, and tests that fail without any fault are errors. The exit code is 1 if there was one, or a survivor.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"
)

func main() {
	run := flag.String("run", "", "plant only the faults whose `regexp` matches TABLE:LINE: FAULT")
	timeout := flag.Duration("timeout", time.Minute, "how long the tests may take before they count as hanging")
	flag.Parse()
	only, err := regexp.Compile(*run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants: -run:", err)
		os.Exit(2)
	}
	faults, err := readTables(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
	r := runner{out: os.Stdout, timeout: *timeout, sound: map[string]error{}}
	for _, f := range faults {
		if only.MatchString(f.String()) {
			r.plant(f)
		}
	}
	if !r.print() {
		os.Exit(1)
	}
}
