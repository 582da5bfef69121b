package eval_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// purchases are lines of a user and what they bought, in order of time.
const purchases = `
ann: tea mug kettle
bob: tea kettle mug
cid: tea mug pot kettle
dot: novel poem lamp
eve: novel lamp poem
fay: lamp poem novel
`

// One's own data, a model, and how well it finds what each user did last.
func Example() {
	var b model.Builder
	for line := range strings.Lines(strings.TrimSpace(purchases)) {
		user, items, _ := strings.Cut(line, ": ")
		for unix, item := range strings.Fields(items) {
			b.Add(user, item, 1, int64(unix))
		}
	}
	ctx := context.Background()
	train, test := eval.SplitLast(b.Build())
	m, err := itemknn.Trainer{}.Train(ctx, train, model.TrainOptions{})
	if err != nil {
		panic(err)
	}
	report, err := eval.Evaluate(ctx, m, train, test, eval.Options{Cutoffs: []int{1, 3}})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d users: recall@1 %.2f, recall@3 %.2f\n", report.Users, report.At(1).Recall, report.At(3).Recall)
	// Output: 6 users: recall@1 0.83, recall@3 1.00
}

// Whether one model proposes better than another, beyond chance.
func ExamplePaired() {
	var b model.Builder
	for line := range strings.Lines(strings.TrimSpace(purchases)) {
		user, items, _ := strings.Cut(line, ": ")
		for unix, item := range strings.Fields(items) {
			b.Add(user, item, 1, int64(unix))
		}
	}
	ctx := context.Background()
	kept, held := eval.Latest(b.Build(), nil)
	gains := func(trainer model.Trainer) []float64 {
		m, err := trainer.Train(ctx, kept, model.TrainOptions{})
		if err != nil {
			panic(err)
		}
		all, err := eval.Gains(ctx, m, kept, held, eval.Options{})
		if err != nil {
			panic(err)
		}
		return all
	}
	d := eval.Paired(gains(itemknn.Trainer{}), gains(popular.Trainer{}))
	fmt.Printf("nDCG@10 %.2f against %.2f, %.1f standard errors apart\n", d.A, d.B, (d.A-d.B)/d.StdErr)
	// Output: nDCG@10 0.94 against 0.55, 4.3 standard errors apart
}
