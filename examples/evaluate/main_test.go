package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// tastes is a file of two kinds of users and items; a user touches twenty items, all but one or two of their kind.
func tastes(rng *rand.Rand, line func(user int, items []int) string) string {
	var text strings.Builder
	for u := range 120 {
		var items []int
		for _, i := range rng.Perm(60)[:20] {
			if rng.IntN(15) > 0 {
				i = 2*i + u%2
			}
			items = append(items, i)
		}
		text.WriteString(line(u, items))
	}
	return text.String()
}

func spaced(user int, items []int) string {
	return fmt.Sprintln(user, strings.Trim(fmt.Sprint(items), "[]"))
}

func commas(user int, items []int) (text string) {
	for k, item := range items {
		text += fmt.Sprintf("%d,%d,4,%d\n", user, item, 1_700_000_000+k*1000)
	}
	return text
}

// results runs the command and returns what it wrote as JSON, by model.
func results(t *testing.T, args ...string) map[string]map[string]any {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	all := map[string]map[string]any{}
	for line := range strings.Lines(stdout.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all[v["model"].(string)] = v
	}
	// A line of what was read, and two tables.
	if strings.Count(stderr.String(), "\n") != 2*len(all)+3 {
		t.Errorf("no tables of %d models: %s", len(all), stderr.String())
	}
	return all
}

func TestEndToEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		layout, name string
		line         func(int, []int) string
	}{{"adjacency", "a.txt", spaced}, {"sequence", "s.txt", spaced}, {"triples", "t.csv", commas}} {
		t.Run(tt.layout, func(t *testing.T) {
			t.Parallel()
			path := write(t, tt.name, tastes(rand.New(rand.NewPCG(1, 1)), tt.line))
			args := []string{"-layout", tt.layout, "-train", path, "-models", "popular,als,blend", "-param", "als.Factors=8", "-k", "20"}
			got := results(t, args...)
			for name, v := range got {
				for _, key := range []string{
					"recall@20", "ndcg@20", "hr@10", "ndcg@10", "fit_seconds", "score_seconds", "peak_rss_bytes",
				} {
					if n, ok := v[key].(float64); !ok || n <= 0 || n > 1 && key[0] != 'p' && !strings.HasSuffix(key, "seconds") {
						t.Errorf("%s: %s is %v", name, key, v[key])
					}
				}
				if v["k"] != 20.0 || v["users"] != 120.0 {
					t.Errorf("%s: k %v, %v users", name, v["k"], v["users"])
				}
			}
			if a, b := got["als"]["recall@20"].(float64), got["popular"]["recall@20"].(float64); a < 1.3*b {
				t.Errorf("als finds %v, popular %v", a, b)
			}
			for _, more := range [][]string{{"-workers", "1"}, {"-workers", "3"}} {
				again := results(t, append(args, more...)...)
				for _, all := range []map[string]map[string]any{got, again} {
					for _, v := range all {
						delete(v, "fit_seconds")
						delete(v, "score_seconds")
						delete(v, "peak_rss_bytes")
					}
				}
				if diff := gocmp.Diff(got, again); diff != "" {
					t.Errorf("%v: %s", more, diff)
				}
			}
		})
	}
}

