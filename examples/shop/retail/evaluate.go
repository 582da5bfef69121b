package retail

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// Result is how well one model does on the test part.
type Result struct {
	Model   string
	Users   int // customers with something to find, over whom the metrics are means
	Metrics eval.Metrics
	Fit     time.Duration
}

// Evaluate trains each model on the earlier four fifths of each customer's invoices and measures it on the rest: nDCG@10
// and its like over the full ranking of all items. What a customer bought in the training part is neither ranked for
// them nor counted when it stands in the test part again, so that only finding something new counts. The models know
// the titles of all items, also of those that only the test part has. An error ends it and comes last.
func (d *Data) Evaluate(ctx context.Context, trainers []model.Trainer, opt model.TrainOptions) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		early, late := d.Split()
		train, test := d.dataset(early), d.dataset(late)
		for _, tr := range trainers {
			result, err := measure(ctx, tr, train, test, opt)
			if err != nil {
				yield(Result{}, fmt.Errorf("retail: %s: %w", tr.Name(), err))
				return
			}
			if !yield(result, nil) {
				return
			}
		}
	}
}

func measure(ctx context.Context, tr model.Trainer, train, test *model.Dataset, opt model.TrainOptions) (Result, error) {
	began := time.Now()
	m, err := tr.Train(ctx, train, opt)
	if err != nil {
		return Result{}, err
	}
	took := time.Since(began)
	report, err := eval.Evaluate(ctx, m, train, test, eval.Options{Cutoffs: []int{10}, Workers: opt.Workers})
	return Result{Model: tr.Name(), Users: report.Users, Metrics: report.At(10), Fit: took}, err
}

// dataset is a part of the log as models see it. Each line counts as one purchase, whatever its quantity: this is a
// wholesaler's log, where six and sixty of a thing say the same.
func (d *Data) dataset(log []store.Interaction) *model.Dataset {
	var b model.Builder
	for i := range d.Items {
		b.AddItem(&d.Items[i])
	}
	for i := range log {
		b.Add(log[i].User, log[i].Item, 1, log[i].Time.Unix())
	}
	return b.Build()
}
