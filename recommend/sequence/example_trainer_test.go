package sequence_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/sequence"
)

// Only the step just made counts, and nothing points backwards.
func ExampleTrainer() {
	var b model.Builder
	for u := range 20 {
		for at, item := range []string{"tent", "lamp", "stove", "mug"} {
			b.Add(fmt.Sprint("user-", u), item, 1, int64(at))
		}
	}
	data := b.Build()
	trained, err := sequence.Trainer{Gap: 0.2, Backward: -1}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	lamp, _ := data.Items.Lookup("lamp")
	user := &model.User{History: []model.Event{{Item: lamp, Weight: 1}}}
	for _, c := range trained.Propose(nil, user, 5, nil, model.Quick) {
		fmt.Println(data.Items.ID(c.Item))
	}
	// Output: stove
}

// Two users of the same items in another order are told different things.
func ExampleModel() {
	var b model.Builder
	for u := range 20 {
		for at, item := range []string{"tent", "lamp", "stove", "mug"} {
			b.Add(fmt.Sprint("user-", u), item, 1, int64(at))
		}
	}
	tent, stove, data := b.Item("tent"), b.Item("stove"), b.Build()
	trained, err := sequence.Trainer{Gap: 1, Recency: 0.5}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	m := trained.(*sequence.Model)
	next := func(first, second uint32) string {
		others := model.AllowFunc(func(item uint32) bool { return item != first && item != second })
		user := &model.User{History: []model.Event{{Item: first, Weight: 1}, {Item: second, Weight: 1}}}
		return data.Items.ID(m.Propose(nil, user, 1, others, model.Quick)[0].Item)
	}
	fmt.Println(next(tent, stove), next(stove, tent))
	// Output: mug lamp
}
