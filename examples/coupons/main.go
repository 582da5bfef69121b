// Command coupons replays a year of a grocery shop and asks, of every trip on which a household redeemed coupons, how high
// they stood in the order in which they could have been shown to it: by what everybody buys, by what the household likes, and
// by what showing the coupon is worth ([allot.Order]), the chance that it is redeemed times its value.
//
//	go run ./examples/coupons -data completejourney
//
// The data are dunnhumby's Complete Journey: households were sent campaigns of coupons, and what they could redeem on a day is known.
// Nothing is used that the shop did not know on the morning of the trip. Chances are learned on the trips before -from.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/goldrec/gold/recommend/eval"
)

func main() {
	data := flag.String("data", "completejourney", "directory with the CSV files of the data set")
	from := flag.String("from", "2017-08-01", "first day of the trips that are asked; what comes before teaches")
	flag.Parse()
	if err := run(context.Background(), *data, *from, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "coupons:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, from string, out io.Writer) error {
	begin, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	data, err := read(dir)
	if err != nil {
		return err
	}
	taught, asked, err := replay(ctx, data, begin)
	if err != nil {
		return err
	}
	if len(taught) == 0 || len(asked) == 0 {
		return fmt.Errorf("%d trips before %s and %d from then on: there must be some of both", len(taught), from, len(asked))
	}
	chances, err := learn(taught)
	if err != nil {
		return err
	}
	return report(out, taught, asked, chances)
}

// report measures the orders on the same questions.
func report(out io.Writer, taught, asked []question, chances logit) error {
	fmt.Fprintf(out, "%d trips teach, %d are asked; what a household could redeem: %.0f coupons on average\n\n", len(taught), len(asked), mean(asked))
	orders := orders(chances)
	measured := make([][]eval.Metrics, len(orders))
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "order\tnDCG@10\tMRR@10\tRecall@10\tthe last is better by, nDCG@10")
	for i, o := range orders {
		for _, q := range asked {
			m, err := q.measure(o.rank)
			if err != nil {
				return err
			}
			measured[i] = append(measured[i], m)
		}
	}
	worth := values(measured[len(orders)-1], ndcg)
	for i, o := range orders {
		of := func(by func(eval.Metrics) float64) eval.Interval {
			return eval.Bootstrap(values(measured[i], by), 0.95, 1)
		}
		d := eval.Paired(worth, values(measured[i], ndcg))
		fmt.Fprintf(w, "%s\t%v\t%v\t%v\t%+.4f, p %.2g\n", o.name, of(ndcg), of(mrr), of(recall), d.A-d.B, d.PValue())
	}
	return w.Flush()
}

func ndcg(m eval.Metrics) float64   { return m.NDCG }
func mrr(m eval.Metrics) float64    { return m.MRR }
func recall(m eval.Metrics) float64 { return m.Recall }

func values(of []eval.Metrics, by func(eval.Metrics) float64) []float64 {
	v := make([]float64, len(of))
	for i, m := range of {
		v[i] = by(m)
	}
	return v
}

func mean(of []question) float64 {
	n := 0
	for _, q := range of {
		n += len(q)
	}
	return float64(n) / float64(len(of))
}
