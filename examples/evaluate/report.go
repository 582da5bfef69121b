package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/recommend/eval"
)

// reporter writes results as they come: lines of JSON for programs, and tables for people when all are there.
type reporter struct {
	opt     options
	lines   *json.Encoder
	file    *os.File // nil: the standard output
	tables  io.Writer
	results []result
}

func newReporter(opt options, stdout, stderr io.Writer) (*reporter, error) {
	r := &reporter{opt: opt, tables: stderr}
	to := stdout
	if opt.json != "" && opt.json != "-" {
		f, err := os.Create(opt.json)
		if err != nil {
			return nil, err
		}
		r.file, to = f, f
	}
	r.lines = json.NewEncoder(to)
	return r, nil
}

// Result writes one result.
func (r *reporter) Result(v result) error {
	r.results = append(r.results, v)
	return r.lines.Encode(v)
}

// Close prints the tables, writes the page, and closes the file.
func (r *reporter) Close() error {
	var err error
	if len(r.results) > 0 {
		err = errors.Join(r.figures(), r.comparison())
		if r.opt.html != "" {
			err = errors.Join(err, toFile(r.opt.html, func(w io.Writer) error { return writePage(w, r.opt, r.results) }))
		}
	}
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}

func (r *reporter) figures() error {
	table := tabwriter.NewWriter(r.tables, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "model\trecall@%d\tndcg@%d\tmrr@%d\thr@10\tndcg@10\tfit\tscore\tpeak rss\t\n", r.opt.k, r.opt.k, r.opt.k)
	for _, v := range r.results {
		fmt.Fprintf(table, "%s\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.1f s\t%.1f s\t%d MiB\t\n", v.model,
			v.at.Recall, v.at.NDCG, v.at.MRR, v.at10.HitRate, v.at10.NDCG, v.fitted.Seconds(), v.scored.Seconds(), v.peakRSS>>20)
	}
	return table.Flush()
}

// comparison says what the figures are worth: where the mean of all users like these lies, and how far each model is from the
// first, with the chance of that if there were no difference, for as many questions as there are models (Holm 1979).
func (r *reporter) comparison() error {
	differences, chances, err := against(r.results)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(r.tables, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "model\trecall@%d, 95 %%\tndcg@%d, 95 %%\tndcg beside %s\tp\t\n", r.opt.k, r.opt.k, r.results[0].model)
	for i, v := range r.results {
		fmt.Fprintf(table, "%s\t%v\t%v\t", v.model, v.interval(v.recalls), v.interval(v.ndcgs))
		if i == 0 {
			fmt.Fprint(table, "\t\t\n")
			continue
		}
		d := differences[i]
		fmt.Fprintf(table, "%+.4f [%+.4f, %+.4f]\t%s\t\n", d.Mean, d.Low, d.High, chance(chances[i]))
	}
	return table.Flush()
}

// chance is a p-value for people.
func chance(p float64) string {
	if p < 1e-16 {
		return "<1e-16"
	}
	return fmt.Sprintf("%.2g", p)
}

// against compares the ndcg of each result with that of the first, user by user.
func against(results []result) (differences []eval.Interval, chances []float64, err error) {
	differences, chances = make([]eval.Interval, len(results)), make([]float64, len(results))
	for i, v := range results[1:] {
		apart := make([]float64, len(v.ndcgs))
		for u := range apart {
			apart[u] = v.ndcgs[u] - results[0].ndcgs[u]
		}
		differences[i+1] = v.interval(apart)
		chances[i+1] = eval.Paired(v.ndcgs, results[0].ndcgs).PValue()
	}
	adjusted, err := stats.Adjust(stats.Holm, chances[1:])
	if err != nil {
		return nil, nil, err
	}
	copy(chances[1:], adjusted)
	return differences, chances, nil
}
