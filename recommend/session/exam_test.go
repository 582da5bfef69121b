package session_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/session"
)

// question is a visit as far as it went, and the item that came next.
type question struct {
	history []model.Event
	next    uint32
}

// exam is visits to learn from and questions.
type exam struct {
	train     *model.Dataset
	questions []question
}

// retailrocket reads the public split: visits in the order of time, and prefixes of later ones with what came next. With
// withheld the newest twentieth of the training visits is the test instead, each of its prefixes a question: that is for choosing
// hyper-parameters.
func retailrocket(tb testing.TB, withheld bool) *exam {
	tb.Helper()
	dir := os.Getenv("GOLD_DATA")
	train, err := lines(filepath.Join(dir, "retailrocket", "train_sessions.txt"))
	if dir == "" || err != nil {
		tb.Skip("Retailrocket is not unpacked into GOLD_DATA: ", err)
	}
	test, err := lines(filepath.Join(dir, "retailrocket", "test_prefix_target.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	if withheld {
		n := len(train) * 95 / 100
		train, test = train[:n], prefixes(train[n:])
	}
	return newExam(train, test)
}

// yoochoose reads the slice of clicks with times: the last day is the test, of items that were clicked on before. With withheld it is
// the day before that.
func yoochoose(tb testing.TB, withheld bool) *exam {
	tb.Helper()
	dir := os.Getenv("GOLD_DATA")
	files := [2]string{"full", ""}
	if withheld {
		files = [2]string{"tr", "train_valid"}
	}
	read := func(name string) [][]string {
		rows, err := lines(filepath.Join(dir, "yoochoose", "yoochoose-clicks-100k_"+name+".txt"))
		if dir == "" || err != nil {
			tb.Skip("Yoochoose is not unpacked into GOLD_DATA: ", err)
		}
		return visitsIn(tb, rows[1:])
	}
	train, test := read("train_"+files[0]), read(cmp.Or(files[1], "test"))
	known := map[string]bool{}
	for _, v := range train {
		for _, id := range v {
			known[id] = true
		}
	}
	for n, v := range test {
		test[n] = slices.DeleteFunc(v, func(id string) bool { return !known[id] })
	}
	return newExam(train, prefixes(test))
}

// visitsIn puts rows of a session, an item and a time into visits, each in its order and all in that of their ends.
func visitsIn(tb testing.TB, rows [][]string) [][]string {
	type click struct {
		id string
		at float64
	}
	bySession := map[string][]click{}
	for _, row := range rows {
		at, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			tb.Fatal(err)
		}
		bySession[row[0]] = append(bySession[row[0]], click{row[1], at})
	}
	sessions := slices.Sorted(maps.Keys(bySession))
	for _, s := range sessions {
		slices.SortStableFunc(bySession[s], func(a, b click) int { return cmp.Compare(a.at, b.at) })
	}
	end := func(s string) float64 { return bySession[s][len(bySession[s])-1].at }
	slices.SortStableFunc(sessions, func(a, b string) int { return cmp.Compare(end(a), end(b)) })
	var visits [][]string
	for _, s := range sessions {
		var v []string
		for _, c := range bySession[s] {
			v = append(v, c.id)
		}
		visits = append(visits, v)
	}
	return visits
}

func lines(file string) ([][]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all [][]string
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		all = append(all, strings.Fields(scanner.Text()))
	}
	return all, scanner.Err()
}

func prefixes(visits [][]string) (all [][]string) {
	for _, v := range visits {
		for n := 2; n <= len(v); n++ {
			all = append(all, v[:n])
		}
	}
	return all
}

func newExam(train, test [][]string) *exam {
	var b model.Builder
	for n, visit := range train {
		for _, id := range visit {
			b.AddEvent(fmt.Sprint("visit", n), model.Event{Item: b.Item(id), Weight: 1, Time: int64(n)})
		}
	}
	e := new(exam)
	for _, ids := range test {
		var q question
		for _, id := range ids {
			q.history = append(q.history, model.Event{Item: b.Item(id), Weight: 1})
		}
		last := len(ids) - 1
		q.history, q.next = q.history[:last], q.history[last].Item
		e.questions = append(e.questions, q)
	}
	e.train = b.Build()
	return e
}

