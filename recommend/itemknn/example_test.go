package itemknn_test

import (
	"context"
	"fmt"

	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
)

// What goes with a tent, and why a lamp is proposed to somebody.
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
	trained, err := itemknn.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := trained.(*itemknn.Model)
	user := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	for _, c := range m.Propose(nil, user, 5, nil, model.Quick) {
		why := m.Explain(nil, user, c.Item, 1)[0]
		fmt.Printf("%s, because of the %s\n", data.Items.ID(c.Item), data.Items.ID(why.Because))
	}
	// Output:
	// lamp, because of the tent
	// stove, because of the tent
}

// All scores at once, for a caller who adds them to those of other models.
func ExampleModel_Accumulate() {
	var b model.Builder
	for u := range 6 {
		b.Add(fmt.Sprint(u), "bread", 1, 1)
		b.Add(fmt.Sprint(u), "butter", 1, 2)
	}
	bread, data := b.Item("bread"), b.Build()
	m, err := itemknn.Trainer{Shrink: -1}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var sums model.Sums
	m.(*itemknn.Model).Accumulate(&sums, &model.User{History: []model.Event{{Item: bread, Weight: 1}}})
	for item, score := range sums.All() {
		fmt.Printf("%s %.2f\n", data.Items.ID(item), score)
	}
	// Output: butter 1.00
}
