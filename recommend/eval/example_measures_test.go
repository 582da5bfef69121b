package eval_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// reportOf is the evaluation of a model that a trainer makes of train.
func reportOf(trainer model.Trainer, train, test *model.Dataset, opt eval.Options) eval.Report {
	ctx := context.Background()
	m, err := trainer.Train(ctx, train, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	report, err := eval.Evaluate(ctx, m, train, test, opt)
	if err != nil {
		log.Fatal(err)
	}
	return report
}

// The last of each user tests, the second to last chooses.
func ExampleSplitLastTwo() {
	train, valid, test := eval.SplitLastTwo(bought())
	fmt.Println(train.Len(), valid.Len(), test.Len())
	// Output: 7 6 6
}

// Nobody's future is trained on: the newest tenth of everything is held out, and all of the same time.
func ExampleSplitAt() {
	data := bought()
	train, test := eval.SplitAt(data, eval.TimeBefore(data, 0.1))
	fmt.Println(train.Len(), test.Len())
	// Output: 12 7
}

func ExampleTimeBefore() {
	fmt.Println(eval.TimeBefore(bought(), 0.5)) // times are 0, 1, 2 and one 3
	// Output: 1
}

// Every event is held out in one of three folds.
func ExampleSplitFold() {
	for fold := range 3 {
		train, test := eval.SplitFold(bought(), fold, 3, 1)
		fmt.Println(train.Len(), test.Len())
	}
	// Output:
	// 13 6
	// 13 6
	// 12 7
}

// One user in two is a stranger to the model and shows a part of their history only when asked.
func ExampleSplitUsers() {
	train, shown, test := eval.SplitUsers(bought(), 2, 0.5, 7)
	fmt.Println(train.Len(), shown.Len(), test.Len())
	// Output: 16 1 2
}

// The newest half of all visits: after each prefix, what comes next?
func ExampleSplitSessions() {
	data := bought()
	_, cases := eval.SplitSessions(data, 0.5)
	first := cases[0]
	fmt.Println(len(cases), "cases; after", data.Items.ID(first.History[0].Item), "comes", data.Items.ID(first.Next))
	// Output: 7 cases; after tea comes mug
}

func ExampleEvaluateCases() {
	ctx, data := context.Background(), bought()
	m, err := itemknn.Trainer{}.Train(ctx, data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	tea, mug := data.History(0)[0], data.History(0)[1].Item
	report, err := eval.EvaluateCases(ctx, m, data, []eval.Case{{History: []model.Event{tea}, Next: mug}}, eval.Options{})
	fmt.Println(report.At(10).HitRate, err)
	// Output: 1 <nil>
}

// The same model, once among all items and once among two that were drawn beside the right one: two different figures.
func ExampleEvaluateSampled() {
	ctx := context.Background()
	train, test := eval.SplitLast(bought())
	m, err := popular.Trainer{}.Train(ctx, train, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	opt := eval.Options{Cutoffs: []int{1}}
	full, err := eval.Evaluate(ctx, m, train, test, opt)
	if err != nil {
		log.Fatal(err)
	}
	sampled, err := eval.EvaluateSampled(ctx, m, train, test, 2, 1, opt)
	fmt.Println(full.At(1).Recall < sampled.At(1).Recall, err)
	// Output: true <nil>
}

func ExampleSharedUsers() {
	data := bought()
	similar := eval.SharedUsers(data)
	handle := func(id string) uint32 { h, _ := data.Items.Lookup(id); return h }
	fmt.Printf("%.2f %.2f\n", similar(handle("tea"), handle("pot")), similar(handle("tea"), handle("lamp")))
	// Output: 0.58 0.00
}

// One model's figure with its interval, and whether another's differs by more than chance.
func ExampleBootstrap() {
	train, test := eval.SplitLast(bought())
	opt := eval.Options{Cutoffs: []int{3}}
	ndcg := func(m eval.Metrics) float64 { return m.NDCG }
	a := reportOf(itemknn.Trainer{}, train, test, opt).Values(3, ndcg)
	b := reportOf(popular.Trainer{}, train, test, opt).Values(3, ndcg)
	fmt.Println(eval.Bootstrap(a, 0.95, 1))
	fmt.Printf("p = %.2f\n", eval.Paired(a, b).PValue())
	// Output:
	// 0.9385 [0.8155, 1.0000]
	// p = 0.01
}

func ExampleDifference_PValue() {
	fmt.Printf("%.4f\n", eval.Paired([]float64{1, 0.5, 1, 0.5}, []float64{0, 0.5, 0.5, 0.5}).PValue())
	// Output: 0.2152
}

func ExampleSignFlip() {
	p := eval.SignFlip([]float64{1, 1, 1, 1, 1, 1}, []float64{0, 0, 0, 0, 0, 0}, 1) // all of one sign: 2 in 64
	fmt.Println(p > 0.015 && p < 0.055)
	// Output: true
}

func ExampleReport_ByHistory() {
	train, test := eval.SplitLast(bought())
	for _, s := range reportOf(itemknn.Trainer{}, train, test, eval.Options{}).ByHistory(2) {
		fmt.Printf("%s: %d users, recall@10 %.2f\n", s.Name, s.Users, s.At(10).Recall)
	}
	// Output:
	// 0-2: 5 users, recall@10 1.00
	// 3+: 1 users, recall@10 1.00
}

func ExampleReadRun() {
	run, err := eval.ReadRun(strings.NewReader("ann Q0 tea 1 0.5 mine\nann Q0 mug 2 0.75 mine\n"))
	fmt.Println(run["ann"][0].Item, err)
	// Output: mug <nil>
}

func ExampleReadQrels() {
	qrels, err := eval.ReadQrels(strings.NewReader("ann 0 tea 1\nann 0 mug 0\n"))
	fmt.Println(qrels["ann"]["tea"], err)
	// Output: 1 <nil>
}

// What trec_eval says of a run, without it.
func ExampleRun_Measure() {
	run := eval.Run{"ann": {{Item: "mug", Score: 2}, {Item: "tea", Score: 1}}}
	report, err := run.Measure(eval.Qrels{"ann": {"tea": 1}}, 10)
	fmt.Println(report.At(10).MRR, err)
	// Output: 0.5 <nil>
}

// Others score it: the places are written, so that ties are theirs too.
func ExampleWriteRun() {
	train, test := eval.SplitLast(bought())
	report := reportOf(itemknn.Trainer{}, train, test, eval.Options{Rankings: 2})
	report.Each = report.Each[:1]
	if err := eval.WriteRun(os.Stdout, "itemknn", report, train, test); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ann Q0 pot 1 2 itemknn
	// ann Q0 kettle 2 1 itemknn
}
