package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
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

// dataset reads the ratings back out of the store's log, weighted like those of the engine: from -2.5 to 2.5.
func dataset(ctx context.Context, log store.Log, cat *catalog.Catalog) (*model.Dataset, error) {
	var b model.Builder
	for _, movie := range cat.All() {
		b.AddItem(movie)
	}
	for entry, err := range log.Scan(ctx, store.Place{}) {
		if err != nil {
			return nil, err
		}
		if in := entry.Interaction; entry.Fact == store.Interacted && in.Kind == store.Rating {
			b.Add(in.User, in.Item, float32(in.Value-3)*1.25, in.Time.Unix())
		}
	}
	return b.Build(), b.Err()
}

// evaluate withholds the last fifth of what each user did, trains on the rest, and says how much of it comes up.
func evaluate(ctx context.Context, out io.Writer, s *shop) error {
	data, err := dataset(ctx, s.store, s.catalog)
	if err != nil {
		return err
	}
	before, after := eval.SplitTime(data, 0.2)
	parts, weights, _, err := blend.Fit(ctx, trainers(), before, blend.Options{Seed: 7})
	if err != nil {
		return err
	}
	mixed, err := blend.New(parts, weights)
	if err != nil {
		return err
	}
	measure := func(name string, m model.Scorer) error {
		report, err := eval.Evaluate(ctx, m, before, after, eval.Options{Cutoffs: []int{10, 20}})
		fmt.Fprintf(out, "  %-8s nDCG@10 %.2f, recall@20 %.2f\n", name, report.At(10).NDCG, report.At(20).Recall)
		return err
	}
	for _, part := range parts {
		if err := measure(part.Name(), part); err != nil {
			return err
		}
	}
	return measure("blend", mixed)
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
