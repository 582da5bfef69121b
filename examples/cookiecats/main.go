// Command cookiecats analyses the Cookie Cats experiment: 90,189 players of a game met its first gate at level 30 or at
// level 40, and came back, or did not, after 1 and after 7 days.
//
//	go run ./examples/cookiecats -data cookie_cats.csv             the report in text
//	go run ./examples/cookiecats -data cookie_cats.csv -json       with all digits
//	go run ./examples/cookiecats -data cookie_cats.csv -html r.html
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/goldrec/gold/experiment/stats"
)

// plan is what the experiment is judged by. The number of rounds played is heavy-tailed, so it does not decide.
var plan = stats.Plan{
	Experiment: "Cookie Cats: first gate at level 40 instead of 30",
	Metrics: []stats.Metric{
		{Name: "retention_1", Kind: stats.Proportion},
		{Name: "retention_7", Kind: stats.Proportion},
		{Name: "sum_gamerounds", Secondary: true},
	},
}

func main() {
	data := flag.String("data", "cookie_cats.csv", "the CSV: userid, version, sum_gamerounds, retention_1, retention_7")
	asJSON := flag.Bool("json", false, "write JSON with all digits")
	html := flag.String("html", "", "write a page to this file as well")
	flag.Parse()
	if err := run(*data, *asJSON, *html, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "cookiecats:", err)
		os.Exit(1)
	}
}

func run(data string, asJSON bool, html string, out io.Writer) error {
	f, err := os.Open(data)
	if err != nil {
		return err
	}
	defer f.Close()
	arms, err := read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", data, err)
	}
	report, err := stats.Analyze(plan, arms)
	if err != nil {
		return err
	}
	if html != "" {
		if err := writeFile(html, report.WriteHTML); err != nil {
			return err
		}
	}
	if asJSON {
		return report.WriteJSON(out)
	}
	return report.WriteText(out)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// read streams the file into one summary a metric and arm; nothing of the size of the file is kept.
func read(r io.Reader) ([]stats.Arm, error) {
	arms := []stats.Arm{{Variant: "gate_30", Weight: 1}, {Variant: "gate_40", Weight: 1}}
	for i := range arms {
		for _, m := range plan.Metrics {
			arms[i].Metrics = append(arms[i].Metrics, m.NewSummary())
		}
	}
	rows := csv.NewReader(r)
	rows.FieldsPerRecord, rows.ReuseRecord = 5, true
	if _, err := rows.Read(); err != nil { // the header
		return nil, err
	}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return arms, nil
		}
		if err != nil {
			return nil, err
		}
		if err := add(arms, row); err != nil {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func add(arms []stats.Arm, row []string) error {
	arm := &arms[0]
	if row[1] == arms[1].Variant {
		arm = &arms[1]
	} else if row[1] != arm.Variant {
		return fmt.Errorf("unknown version %q", row[1])
	}
	arm.Units++
	rounds, err := strconv.ParseFloat(row[2], 64)
	if err != nil {
		return err
	}
	values := [...]float64{2: rounds, 0: 0, 1: 0}
	for i, text := range row[3:] {
		back, err := strconv.ParseBool(text)
		if err != nil {
			return err
		}
		if back {
			values[i] = 1
		}
	}
	for i, v := range values {
		if err := arm.Metrics[i].Add(v); err != nil {
			return err
		}
	}
	return nil
}
