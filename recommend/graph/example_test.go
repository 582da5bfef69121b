package graph_test

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/recommend/graph"
	"github.com/goldrec/gold/recommend/model"
)

// Where a walk from a tent leads: to its users, and on to what else they have.
func Example() {
	var b model.Builder
	for u := range 12 {
		user := fmt.Sprint("user", u)
		b.Add(user, "tent", 1, 1)
		if u%2 == 0 {
			b.Add(user, "lamp", 1, 2)
		}
		if u%4 == 0 {
			b.Add(user, "stove", 1, 3)
		}
	}
	tent, data := b.Item("tent"), b.Build()
	trained, err := graph.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := trained.(*graph.Model)
	user := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	for _, c := range m.Propose(nil, user, 5, nil, model.Quick) {
		why := m.Explain(nil, user, c.Item, 1)[0]
		fmt.Printf("%s, because of the %s\n", data.Items.ID(c.Item), data.Items.ID(why.Because))
	}
	// Output:
	// lamp, because of the tent
	// stove, because of the tent
}
