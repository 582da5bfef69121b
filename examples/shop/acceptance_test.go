package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goldrec/gold/examples/shop/retail"
	"github.com/goldrec/gold/recommend/model"
)

// TestBlendIsBest is the acceptance of the library on a retailer's data: the blend's nDCG@10 is above that of each of
// its parts. README.md has the figures.
func TestBlendIsBest(t *testing.T) {
	switch {
	case testing.Short():
		t.Skip("-short: it trains every model on 400,000 purchases")
	case raceEnabled:
		t.Skip("it takes minutes under the race detector; BenchmarkBlendIsBest checks the same")
	}
	blendIsBest(t)
}

// BenchmarkBlendIsBest checks the same where tests only run under the race detector, and prints the figures.
func BenchmarkBlendIsBest(b *testing.B) {
	var ndcg map[string]float64
	for b.Loop() {
		ndcg = blendIsBest(b)
	}
	for name, value := range ndcg {
		b.ReportMetric(value, name+"-ndcg@10")
	}
}

func blendIsBest(tb testing.TB) map[string]float64 {
	tb.Helper()
	dir := os.Getenv("GOLD_DATA")
	f, err := os.Open(filepath.Join(dir, "online-retail", "online-retail.csv"))
	if dir == "" || err != nil {
		tb.Skip("GOLD_DATA does not lead to Online Retail: ", err)
	}
	defer f.Close()
	data, err := retail.Read(f)
	if err != nil {
		tb.Fatal(err)
	}
	ndcg := map[string]float64{}
	for r, err := range data.Evaluate(tb.Context(), trainers(), model.TrainOptions{Seed: 1}) {
		if err != nil {
			tb.Fatal(err)
		}
		ndcg[r.Model] = r.Metrics.NDCG
		tb.Logf("%-8s nDCG@10 %.4f over %d customers", r.Model, r.Metrics.NDCG, r.Users)
	}
	for name, value := range ndcg {
		if name != "blend" && ndcg["blend"] <= value {
			tb.Errorf("the blend has nDCG@10 %.4f, not above %s with %.4f", ndcg["blend"], name, value)
		}
	}
	if len(ndcg) != 5 {
		tb.Errorf("measured %d models, want 5", len(ndcg))
	}
	return ndcg
}