// grade is the share of questions whose answer is among the best twenty, and the mean of one over its place there. Without repeats it
// is of the questions whose answer is new to the visit, and what is in it is refused.
func (e *exam) grade(m model.Proposer, repeats bool) (hits, mrr float64) {
	var dst []model.Scored
	asked := 0
	for _, q := range e.questions {
		fresh := model.AllowFunc(func(item uint32) bool {
			return !slices.ContainsFunc(q.history, func(e model.Event) bool { return e.Item == item })
		})
		allow := model.Allow(fresh)
		if repeats {
			allow = nil
		} else if !fresh(q.next) {
			continue
		}
		asked++
		dst = m.Propose(dst[:0], &model.User{History: q.history}, 20, allow, model.Thorough)
		if at := slices.IndexFunc(dst, func(s model.Scored) bool { return s.Item == q.next }); at >= 0 {
			hits++
			mrr += 1 / float64(at+1)
		}
	}
	n := float64(max(1, asked))
	return hits / n, mrr / n
}

// BenchmarkRetailrocket and BenchmarkYoochoose say how high what came next is ranked, repeats among it, by each model and by both, each
// over how far its scores lie apart for the visit; new-… is where repeats are refused and what came next was none. GOLD_WITHHELD=1 asks what
// was withheld from the training file, and GOLD_KNN and GOLD_LINEAR are fields of the trainers, to choose them.
func BenchmarkRetailrocket(b *testing.B) {
	examine(b, retailrocket(b, os.Getenv("GOLD_WITHHELD") != ""))
}

func BenchmarkYoochoose(b *testing.B) { examine(b, yoochoose(b, os.Getenv("GOLD_WITHHELD") != "")) }

func examine(b *testing.B, e *exam) {
	b.Helper()
	var parts []model.Model
	for _, trainer := range trainers(b) {
		b.Run(trainer.Name(), func(b *testing.B) {
			for b.Loop() {
				m, err := trainer.Train(b.Context(), e.train, model.TrainOptions{Seed: 1})
				if err != nil {
					b.Fatal(err)
				}
				parts = append(slices.DeleteFunc(parts, func(p model.Model) bool { return p.Name() == m.Name() }), m)
			}
			report(b, e, parts[len(parts)-1])
		})
	}
	b.Run("both", func(b *testing.B) {
		for b.Loop() {
			report(b, e, added{parts, []float64{0.7, 0.3}})
		}
	})
}

func trainers(b *testing.B) []model.Trainer {
	b.Helper()
	knn, lin := session.Trainer{}, session.LinearTrainer{}
	if s := os.Getenv("GOLD_KNN"); s != "" {
		if err := json.Unmarshal([]byte(s), &knn); err != nil {
			b.Fatal(err)
		}
	}
	if s := os.Getenv("GOLD_LINEAR"); s != "" {
		if err := json.Unmarshal([]byte(s), &lin); err != nil {
			b.Fatal(err)
		}
	}
	return []model.Trainer{knn, lin}
}

// added is a weighted sum of models, each over the standard deviation of its scores.
type added struct {
	parts   []model.Model
	weights []float64
}

func (a added) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
	var all, one model.Sums
	for i, p := range a.parts {
		one.Reset()
		p.(model.Accumulator).Accumulate(&one, u)
		_, squares := one.Moments() // the mean over all items is next to nothing
		for item, v := range one.All() {
			all.Add(item, float32(a.weights[i]*float64(v)/math.Sqrt(squares)))
		}
	}
	from := len(dst)
	for item, score := range all.All() {
		if allow == nil || allow.Contains(item) {
			dst = append(dst, model.Scored{Item: item, Score: score})
		}
	}
	slices.SortFunc(dst[from:], func(a, b model.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return dst[:min(len(dst), from+n)]
}

func report(b *testing.B, e *exam, m model.Proposer) {
	b.Helper()
	for name, repeats := range map[string]bool{"": true, "new-": false} {
		hits, mrr := e.grade(m, repeats)
		b.ReportMetric(hits, name+"p@20")
		b.ReportMetric(mrr, name+"mrr@20")
	}
}
