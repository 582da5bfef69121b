package itemknn_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
)

// Everybody has the bag, and those with a tent have a stove. How far a bag's being everywhere counts against it is the asymmetry.
func ExampleTrainer() {
	var b model.Builder
	for u := range 40 {
		user := fmt.Sprint("user-", u)
		b.Add(user, "bag", 1, 1)
		if u%4 == 0 {
			b.Add(user, "tent", 1, 2)
			b.Add(user, "stove", 1, 3)
		}
	}
	data := b.Build()
	tent, _ := data.Items.Lookup("tent")
	for _, t := range []itemknn.Trainer{{Weighting: itemknn.Plain, Asymmetry: 0.1}, {Weighting: itemknn.Plain, Asymmetry: 0.5}} {
		m, err := t.Train(context.Background(), data, model.TrainOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(t.Asymmetry)
		for _, s := range m.Propose(nil, &model.User{History: []model.Event{{Item: tent, Weight: 1}}}, 2, nil, model.Quick) {
			fmt.Printf(" %s %.2f", data.Items.ID(s.Item), s.Score)
		}
		fmt.Println()
	}
	// Output:
	// 0.1 stove 0.67 bag 0.58
	// 0.5 stove 0.67 bag 0.33
}
