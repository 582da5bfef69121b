package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	gocmp "github.com/google/go-cmp/cmp"
)

// TestSessions has figures that can be counted by hand: by popularity a, b, c, each asked for after visits that had them.
func TestSessions(t *testing.T) {
	t.Parallel()
	train := write(t, "train", "a b c\na b\na\n")
	test := write(t, "test", "a b\ta\nunheard c\tb\nc\tunheard\n")
	got := results(t, "-layout", "sessions", "-train", train, "-test", test, "-models", "popular", "-k", "2")["popular"]
	if got["users"] != 3.0 || math.Abs(got["recall@2"].(float64)-2.0/3) > 1e-12 || math.Abs(got["mrr@2"].(float64)-0.5) > 1e-12 {
		t.Errorf("got %v", got)
	}
	opt, err := parse([]string{"-layout", "sessions", "-train", train, "-test", test}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if x, err := opt.load(); err != nil || len(x.cases) != 3 || len(x.cases[1].History) != 1 {
		t.Errorf("%+v, %v", x.cases, err)
	}
}

// TestSessionsHeldOut draws visits, and trains on none of them.
func TestSessionsHeldOut(t *testing.T) {
	t.Parallel()
	file := write(t, "train", strings.Repeat("a b a\n", 300))
	opt, err := parse([]string{"-layout", "sessions", "-train", file}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	x, err := opt.load()
	if err != nil {
		t.Fatal(err)
	}
	// A tenth of 300 visits within five standard deviations.
	if held := len(x.cases) / 2; held < 4 || held > 56 || x.train.Len() != 3*(300-held) {
		t.Errorf("%d visits held out, %d events to train on", held, x.train.Len())
	}
}

// TestRanking scores with eval what the command wrote for others to score, and finds what it said itself.
func TestRanking(t *testing.T) {
	t.Parallel()
	path := write(t, "a.txt", tastes(rand.New(rand.NewPCG(1, 1)), spaced))
	run := filepath.Join(t.TempDir(), "run")
	got := results(t, "-layout", "adjacency", "-train", path, "-models", "itemknn", "-ranking", run, "-k", "15")["itemknn"]
	open := func(name string) io.Reader {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(text)
	}
	ranking, err := eval.ReadRun(open(run))
	qrels, err2 := eval.ReadQrels(open(run + ".qrels"))
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	report, err := ranking.Measure(qrels, 15)
	if m := report.At(15); err != nil || math.Abs(m.NDCG-got["ndcg@15"].(float64)) > 1e-12 || math.Abs(m.MAP-got["map@15"].(float64)) > 1e-12 || m.NDCG == 0 {
		t.Errorf("written %+v, said %v, %v", m, got, err)
	}
}

// TestComparison wants intervals around the means, and p-values that tell a model from itself and from another.
func TestComparison(t *testing.T) {
	t.Parallel()
	path := write(t, "a.txt", tastes(rand.New(rand.NewPCG(1, 1)), spaced))
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), strings.Fields("-layout adjacency -models popular,itemknn -train "+path), &stdout, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	for line := range strings.Lines(stdout.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"recall", "ndcg"} {
			bounds, mean := v[key+"_interval@20"].([]any), v[key+"@20"].(float64)
			if low, high := bounds[0].(float64), bounds[1].(float64); !(low < mean && mean < high && high-low < 0.2) {
				t.Errorf("%v: %s %v within %v", v["model"], key, mean, bounds)
			}
		}
	}
	ones, halves := []float64{1, 1, 0.9, 1}, []float64{0.5, 0.5, 0.5, 0.6}
	differences, chances, err := against([]result{{ndcgs: ones, seed: 1}, {ndcgs: ones}, {ndcgs: halves}})
	if err != nil || chances[1] != 1 || chances[2] > 0.02 || math.Abs(differences[2].Mean+0.45) > 1e-12 || differences[2].High >= 0 {
		t.Errorf("%v, %v, %v", differences, chances, err)
	}
	// Twice as many questions, twice the chance.
	_, alone, err := against([]result{{ndcgs: ones}, {ndcgs: halves}})
	if err != nil || math.Abs(chances[2]-2*alone[1]) > 1e-12 {
		t.Errorf("of two %v, alone %v, %v", chances[2], alone[1], err)
	}
}

// TestTune searches, writes a file, and evaluates with it; the file alone gives the same again, and sets trainers.
func TestTune(t *testing.T) {
	t.Parallel()
	for layout, line := range map[string]func(int, []int) string{"adjacency": spaced, "sequence": spaced, "triples": commas, "sessions": spaced} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			path, file := write(t, "a.txt", tastes(rand.New(rand.NewPCG(1, 1)), line)), filepath.Join(t.TempDir(), "found.json")
			args := strings.Fields("-layout " + layout + " -models itemknn,popular -param popular.HalfLifeDays=2 -train " + path + " -config " + file)
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), append(args, "-tune", "1h", "-trials", "10"), &stdout, &stderr); code != 0 {
				t.Fatal(stderr.String())
			}
			if !strings.Contains(stderr.String(), "itemknn: 14 runs, ndcg@20 of what was held out 0.") {
				t.Error(stderr.String())
			}
			c, err := readConfig(file)
			if err != nil || c["popular.HalfLifeDays"] == 0 {
				t.Fatal(c, err)
			}
			tuned, again := stdout.String(), results(t, args[:len(args)-2]...)
			stdout.Reset()
			if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
				t.Fatal(stderr.String())
			}
			figure := func(text string) float64 {
				first, _, _ := strings.Cut(text, "\n")
				var v map[string]any
				if err := json.Unmarshal([]byte(first), &v); err != nil {
					t.Fatal(err)
				}
				return v["ndcg@20"].(float64)
			}
			if figure(tuned) != figure(stdout.String()) {
				t.Errorf("tuned %v, by its file %v", figure(tuned), figure(stdout.String()))
			}
			if len(c) > 1 && figure(tuned) == again["itemknn"]["ndcg@20"] {
				t.Errorf("found %v, and nothing is other than without it", c)
			}
		})
	}
}

