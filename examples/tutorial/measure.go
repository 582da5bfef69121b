package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
)

func train(ctx context.Context, out io.Writer, s *shop) error {
	report, err := s.engine.Train(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "version %d of %d ratings by %d users; nDCG@50 on what was held out to learn the weights:\n",
		report.Version, report.Interactions, report.Users)
	for i, part := range report.Parts {
		fmt.Fprintf(out, "  %-8s %.2f\n", part.Name, report.Blend.Alone[i])
	}
	fmt.Fprintf(out, "  %-8s %.2f\n", "blend", report.Blend.Blend)
	return nil
}

// evaluate withholds the last fifth of what each user did, trains on the rest, and says how much of it comes up.
func evaluate(ctx context.Context, out io.Writer, s *shop) error {
	models, err := s.engine.Evaluate(ctx, recommend.EvaluateOptions{Cutoffs: []int{10, 20}})
	if err != nil {
		return err
	}
	for _, m := range models {
		fmt.Fprintf(out, "  %-8s nDCG@10 %.2f, recall@20 %.2f\n", m.Name, m.At(10).NDCG, m.At(20).Recall)
	}
	return nil
}

// exporter exports into a directory.
func exporter(dir string) func(context.Context, io.Writer, *shop) error {
	return func(ctx context.Context, out io.Writer, s *shop) error {
		return export(ctx, out, s, filepath.Join(dir, "vectors.csv"))
	}
}

// export writes the vectors of the movies as CSV, and asks an index of them for what lies near to a movie.
func export(ctx context.Context, out io.Writer, s *shop, path string) (err error) {
	part, ok := s.engine.Part(als.Name)
	if !ok {
		return fmt.Errorf("no model %q in service", als.Name)
	}
	m := part.(*als.Model)
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	index, err := ann.NewHNSW(ann.Options{Dim: m.Factors(), Metric: ann.Cosine})
	if err != nil {
		return err
	}
	rows := csv.NewWriter(file)
	for item, vector := range m.Vectors() {
		row := []string{s.catalog.ID(item)}
		for _, x := range vector {
			row = append(row, fmt.Sprint(x))
		}
		if err := rows.Write(row); err != nil {
			return err
		}
		if err := index.Add(item, vector); err != nil {
			return err
		}
	}
	rows.Flush()
	if err := rows.Error(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	movie, _ := s.catalog.Lookup("1")
	vector, _ := index.Vector(nil, movie)
	near, err := index.Search(nil, vector, 4, ann.SearchOptions{})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d vectors of %d numbers; nearest to movie 1, itself first:\n", index.Len(), m.Factors())
	for _, hit := range near {
		fmt.Fprintf(out, "  %s\n", s.catalog.Item(hit.Key).Title)
	}
	weights := s.engine.Weights()
	for _, name := range weights.Parts {
		fmt.Fprintf(out, "  weight of %s: %.2f after one rating, %.2f after a hundred\n", name, weights.Of(name, 1), weights.Of(name, 100))
	}
	return ctx.Err()
}
