package stagetest_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/recommend/stage/stagetest"
)

// stageFaults are what the suite must catch, and where.
func stageFaults() map[string]string {
	return map[string]string{
		"none":                 "",
		"not valid":            "valid",
		"loses half":           "items",
		"drops from a short":   "items",
		"twice":                "items",
		"takes in anything":    "allowed",
		"moves the fixed":      "fixed",
		"rescales the fixed":   "fixed",
		"frees the fixed":      "fixed",
		"score NaN":            "numbers",
		"score overflows":      "numbers",
		"propensity 0":         "numbers",
		"propensity above 1":   "numbers",
		"no such source":       "numbers",
		"panics on nothing":    "edges",
		"needs a profile":      "edges",
		"needs a filter":       "edges",
		"knows all items":      "edges",
		"draws without Rand":   "without_draws",
		"random":               "deterministic",
		"remembers":            "deterministic",
		"idle at work":         "idle",
		"changes the query":    "query_unchanged",
		"changes a history":    "query_unchanged",
		"overwrites names":     "query_unchanged",
		"list of another page": "concurrent",
		"allocates for each":   "allocations",
	}
}

// brokenStage is a good stage with one fault.
type brokenStage struct {
	stage.Cap
	fault string
	calls atomic.Int64
	last  atomic.Pointer[[]stage.Candidate]
}

var errFault = errors.New("the fault")

func (b *brokenStage) Validate() error {
	if b.fault == "not valid" {
		return errFault
	}
	return b.Cap.Validate()
}

// Idle is true of a cap that all fit under; the fault says it of any.
func (b *brokenStage) Idle(*stage.Query) bool { return b.fault == "idle at work" }

func (b *brokenStage) Apply(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	if b.fault == "list of another page" {
		b.last.Store(&list)
		runtime.Gosched()
		list = *b.last.Load()
	}
	b.before(list, q)
	list = b.Cap.Apply(list, q)
	if len(list) == 0 {
		return list
	}
	return b.after(list, q)
}

// before has the faults that a look at the query makes.
func (b *brokenStage) before(list []stage.Candidate, q *stage.Query) {
	switch b.fault {
	case "panics on nothing":
		_ = list[0]
	case "needs a profile":
		_ = q.Profile.User
	case "needs a filter":
		_ = q.Allow.Contains(1)
	case "knows all items":
		for _, c := range list {
			_ = q.Catalog.Item(c.Item).ID
		}
	case "changes the query":
		q.N++
	case "changes a history":
		for i := range q.User.History {
			q.User.History[i].Weight++
		}
	case "overwrites names":
		q.Sources = append(q.Sources, "mine")
	case "draws without Rand":
		for i := range list {
			list[i].Propensity /= 2
		}
	case "allocates for each":
		for range list {
			sink.Store(new(int))
		}
	}
}

var sink atomic.Pointer[int]

// after has the faults of a list of one item or more.
func (b *brokenStage) after(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	last := len(list) - 1
	fixed := slices.IndexFunc(list, func(c stage.Candidate) bool { return c.Fixed })
	switch b.fault {
	case "loses half":
		return list[:len(list)/2]
	case "drops from a short":
		if len(list) < q.N {
			return list[:last]
		}
	case "twice":
		list[last] = list[0]
	case "takes in anything":
		return append(list, stage.Candidate{Item: 17, Propensity: 1})
	case "moves the fixed":
		slices.Reverse(list)
	case "rescales the fixed":
		if fixed >= 0 {
			list[fixed].Score++
		}
	case "frees the fixed":
		if fixed >= 0 {
			list[fixed].Fixed = false
		}
	case "score NaN":
		list[last].Score = float32(math.NaN())
	case "score overflows":
		for i := range list {
			list[i].Score *= 2
		}
	case "propensity 0":
		for i := range list {
			list[i].Propensity *= 1e-20
		}
	case "propensity above 1":
		list[0].Propensity *= 1.0001
	case "no such source":
		list[0].Source = 9
	case "random", "remembers":
		if n := b.calls.Add(1); !list[last].Fixed && (b.fault == "random" || n > 100) {
			list[last].Score -= float32(n % 7)
		}
	}
	return list
}