// TestKnownAnswer has figures that can be counted by hand: of items a to e by popularity, user x knows a and wants c
// and e, and a newcomer wants a, and an item nobody knows.
func TestKnownAnswer(t *testing.T) {
	t.Parallel()
	train := write(t, "train", "u a b c d e\nv a b c d\nw a b c\ny a b\nx a\n")
	test := write(t, "test", "x c e a\nz a unheard\n")
	got := results(t, "-layout", "adjacency", "-train", train, "-test", test, "-models", "popular", "-k", "2")["popular"]
	// x is shown b, c, of 2; z is shown a, b, of 2.
	if got["recall@2"] != 0.5 || got["hr@10"] != 1.0 || got["users"] != 2.0 {
		t.Errorf("got %v", got)
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	train := write(t, "train", "u a b c\nv d e f\nw a c\ny d f\n")
	csv := write(t, "items.csv", "id,title\na,red tea\nb,red tea\nc,red tea\nd,blue cup\ne,blue cup\nf,blue cup\n")
	got := results(t, "-layout", "sequence", "-train", train, "-items", csv, "-models", "content", "-k", "1")["content"]
	if got["recall@1"] != 0.5 { // b and e are as near to u and v as what they took
		t.Errorf("got %v", got)
	}
}

func TestRatingMin(t *testing.T) {
	t.Parallel()
	opt, err := parse([]string{
		"-layout", "triples", "-rating-min", "4", "-train", write(t, "t", "u,a,5\nu,b,4\nu,c,3.9\nu,d,4\nu,e,4\nu,f,4\n"),
	}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := opt.load()
	if err != nil {
		t.Fatal(err)
	}
	train, test := x.train, x.test
	if train.Len() != 4 || test.Len() != 1 {
		t.Errorf("%d to train on, %d to test on, want 4 and 1", train.Len(), test.Len())
	}
}

// TestNewest takes events away from the newest end, of both sides and of training alone.
func TestNewest(t *testing.T) {
	t.Parallel()
	file := write(t, "train", "u a b c d\nv c a\nw b a\nx c d a\n")
	opt, err := parse([]string{"-layout", "sequence", "-train", file, "-forget", "1"}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := opt.load()
	if err != nil {
		t.Fatal(err)
	}
	train, test := x.train, x.test
	if train.Len() != 2+1+1+1 || test.Len() != 2 || test.Items.ID(test.History(0)[0].Item) != "c" {
		t.Errorf("%d to train on, %d to test on, the first of them %q", train.Len(), test.Len(), test.Items.ID(test.History(0)[0].Item))
	}
	// Trained on a b of u and c of x, the first is b, then a and c: u has only d left, w a, and v and x are shown b. Trained on
	// what is shown, w would be shown c.
	got := results(t, "-layout", "sequence", "-train", file, "-models", "popular", "-k", "1", "-unlearned", "1")["popular"]
	if got["users"] != 4.0 || got["recall@1"] != 0.5 {
		t.Errorf("got %v", got)
	}
}

func TestBlendOf(t *testing.T) {
	t.Parallel()
	opt, err := parse([]string{"-layout", "sequence", "-train", "x", "-models", "als,blend", "-blend", "linear, graph"}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range opt.contenders {
		var name strings.Builder
		name.WriteString(c.name + ":")
		for _, p := range c.parts {
			name.WriteString(" " + p.Name())
		}
		got = append(got, name.String())
	}
	if diff := gocmp.Diff([]string{"als: als", "blend: graph linear"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	good := write(t, "good", "u a b c d e\n")
	bad := write(t, "bad", "u a\nv \xff\n")
	for _, tt := range []struct {
		name, args string
		code       int
		want       string
	}{
		{"help", "-h", 0, "-layout"},
		{"nothing", "", 2, "-train is missing"},
		{"unknown flag", "-trian x", 2, "trian"},
		{"stray argument", "-train x y", 2, `"y"`},
		{"no layout", "-train " + good, 2, "want adjacency, sequence, triples or sessions"},
		{"unknown model", "-layout adjacency -train x -models popular,bpr", 2, `unknown model "bpr"; known are popular, `},
		{"k of nothing", "-layout adjacency -train x -k 0", 2, "-k is 0"},
		{"unknown part", "-layout adjacency -train x -blend als,bpr", 2, `-blend: unknown model "bpr"`},
		{"less than nothing forgotten", "-layout adjacency -train x -forget -1", 2, "-forget is -1"},
		{"unknown field", "-layout adjacency -train x -param popular.Half=1", 2, `popular has no field "Half"`},
		{"bad value", "-layout adjacency -train x -param popular.HalfLifeDays=long", 2, "long"},
		{"field of a model not asked for", "-layout adjacency -train x -models popular -param als.Factors=1", 2, `"als" is not among`},
		{"value that the model refuses", "-layout adjacency -train " + good + " -models popular -param popular.HalfLifeDays=-1", 1, "half-life of -1 days"},
		{"no such file", "-layout adjacency -train nowhere.txt", 1, "nowhere.txt"},
		{"bad line", "-layout adjacency -train " + bad, 1, bad + `: line 2: identifier "\xff" is not UTF-8`},
		{"nothing to test", "-layout adjacency -train " + write(t, "one", "u a\n"), 1, "1 interactions to train on and 0 to test on"},
		{"catalogue of another kind", "-layout adjacency -train " + good + " -items " + good, 1, "-items reads .csv and .jsonl"},
		{"no place for results", "-layout adjacency -train " + good + " -json /nowhere/out.json", 1, "/nowhere/out.json"},
		{"content without any", "-layout adjacency -train " + good + " -models content", 1, "content is left out: it needs -items\nevaluate: no model is left"},
		{"sequence without an order", "-layout adjacency -train " + good + " -models sequence", 1, "sequence is left out: it needs a layout with the order of events"},
		{"rankings of several", "-layout adjacency -train " + good + " -ranking x", 2, "-ranking is of one model"},
		{"rankings of visits", "-layout sessions -train " + good + " -models popular -ranking x", 2, "-ranking is of one model and of users"},
		{"nowhere to write what was found", "-layout adjacency -train " + good + " -tune 1s", 2, "-tune needs -config"},
		{"less than no time", "-layout adjacency -train " + good + " -tune -1s", 2, "-tune is -1s"},
		{"no such configuration", "-layout adjacency -train " + good + " -config nowhere.json", 1, "nowhere.json"},
		{"not a configuration", "-layout adjacency -train " + good + " -config " + good, 1, good + ": eval: invalid: configuration"},
		{"visits without a tab", "-layout sessions -train " + good + " -test " + good, 1, "line 1: want items, a tab, and the next item"},
		{"tables of nothing", "tables -data", 2, "-data"},
		{"tables of no pattern", "tables -data . -only (", 2, "-only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), strings.Fields(tt.args), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("exit code %d, want %d; said %q, want %q", code, tt.code, stderr.String(), tt.want)
			}
		})
	}
}

func TestJSONFile(t *testing.T) {
	t.Parallel()
	train, out := write(t, "train", "u a b c d e\nv a b c d e\n"), filepath.Join(t.TempDir(), "out.json")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), strings.Fields("-layout adjacency -models popular -train "+train+" -json "+out), &stdout, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	text, err := os.ReadFile(out)
	if err != nil || !json.Valid(text) || stdout.Len() > 0 {
		t.Errorf("%v: file %q, standard output %q", err, text, stdout.String())
	}
}

// TestGowalla ranks for a thousand real visitors of real places.
func TestGowalla(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("GOLD_DATA"), filepath.Join("..", "..", ".data")), "gowalla")
	text, err := os.ReadFile(filepath.Join(dir, "test.txt"))
	if err != nil {
		t.Skip("no data:", err)
	}
	lines := strings.SplitAfterN(string(text), "\n", 1001)
	test := write(t, "test.txt", strings.Join(lines[:1000], ""))
	got := results(t, "-layout", "adjacency", "-train", filepath.Join(dir, "train.txt"), "-test", test, "-models", "popular")["popular"]
	// All visitors together find the published 0.0416; a thousand of them, of a spread of 0.09 each, 0.003 around it.
	if recall := got["recall@20"].(float64); recall < 0.0416-3*0.003 || recall > 0.0416+3*0.003 || got["users"] != 1000.0 {
		t.Errorf("popular finds %v for %v users, published 0.0416", recall, got["users"])
	}
}
