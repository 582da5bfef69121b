package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// reporter writes results as they come: lines of JSON for programs, and a table for people when all are there.
type reporter struct {
	lines *json.Encoder
	file  *os.File // nil: the standard output
	table *tabwriter.Writer
}

func newReporter(opt options, stdout, stderr io.Writer) (*reporter, error) {
	r := &reporter{table: tabwriter.NewWriter(stderr, 0, 8, 2, ' ', tabwriter.AlignRight)}
	to := stdout
	if opt.json != "" && opt.json != "-" {
		f, err := os.Create(opt.json)
		if err != nil {
			return nil, err
		}
		r.file, to = f, f
	}
	r.lines = json.NewEncoder(to)
	fmt.Fprintf(r.table, "model\trecall@%d\tndcg@%d\thr@10\tndcg@10\tfit\tscore\tpeak rss\t\n", opt.k, opt.k)
	return r, nil
}

// Result writes one result.
func (r *reporter) Result(v result) error {
	fmt.Fprintf(r.table, "%s\t%.4f\t%.4f\t%.4f\t%.4f\t%.1f s\t%.1f s\t%d MiB\t\n",
		v.model, v.recall, v.ndcg, v.hr10, v.ndcg10, v.fitted.Seconds(), v.scored.Seconds(), v.peakRSS>>20)
	return r.lines.Encode(v)
}

// Close prints the table and closes the file.
func (r *reporter) Close() error {
	err := r.table.Flush()
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}
