package session_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/session"
)

// Visits of others, and what a stranger who looked at a tent is likely to want.
func Example() {
	var b model.Builder
	for n, visit := range [][]string{{"tent", "stove", "lamp"}, {"kettle", "mug"}, {"mat", "tent", "stove"}, {"mug", "tea"}} {
		for _, id := range visit {
			b.Add(fmt.Sprint("visitor-", n), id, 1, int64(n))
		}
	}
	tent, data := b.Item("tent"), b.Build()
	m, err := session.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	visit := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	others := model.AllowFunc(func(item uint32) bool { return item != tent })
	for _, c := range m.Propose(nil, visit, 2, others, model.Quick) {
		fmt.Println(data.Items.ID(c.Item))
	}
	// Output:
	// stove
	// lamp
}

// Fewer neighbours, and what is in the visit already counts half.
func ExampleTrainer() {
	var b model.Builder
	for n, visit := range [][]string{{"tent", "stove"}, {"tent", "lamp"}, {"tent", "lamp"}} {
		for _, id := range visit {
			b.Add(fmt.Sprint("visitor-", n), id, 1, int64(n))
		}
	}
	tent, data := b.Item("tent"), b.Build()
	m, err := session.Trainer{Neighbors: 50, Repeat: 0.5}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	visit := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	for _, c := range m.Propose(nil, visit, 3, nil, model.Quick) {
		fmt.Println(data.Items.ID(c.Item))
	}
	// Output:
	// lamp
	// stove
	// tent
}

// A visit that has just ended counts for the next visitor.
func ExampleModel_Add() {
	var b model.Builder
	tent, stove, data := b.Item("tent"), b.Item("stove"), b.Build()
	trained, err := session.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	m := trained.(*session.Model)
	m.Add([]uint32{tent, stove})
	visit := &model.User{History: []model.Event{{Item: tent, Weight: 1}}}
	for _, c := range m.Propose(nil, visit, 2, nil, model.Quick) {
		fmt.Println(data.Items.ID(c.Item))
	}
	fmt.Println(m.Len(), "visit")
	// Output:
	// stove
	// tent
	// 1 visit
}
