package sequence_test

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/sequence"
)

// What comes after a tent, which is not what came before it.
func Example() {
	var b model.Builder
	for u := range 12 {
		user := fmt.Sprint("user", u)
		b.Add(user, "backpack", 1, 1)
		b.Add(user, "tent", 1, 2)
		b.Add(user, "stove", 1, 3)
	}
	tent, data := b.Item("tent"), b.Build()
	m, err := sequence.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	user := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	for _, c := range m.Propose(nil, user, 5, nil, model.Quick) {
		fmt.Printf("%s %.2f\n", data.Items.ID(c.Item), c.Score)
	}
	// Output:
	// stove 2.93
	// backpack 0.99
}
