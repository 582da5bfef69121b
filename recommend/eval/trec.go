package eval

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goldrec/gold/recommend/model"
)

// Run is rankings in the form of trec_eval: of each user, items with scores. Qrels are what is relevant to whom, by grades; above
// 0 is relevant.
type (
	Run   map[string][]RunItem
	Qrels map[string]map[string]int
)

// RunItem is an item of a ranking.
type RunItem struct {
	Item  string
	Score float64
}

// lineMax bounds the length of a line of run and qrels files, in bytes.
const lineMax = 1 << 20

// ReadRun reads lines of "user Q0 item rank score name", separated by spaces. As for trec_eval the ranks do not count: of each user
// the higher score comes first, and of equal ones the item whose identifier is the greater. An item that a user has twice, a
// score that is not finite, a line of other than six fields or of more than 1 MiB is ErrInvalid, with the number of the line.
func ReadRun(r io.Reader) (Run, error) {
	run, seen := Run{}, map[[2]string]bool{}
	err := eachLine(r, func(f []string) error {
		if len(f) != 6 {
			return invalid("%d fields, want user Q0 item rank score name", len(f))
		}
		score, err := strconv.ParseFloat(f[4], 64)
		if err != nil || math.IsInf(score, 0) || math.IsNaN(score) {
			return invalid("score %q is not a finite number", f[4])
		}
		if key := [2]string{f[0], f[2]}; seen[key] {
			return invalid("user %q has item %q twice", f[0], f[2])
		} else {
			seen[key] = true
		}
		run[f[0]] = append(run[f[0]], RunItem{f[2], score})
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, items := range run {
		slices.SortFunc(items, func(a, b RunItem) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Item, a.Item))
		})
	}
	return run, nil
}

// ReadQrels reads lines of "user 0 item grade", separated by spaces. An item that a user has twice, a grade that is no whole
// number, a line of other than four fields or of more than 1 MiB is ErrInvalid, with the number of the line.
func ReadQrels(r io.Reader) (Qrels, error) {
	qrels := Qrels{}
	err := eachLine(r, func(f []string) error {
		if len(f) != 4 {
			return invalid("%d fields, want user 0 item grade", len(f))
		}
		grade, err := strconv.Atoi(f[3])
		if err != nil {
			return invalid("grade %q is not a whole number", f[3])
		}
		if qrels[f[0]] == nil {
			qrels[f[0]] = map[string]int{}
		}
		if _, ok := qrels[f[0]][f[2]]; ok {
			return invalid("user %q has item %q twice", f[0], f[2])
		}
		qrels[f[0]][f[2]] = grade
		return nil
	})
	if err != nil {
		return nil, err
	}
	return qrels, nil
}

func eachLine(r io.Reader, do func(fields []string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, lineMax)
	n := 0
	for lines.Scan() {
		n++
		if f := strings.Fields(lines.Text()); len(f) > 0 {
			if err := do(f); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("line %d: %w", n+1, invalid("longer than %d bytes", lineMax))
	} else if err != nil {
		return err
	}
	return nil
}

// Measure returns for each user of both run and qrels who has something relevant the metrics at each cutoff, of which those of
// relevance are filled in, and the means over these users: what trec_eval prints of P, recall, map_cut, ndcg_cut of yes or no,
// success, and with a k as long as the rankings, map, ndcg and recip_rank. Users are in the order of their identifiers, and
// One.User counts them. A cutoff below 1 is ErrInvalid.
func (run Run) Measure(qrels Qrels, cutoffs ...int) (Report, error) {
	report := Report{}
	if len(cutoffs) > 0 && slices.Min(cutoffs) < 1 {
		return report, invalid("cutoff %d", slices.Min(cutoffs))
	}
	for _, user := range slices.Sorted(maps.Keys(run)) {
		relevant := 0
		for _, grade := range qrels[user] {
			if grade > 0 {
				relevant++
			}
		}
		if relevant == 0 {
			continue
		}
		items := run[user]
		ranking := make([]uint32, len(items))
		for i := range ranking {
			ranking[i] = uint32(i)
		}
		one := One{User: uint32(len(report.Each)), Relevant: relevant}
		for _, k := range cutoffs {
			one.Metrics = append(one.Metrics, Measure(ranking, relevant, func(i uint32) bool { return qrels[user][items[i].Item] > 0 }, k))
		}
		report.Each = append(report.Each, one)
	}
	report.average(cutoffs)
	return report, nil
}

// WriteRun writes the rankings that a report kept (Options.Rankings) as [ReadRun] reads them, under a name. So that whoever
// reads it ranks alike, the score written is the place counted from the end, and not the model's, of which some are
// equal. Identifiers with white space in them, which the form cannot hold, are ErrInvalid.
func WriteRun(w io.Writer, name string, report Report, train, test *model.Dataset) error {
	out := bufio.NewWriter(w)
	for _, one := range report.Each {
		user := test.Users.ID(one.User)
		for i, s := range one.Ranking {
			item := train.Items.ID(s.Item)
			for _, word := range [...]string{user, item, name} {
				if word == "" || strings.ContainsFunc(word, unicode.IsSpace) {
					return invalid("%q cannot stand in a run file", word)
				}
			}
			fmt.Fprintf(out, "%s Q0 %s %d %d %s\n", user, item, i+1, len(one.Ranking)-i, name)
		}
	}
	return out.Flush()
}
