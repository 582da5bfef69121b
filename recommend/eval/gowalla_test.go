package eval_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
)

// BenchmarkGowalla trains with the defaults on Gowalla and ranks all items for the users of its published test file. It
// fails below what was published for the same protocol (the BARS leaderboard: ItemCF, and MF-BPR for als).
func BenchmarkGowalla(b *testing.B) {
	dir := filepath.Join(dataDir(b), "gowalla")
	train, test := adjacency(b, filepath.Join(dir, "train.txt")), adjacency(b, filepath.Join(dir, "test.txt"))
	for _, bm := range []struct {
		trainer      model.Trainer
		recall, ndcg float64 // published, at 20
	}{
		{itemknn.Trainer{}, 0.1570, 0.1214},
		{als.Trainer{}, 0.1627, 0.1378},
	} {
		var m model.Model
		b.Run(bm.trainer.Name()+"/train", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if m, err = bm.trainer.Train(b.Context(), train, model.TrainOptions{Seed: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bm.trainer.Name()+"/rank", func(b *testing.B) {
			var report eval.Report
			for b.Loop() {
				var err error
				if report, err = eval.Evaluate(b.Context(), m, train, test, eval.Options{Cutoffs: []int{20}}); err != nil {
					b.Fatal(err)
				}
			}
			at := report.At(20)
			b.ReportMetric(at.Recall, "recall@20")
			b.ReportMetric(at.NDCG, "ndcg@20")
			if at.Recall < bm.recall || at.NDCG < bm.ndcg {
				b.Errorf("recall@20 %.4f, nDCG@20 %.4f; published are %.4f and %.4f", at.Recall, at.NDCG, bm.recall, bm.ndcg)
			}
		})
	}
}

// adjacency reads lines of a user and that user's items.
func adjacency(b *testing.B, path string) *model.Dataset {
	b.Helper()
	if _, err := os.Stat(path); err != nil {
		b.Skip("Gowalla is not unpacked: ", err)
	}
	var builder model.Builder
	for _, f := range fields(b, path) {
		for _, item := range f[1:] {
			builder.Add(f[0], item, 1, 0)
		}
	}
	return builder.Build()
}
