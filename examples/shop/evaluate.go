package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/goldrec/gold/examples/internal/blended"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// evaluate measures the models on the imported data set, as retail.Evaluate says, and prints a table.
func evaluate(ctx context.Context, cfg config, out io.Writer) error {
	data, err := readRetail(cfg)
	if err != nil {
		return err
	}
	train, test := data.Split()
	fmt.Fprintf(out, "%d lines of %d; %d to train, %d to test\n", len(data.Interactions), data.Rows, len(train), len(test))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "model\tnDCG@10\trecall@10\thit rate@10\tcustomers\tfit\t")
	for r, err := range data.Evaluate(ctx, trainers(), model.TrainOptions{Seed: cfg.seed}) {
		if err != nil {
			return err
		}
		m := r.Metrics
		fmt.Fprintf(table, "%s\t%.4f\t%.4f\t%.4f\t%d\t%v\t\n", r.Model, m.NDCG, m.Recall, m.HitRate, r.Users, r.Fit.Round(time.Millisecond))
	}
	return table.Flush()
}

// trainers is the first models and their blend.
func trainers() []model.Trainer {
	return []model.Trainer{popular.Trainer{}, itemknn.Trainer{}, als.Trainer{}, content.Trainer{}, blended.Trainer{}}
}
