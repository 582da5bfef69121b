package eval_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goldrec/gold/recommend/eval"
	gocmp "github.com/google/go-cmp/cmp"
)

func open[T any](t *testing.T, read func(io.Reader) (T, error), path string) T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := read(f)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// trec_eval's own test: its rankings, its judgments, and what it printed of them, query by query and over all.
func TestAgainstTrecEval(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(dataDir(t), "ir-metrics")
	run, qrels := open(t, eval.ReadRun, filepath.Join(dir, "results.test")), open(t, eval.ReadQrels, filepath.Join(dir, "qrels.test"))
	cutoffs := []int{1, 5, 10, 15, 20, 30, 100, 200, 500, 1000, 1 << 30}
	report, err := run.Measure(qrels, cutoffs...)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]func(eval.Metrics) float64{}
	names["map"] = func(m eval.Metrics) float64 { return m.MAP }
	names["recip_rank"] = func(m eval.Metrics) float64 { return m.MRR }
	for _, k := range cutoffs {
		at := func(name string, get func(eval.Metrics) float64) { names[fmt.Sprint(name, "_", k)] = get }
		at("P", func(m eval.Metrics) float64 { return m.Precision })
		at("recall", func(m eval.Metrics) float64 { return m.Recall })
		at("ndcg_cut", func(m eval.Metrics) float64 { return m.NDCG })
		at("map_cut", func(m eval.Metrics) float64 { return m.MAP })
		at("success", func(m eval.Metrics) float64 { return m.HitRate })
	}
	users := slices.Sorted(maps.Keys(run))
	compared := 0
	for _, file := range []string{"out.test.aq", "out.test.a"} {
		for _, f := range fields(t, filepath.Join(dir, file)) {
			get, ok := names[f[0]]
			if !ok {
				continue
			}
			k := 1 << 30
			if i := strings.LastIndexByte(f[0], '_'); i > 0 && f[0] != "recip_rank" {
				k, _ = strconv.Atoi(f[0][i+1:])
			}
			got := get(report.At(k))
			if f[1] != "all" {
				got = report.Values(k, get)[slices.Index(users, f[1])]
			}
			if text := fmt.Sprintf("%.4f", got); text != f[2] {
				t.Errorf("%s: query %s: %s is %s, trec_eval says %s", file, f[1], f[0], text, f[2])
			}
			compared++
		}
	}
	if compared != 41*(3+1)+41 {
		t.Errorf("compared %d figures", compared)
	}
}

// TestRunByHand has ties, ranks that lie, a user that is not judged and one without anything relevant.
func TestRunByHand(t *testing.T) {
	t.Parallel()
	run, err := eval.ReadRun(strings.NewReader("u Q0 a 1 2 x\n\nu Q0 b 2 3 x\nu Q0 c 9 2 x\nv Q0 a 1 1 x\nw Q0 a 1 1 x\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]eval.RunItem{{"b", 3}, {"c", 2}, {"a", 2}}, run["u"]); diff != "" {
		t.Error(diff)
	}
	qrels, err := eval.ReadQrels(strings.NewReader("u 0 c 2\nu 0 b 0\nu 0 z 1\nw 0 a -1\n"))
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Measure(qrels, 2)
	want := eval.Metrics{K: 2, Recall: 0.5, Precision: 0.5, HitRate: 1, MRR: 0.5, MAP: 0.25, NDCG: 1 / math.Log2(3) / (1 + 1/math.Log2(3))}
	if err != nil || report.Users != 1 || report.Each[0].Relevant != 2 || gocmp.Diff(want, report.At(2)) != "" {
		t.Errorf("%v, %+v", err, report)
	}
	if _, err := run.Measure(qrels, 2, 0); !errors.Is(err, eval.ErrInvalid) {
		t.Errorf("a cutoff of 0: %v", err)
	}
}

func TestBadRuns(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"u Q0 a 1 2 x\nu Q0 a 2 1 x\n": `line 2: eval: invalid: user "u" has item "a" twice`,
		"u Q0 a 1 x\n":                 "line 1: eval: invalid: 5 fields",
		"\nu Q0 a 1 NaN x\n":           `line 2: eval: invalid: score "NaN"`,
		"u Q0 a 1 -Inf x\n":            `line 1: eval: invalid: score "-Inf"`,
		strings.Repeat("u", 1<<20+1):   "line 1: eval: invalid: longer than 1048576 bytes",
	} {
		if _, err := eval.ReadRun(strings.NewReader(text)); err == nil || !errors.Is(err, eval.ErrInvalid) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for text, want := range map[string]string{
		"u 0 a 1\nu 0 a 0\n": `line 2: eval: invalid: user "u" has item "a" twice`,
		"u 0 a\n":            "line 1: eval: invalid: 3 fields",
		"u 0 a 0.5\n":        `line 1: eval: invalid: grade "0.5"`,
	} {
		if _, err := eval.ReadQrels(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestWriteRun writes what a model ranked, and reads from it what the evaluation said.
func TestWriteRun(t *testing.T) {
	t.Parallel()
	train, test := eval.SplitRandom(dataset(40, 60, 600, 2), 0.3, 1)
	report, err := eval.Evaluate(t.Context(), table{noise}, train, test, eval.Options{Cutoffs: []int{5}, Rankings: 12})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := eval.WriteRun(&text, "noise", report, train, test); err != nil {
		t.Fatal(err)
	}
	run, err := eval.ReadRun(strings.NewReader(text.String()))
	if err != nil || strings.Count(text.String(), "\n") != 12*report.Users {
		t.Fatal(err, text.Len())
	}
	for _, one := range report.Each {
		for i, s := range one.Ranking {
			if got := run[test.Users.ID(one.User)][i].Item; got != train.Items.ID(s.Item) {
				t.Fatalf("user %d has %s at place %d", one.User, got, i)
			}
		}
	}
	for _, name := range []string{"a name", "", "name "} {
		if err := eval.WriteRun(io.Discard, name, report, train, test); !errors.Is(err, eval.ErrInvalid) {
			t.Errorf("%q as a name: %v", name, err)
		}
	}
}

func FuzzRuns(f *testing.F) {
	f.Add("u Q0 a 1 2 x\nu Q0 b 2 1e9 x\n")
	f.Add("u 0 a 1\nu 0 b 0\n")
	f.Add("\xff \x00\n")
	f.Fuzz(func(t *testing.T, text string) {
		if run, err := eval.ReadRun(strings.NewReader(text)); err == nil {
			for user, items := range run {
				for i := 1; i < len(items); i++ {
					if user == "" || !(items[i-1].Score >= items[i].Score) {
						t.Errorf("%q: %v", user, items)
					}
				}
			}
		} else if !errors.Is(err, eval.ErrInvalid) {
			t.Error(err)
		}
		if _, err := eval.ReadQrels(strings.NewReader(text)); err != nil && !errors.Is(err, eval.ErrInvalid) {
			t.Error(err)
		}
	})
}