// sourceFaults are what the suite for sources must catch, and where.
func sourceFaults() map[string]string {
	return map[string]string{
		"none":               "",
		"no name":            "valid",
		"not valid":          "valid",
		"nothing":            "proposals",
		"not appended":       "proposals",
		"one too many":       "proposals",
		"twice":              "proposals",
		"filter ignored":     "proposals",
		"no such item":       "proposals",
		"worst first":        "proposals",
		"not finite":         "proposals",
		"fixed":              "proposals",
		"panics below 0":     "numbers_of_items",
		"others for fewer":   "numbers_of_items",
		"random":             "deterministic",
		"changes the query":  "query_unchanged",
		"answer for another": "concurrent",
	}
}

// brokenSource proposes by handle, with one fault.
type brokenSource struct {
	fault string
	calls atomic.Int64
	last  atomic.Pointer[stage.Query]
}

func (b *brokenSource) Name() string {
	if b.fault == "no name" {
		return ""
	}
	return "broken"
}

func (b *brokenSource) Validate() error {
	if b.fault == "not valid" {
		return errFault
	}
	return nil
}

func (b *brokenSource) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	from, most := len(dst), max(n, 0)
	first := uint32(0)
	switch b.fault {
	case "nothing":
		return dst
	case "not appended":
		dst, from = nil, 0
	case "one too many":
		most++
	case "panics below 0":
		_ = make([]int, min(n, 9))
	case "others for fewer":
		first = uint32(most % 2)
	case "random":
		first = uint32(b.calls.Add(1) % 2)
	case "changes the query":
		q.N++
	case "answer for another":
		b.last.Store(q)
		runtime.Gosched()
		q = b.last.Load()
	}
	for item := first; int(item) < q.Catalog.Handles() && len(dst)-from < most; item++ {
		if q.Allows(item) || b.fault == "filter ignored" {
			dst = append(dst, stage.Candidate{Item: item, Score: -float32(item)})
		}
	}
	if len(dst)-from > 1 {
		b.spoil(dst[from:], q)
	}
	return dst
}

func (b *brokenSource) spoil(list []stage.Candidate, q *stage.Query) {
	switch b.fault {
	case "twice":
		list[1] = list[0]
	case "no such item":
		if q.Allow == nil {
			list[1].Item = 1e6
		}
	case "worst first":
		slices.Reverse(list)
	case "not finite":
		list[0].Score = float32(math.Inf(1))
	case "fixed":
		list[0].Fixed = true
	}
}

const variable = "GOLD_STAGETEST_FAULT"

// TestCatches runs the suites on stages and sources with one fault each, in a process of their own as they are to fail, and
// wants the test to fail that watches for the fault. Without a fault all tests run, and pass.
func TestCatches(t *testing.T) {
	t.Parallel()
	for kind, faults := range map[string]map[string]string{"TestStage": stageFaults(), "TestSource": sourceFaults()} {
		for fault, test := range faults {
			t.Run(kind+"/"+fault, func(t *testing.T) {
				t.Parallel()
				cmd := exec.Command(os.Args[0], "-test.run=^"+kind+"$/^"+test, "-test.v")
				cmd.Env = append(os.Environ(), variable+"="+fault)
				out, err := cmd.CombinedOutput()
				switch {
				case test == "" && err != nil:
					t.Errorf("without a fault it fails: %v\n%s", err, out)
				case test != "" && (err == nil || !strings.Contains(string(out), fmt.Sprintf("--- FAIL: %s/%s ", kind, test))):
					t.Errorf("%s did not fail: %v\n%s", test, err, out)
				}
			})
		}
	}
}

// TestStage and TestSource are what TestCatches runs, and pass by themselves.
func TestStage(t *testing.T) {
	fault := cmp.Or(os.Getenv(variable), "none")
	stagetest.Run(t, func() stage.Stage {
		return &brokenStage{Cap: stage.Cap{Field: "brand", Max: 2}, fault: fault}
	})
}

func TestSource(t *testing.T) {
	fault := cmp.Or(os.Getenv(variable), "none")
	stagetest.RunSource(t, func(*catalog.Catalog) stage.Source { return &brokenSource{fault: fault} })
}
