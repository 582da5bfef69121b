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
)

// The best hyper-parameters by what each user did second to last; the last is for a test of what was chosen.
func ExampleTune() {
	train, valid, _ := eval.SplitLastTwo(bought())
	knobs := []eval.Knob{{Name: "itemknn.Asymmetry", Low: 0.1, High: 1}, {Name: "itemknn.Neighbors", Low: 1, High: 8, Step: 1}}
	run := func(ctx context.Context, c eval.Config, part float64) (float64, error) {
		some := eval.Sample(train, uint64(1/part+0.5), 1) // of so few users there is hardly any to choose by
		data := train.Before(func(u uint32, h []model.Event) int {
			if some(u) {
				return len(h)
			}
			return 0
		})
		trainers, err := c.Apply([]model.Trainer{itemknn.Trainer{}})
		if err != nil {
			return 0, err
		}
		m, err := trainers[0].Train(ctx, data, model.TrainOptions{})
		if err != nil {
			return 0, err
		}
		report, err := eval.Evaluate(ctx, m, data, valid, eval.Options{})
		return report.At(10).NDCG, err
	}
	tuned, err := eval.Tune(context.Background(), knobs, run, eval.TuneOptions{Trials: 10, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(tuned.Runs), "runs, never worse than without changes:", tuned.Score >= tuned.Default.Score)
	// Output: 14 runs, never worse than without changes: true
}

// A file that says what trainers are opened with.
func ExampleReadConfig() {
	c, err := eval.ReadConfig(strings.NewReader(`{"itemknn.Neighbors": 50}`))
	if err != nil {
		log.Fatal(err)
	}
	trainers, err := c.Apply([]model.Trainer{itemknn.Trainer{}})
	fmt.Println(trainers[0].(itemknn.Trainer).Neighbors, err)
	// Output: 50 <nil>
}

func ExampleConfig_Write() {
	if err := (eval.Config{"als.Factors": 64, "als.Unobserved": 8}).Write(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {
	//   "als.Factors": 64,
	//   "als.Unobserved": 8
	// }
}