func TestConfigured(t *testing.T) {
	t.Parallel()
	given := []contender{{name: "als", parts: []model.Trainer{als.Trainer{}}}}
	got, err := configured(given, eval.Config{"als.Factors": 7, "linear.Ridge": 2})
	if err != nil || got[0].parts[0] != (als.Trainer{Factors: 7}) || given[0].parts[0] != (als.Trainer{}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := configured(given, eval.Config{"als.Factor": 7}); !errors.Is(err, eval.ErrInvalid) {
		t.Errorf("a field that is not there: %v", err)
	}
}

// TestKnobs: each is a field of a trainer, and both of its ends fit it.
func TestKnobs(t *testing.T) {
	t.Parallel()
	for _, trainer := range all() {
		for _, k := range knobs(trainer.Name()) {
			for _, v := range []float64{k.Low, k.High} {
				if k.Step > 0 {
					v = k.Step * math.Ceil(v/k.Step)
				}
				if _, err := (eval.Config{k.Name: v}).Apply([]model.Trainer{trainer}); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestPage wants a well-formed page with every model and three plots, of results that are all alike too.
func TestPage(t *testing.T) {
	t.Parallel()
	path, page := write(t, "a.txt", tastes(rand.New(rand.NewPCG(1, 1)), spaced)), filepath.Join(t.TempDir(), "report.html")
	results(t, "-layout", "adjacency", "-train", path, "-models", "popular,itemknn", "-html", page)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	html := string(text)
	for _, want := range []string{"<td>popular<td>", "<td>itemknn<td>", "quality and training time", "quality and memory", "quality by length of history"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(html, "<svg"); n != 3 {
		t.Errorf("%d plots", n)
	}
	for rest := html; ; {
		_, after, ok := strings.Cut(rest, "<svg")
		if !ok {
			break
		}
		svg, more, _ := strings.Cut(after, "</svg>")
		if err := xml.Unmarshal([]byte("<svg"+svg+"</svg>"), new(struct{})); err != nil {
			t.Error("a plot is not XML:", err)
		}
		rest = more
	}
	alike := result{model: "<b>", k: 3, lengths: []segment{{"0-5", 0, 0, 0}}}
	var out bytes.Buffer
	if err := writePage(&out, options{k: 3}, []result{alike, alike}); err != nil || strings.Contains(out.String(), "<b>") {
		t.Errorf("%v: %s", err, out.String())
	}
}

// TestTables makes those of data that are there, here made up under the names of the real ones.
func TestTables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "amazon-beauty"), 0o777); err != nil {
		t.Fatal(err)
	}
	text := tastes(rand.New(rand.NewPCG(1, 1)), spaced)
	if err := os.WriteFile(filepath.Join(dir, "amazon-beauty", "Beauty.txt"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"tables", "-data", dir, "-only", "Beauty|Gowalla"}, &stdout, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	out := stdout.String()
	if !strings.Contains(out, "| | hr@10 | ndcg@10 | fit |") || !strings.Contains(out, "| SASRec, published | .0605 | .0318 | | | |") ||
		!strings.Contains(out, "`-unlearned 1 -layout sequence -train DIR/amazon-beauty/Beauty.txt -models sequence` |") || strings.Count(out, "\n") != 4+8+1 {
		t.Error(out)
	}
	if !strings.Contains(stderr.String(), "Gowalla, the public split: left out, there is no gowalla/train.txt") || strings.Contains(stderr.String(), "MovieLens") {
		t.Error(stderr.String())
	}
}

// TestChapters: every row's command is one that the command takes.
func TestChapters(t *testing.T) {
	t.Parallel()
	for _, c := range chapters() {
		for _, r := range c.rows {
			if r.told != nil {
				if len(r.told) > len(c.keys) {
					t.Errorf("%s: %s has %d figures", c.title, r.name, len(r.told))
				}
				continue
			}
			if _, err := parse(strings.Fields(r.args), io.Discard); err != nil {
				t.Errorf("%s: %s: %v", c.title, r.name, err)
			}
		}
	}
}

func TestAble(t *testing.T) {
	t.Parallel()
	contenders, err := contendersOf("all", "all", nil)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	names := func(x exam) (got []string) {
		for _, c := range x.able(contenders, &said) {
			got = append(got, c.name)
			if c.name == blended {
				for _, p := range c.parts {
					got = append(got, "+"+p.Name())
				}
			}
		}
		return got
	}
	want := []string{"popular", "itemknn", "als", "graph", "linear", "blend", "+popular", "+itemknn", "+als", "+graph", "+linear"}
	if diff := gocmp.Diff(want, names(exam{})); diff != "" {
		t.Error(diff)
	}
	if got := names(exam{timed: true, catalogue: true}); len(got) != 2*7+1 {
		t.Errorf("with everything: %v", got)
	}
	if said.String() != "content is left out: it needs -items\nsequence is left out: it needs a layout with the order of events\n" {
		t.Error(said.String())
	}
}
