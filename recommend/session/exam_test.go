package session_test

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// grade is the share of questions whose answer is among the best twenty, and the mean of one over its place there.
func (e *exam) grade(propose func(dst []model.Scored, u *model.User) []model.Scored) (hits, mrr float64) {
	var dst []model.Scored
	for _, q := range e.questions {
		dst = propose(dst[:0], &model.User{History: q.history})
		if at := slices.IndexFunc(dst, func(s model.Scored) bool { return s.Item == q.next }); at >= 0 {
			hits++
			mrr += 1 / float64(at+1)
		}
	}
	n := float64(max(1, len(e.questions)))
	return hits / n, mrr / n
}

// BenchmarkRetailrocket says how high what came next is ranked, repeats among it. GOLD_WITHHELD=1 asks what was withheld from the
// training file.
func BenchmarkRetailrocket(b *testing.B) {
	e := retailrocket(b, os.Getenv("GOLD_WITHHELD") != "")
	var parts []model.Model
	for _, trainer := range []model.Trainer{session.Trainer{}} {
		b.Run(trainer.Name(), func(b *testing.B) {
			for b.Loop() {
				m, err := trainer.Train(b.Context(), e.train, model.TrainOptions{Seed: 1})
				if err != nil {
					b.Fatal(err)
				}
				parts = append(parts[:cmp.Compare(len(parts), 0)], m)
				report(b, e, m)
			}
		})
	}
}

func report(b *testing.B, e *exam, m model.Proposer) {
	b.Helper()
	hits, mrr := e.grade(func(dst []model.Scored, u *model.User) []model.Scored {
		return m.Propose(dst, u, 20, nil, model.Thorough)
	})
	b.ReportMetric(hits, "p@20")
	b.ReportMetric(mrr, "mrr@20")
}
