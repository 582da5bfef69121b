package eval_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
)

// bought is the purchases as a dataset.
func bought() *model.Dataset {
	var b model.Builder
	for line := range strings.Lines(strings.TrimSpace(purchases)) {
		user, items, _ := strings.Cut(line, ": ")
		for unix, item := range strings.Fields(items) {
			b.Add(user, item, 1, int64(unix))
		}
	}
	return b.Build()
}

func ExampleSplitLast() {
	train, test := eval.SplitLast(bought()) // one item of each of six users
	fmt.Println(train.Len(), test.Len())
	// Output: 13 6
}

// The same seed draws the same items.
func ExampleSplitRandom() {
	train, test := eval.SplitRandom(bought(), 0.3, 1)
	_, again := eval.SplitRandom(bought(), 0.3, 1)
	fmt.Println(train.Len(), test.Len(), again.Len())
	// Output: 13 6 6
}

func ExampleSplitTime() {
	train, test := eval.SplitTime(bought(), 0.5) // half of three times, rounded: two
	fmt.Println(train.Len(), test.Len())
	// Output: 7 12
}

// Whether a user is drawn depends on the user and the seed, whoever else there is.
func ExampleSample() {
	data := bought()
	drawn := eval.Sample(data, 2, 7)
	for u := range uint32(data.UserCount()) {
		if drawn(u) {
			fmt.Println(data.Users.ID(u))
		}
	}
	// Output: bob
}

// What each user came to last is withheld, in order to see whether a model finds it.
func ExampleLatest() {
	data := bought()
	kept, held := eval.Latest(data, nil)
	fmt.Println(data.Len()-kept.Len(), "withheld, the first of them", data.Items.ID(held[0].Item), "of", data.Users.ID(held[0].User))
	// Output: 6 withheld, the first of them kettle of ann
}

// A gain for each user: 1 for an item proposed first, less further down, 0 for one that is not proposed.
func ExampleGains() {
	ctx := context.Background()
	kept, held := eval.Latest(bought(), nil)
	m, err := itemknn.Trainer{}.Train(ctx, kept, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	gains, err := eval.Gains(ctx, m, kept, held, eval.Options{Cutoffs: []int{3}})
	fmt.Printf("%.2f %v\n", gains, err)
	// Output: [0.63 1.00 1.00 1.00 1.00 1.00] <nil>
}

// One ranking by hand: of two relevant items one stands second.
func ExampleMeasure() {
	relevant := map[uint32]bool{7: true, 9: true}
	m := eval.Measure([]uint32{1, 7, 2, 3}, 2, func(item uint32) bool { return relevant[item] }, 4)
	fmt.Printf("recall %.2f, precision %.2f, MRR %.2f, nDCG %.2f\n", m.Recall, m.Precision, m.MRR, m.NDCG)
	// Output: recall 0.50, precision 0.25, MRR 0.50, nDCG 0.39
}

// Metrics at two cutoffs, as means over the users who have something held out.
func ExampleEvaluate() {
	ctx := context.Background()
	train, test := eval.SplitLast(bought())
	m, err := itemknn.Trainer{}.Train(ctx, train, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	report, err := eval.Evaluate(ctx, m, train, test, eval.Options{Cutoffs: []int{1, 3}})
	if err != nil {
		log.Fatal(err)
	}
	for _, at := range report.Metrics {
		fmt.Printf("hit rate@%d %.2f, coverage %.2f\n", at.K, at.HitRate, at.Coverage)
	}
	// Output:
	// hit rate@1 0.83, coverage 0.86
	// hit rate@3 1.00, coverage 1.00
}

// A cutoff that was not asked for has no metrics.
func ExampleReport_At() {
	r := eval.Report{Users: 2, Metrics: []eval.Metrics{{K: 10, Recall: 0.3}}}
	fmt.Println(r.At(10).Recall, r.At(20).Recall)
	// Output: 0.3 0
}
