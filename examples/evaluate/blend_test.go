//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
)

// BenchmarkBlend says what training a blend costs over training its parts, in processor time, and what for: the nDCG@10 of each
// part alone and of the blend. GOLD_DATA is where the data sets are; those that are not there are left out.
//
//	GOLD_DATA=D go test -C examples ./evaluate -run '^$' -bench Blend -benchtime 1x
//
// The parts are the engine's own but for content, which these sets have nothing for.
func BenchmarkBlend(b *testing.B) {
	for _, tt := range []struct {
		name, layout, train, test string
		seeds                     int // splits drawn; 0: the split is the layout's or the file's
	}{
		{"ml-100k", "triples", "ml-100k/ml-100k.inter", "", 5},
		{"ml-1m", "triples", "ml-1m/ratings.csv", "", 1},
		{"beauty", "sequence", "amazon-beauty/Beauty.txt", "", 0},
		{"gowalla", "adjacency", "gowalla/train.txt", "gowalla/test.txt", 0},
	} {
		dir := os.Getenv("GOLD_DATA")
		train := filepath.Join(dir, filepath.FromSlash(tt.train))
		if _, err := os.Stat(train); dir == "" || err != nil {
			continue
		}
		args := []string{"-layout", tt.layout, "-train", train, "-models", blended, "-blend", "popular,itemknn,als"}
		if tt.test != "" {
			args = append(args, "-test", filepath.Join(dir, filepath.FromSlash(tt.test)))
		}
		for seed := range max(tt.seeds, 1) {
			b.Run(tt.name+"/seed="+strconv.Itoa(seed+1), func(b *testing.B) {
				opt, err := parse(append(args, "-seed", strconv.Itoa(seed+1)), os.Stderr)
				if err != nil {
					b.Fatal(err)
				}
				benchmarkBlend(b, opt, tt.seeds > 0)
			})
		}
	}
}

func benchmarkBlend(b *testing.B, opt options, drawn bool) {
	train, test := split(b, opt, drawn)
	trainers := opt.contenders[0].parts
	ndcg := func(m model.Scorer) float64 {
		report, err := eval.Evaluate(b.Context(), m, train, test, eval.Options{Cutoffs: []int{10}})
		if err != nil {
			b.Fatal(err)
		}
		return report.At(10).NDCG
	}
	for b.Loop() {
		var alone, together float64
		for _, t := range trainers {
			start := processSeconds(b)
			m, err := t.Train(b.Context(), train, model.TrainOptions{Seed: opt.seed})
			if err != nil {
				b.Fatal(err)
			}
			alone += processSeconds(b) - start
			b.ReportMetric(ndcg(m), t.Name()+"-ndcg@10")
		}
		start := processSeconds(b)
		parts, weights, _, err := blend.Fit(b.Context(), trainers, train, blend.Options{Seed: opt.seed})
		if err != nil {
			b.Fatal(err)
		}
		together = processSeconds(b) - start
		m, err := blend.New(parts, weights)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(ndcg(m), "blend-ndcg@10")
		b.ReportMetric(alone, "parts-cpu-s")
		b.ReportMetric(together/alone, "times-the-parts")
	}
	b.ReportMetric(0, "ns/op")
}

// split is the command's, or one that is drawn although the file has times.
func split(b *testing.B, opt options, drawn bool) (train, test *model.Dataset) {
	if !drawn {
		x, err := opt.load()
		if err != nil {
			b.Fatal(err)
		}
		return x.train, x.test
	}
	var all model.Builder
	if _, err := opt.read(&all, opt.train); err != nil {
		b.Fatal(err)
	}
	return eval.SplitRandom(all.Build(), heldOut, opt.seed)
}

// processSeconds is the processor time of the whole process so far.
func processSeconds(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}
