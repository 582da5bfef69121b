package linear_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/goldrec/gold/recommend/linear"
	"github.com/goldrec/gold/recommend/model"
)

// What goes with a tent, and a limit that training keeps to.
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
	_, err := linear.Trainer{MemoryMax: 100}.Train(context.Background(), data, model.TrainOptions{})
	if need, ok := errors.AsType[*linear.MemoryError](err); ok {
		fmt.Println("not within", need.Max, "bytes")
	}
	m, err := linear.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	user := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	for _, c := range m.Propose(nil, user, 5, nil, model.Quick) {
		fmt.Println(data.Items.ID(c.Item))
	}
	// Output:
	// not within 100 bytes
	// lamp
	// stove
}
