package linear_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goldrec/gold/recommend/linear"
	"github.com/goldrec/gold/recommend/model"
)

// Fewer links of each item, and why something is proposed.
func ExampleTrainer() {
	var b model.Builder
	for u := range 20 {
		for at, item := range []string{"tent", "lamp", "stove", "mug"}[:2+u%3] {
			b.Add(fmt.Sprint("user-", u), item, 1, int64(at))
		}
	}
	data := b.Build()
	trained, err := linear.Trainer{Neighbors: 10}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	tent, _ := data.Items.Lookup("tent")
	user := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	others := model.AllowFunc(func(item uint32) bool { return item != tent })
	for _, c := range trained.Propose(nil, user, 1, others, model.Quick) {
		why := trained.(model.Explainer).Explain(nil, user, c.Item, 1)[0]
		fmt.Println(data.Items.ID(c.Item), "because of the", data.Items.ID(why.Because))
	}
	// Output: lamp because of the tent
}

// A model is asked for scores of some items, such as those of a search.
func ExampleModel() {
	var b model.Builder
	for u := range 20 {
		b.Add(fmt.Sprint("user-", u), "tent", 1, 1)
		b.Add(fmt.Sprint("user-", u), []string{"lamp", "mug"}[u%4/3], 1, 2)
	}
	data := b.Build()
	trained, err := linear.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	m := trained.(*linear.Model)
	tent, _ := data.Items.Lookup("tent")
	lamp, _ := data.Items.Lookup("lamp")
	mug, _ := data.Items.Lookup("mug")
	scores := make([]float32, 2)
	m.Score(scores, &model.User{History: []model.Event{{Item: tent, Weight: 1}}}, []uint32{lamp, mug})
	fmt.Println(m.Name(), scores[0] > scores[1])
	// Output: linear true
}
