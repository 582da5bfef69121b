package graph_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/graph"
	"github.com/goldrec/gold/recommend/model"
)

// Short walks lead from a tent to what campers have, and not to what others have.
func Example() {
	var b model.Builder
	for u := range 12 {
		camper, reader := fmt.Sprint("camper", u), fmt.Sprint("reader", u)
		b.Add(camper, "tent", 1, 1)
		b.Add(reader, "novel", 1, 1)
		if u%2 == 0 {
			b.Add(camper, "lamp", 1, 2)
			b.Add(reader, "bookmark", 1, 2)
		}
	}
	tent, data := b.Item("tent"), b.Build()
	m, err := graph.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	user := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	for _, c := range m.Propose(nil, user, 5, nil, model.Quick) {
		fmt.Println(data.Items.ID(c.Item))
	}
	// Output: lamp
}

// Without a low pass, and of popular items less.
func ExampleTrainer() {
	var b model.Builder
	for u := range 12 {
		b.Add(fmt.Sprint("user", u), "tent", 1, 1)
		b.Add(fmt.Sprint("user", u), []string{"lamp", "stove"}[u%2], 1, 2)
	}
	tent, data := b.Item("tent"), b.Build()
	m, err := graph.Trainer{Rank: -1, CandidateExponent: 0.5}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	user := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	fmt.Println(m.Name(), len(m.Propose(nil, user, 5, nil, model.Quick)))
	// Output: graph 2
}

// A model is part of a file.
func ExampleModel() {
	var b model.Builder
	for u := range 4 {
		b.Add(fmt.Sprint("user", u), "tent", 1, 1)
		b.Add(fmt.Sprint("user", u), "lamp", 1, 2)
	}
	m, err := graph.Trainer{}.Train(context.Background(), b.Build(), model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	m.Save(w)
	fmt.Println(w.Close(), file.Len() > 0)
	// Output: <nil> true
}
