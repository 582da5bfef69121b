package als_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/model"
)

// Those who drink tea and those who drink coffee, and a stranger who has just bought a teapot.
func Example() {
	var b model.Builder
	for u := range 30 {
		for i, item := range [][]string{{"teapot", "green tea", "black tea"}, {"grinder", "espresso", "filter"}}[u%2] {
			if (u/2+i)%3 != 0 { // everybody lacks something
				b.Add(fmt.Sprint("user", u), item, 1, int64(i))
			}
		}
	}
	teapot, data := b.Item("teapot"), b.Build()

	m, err := als.Trainer{Factors: 2}.Train(context.Background(), data, model.TrainOptions{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	stranger := &model.User{History: []model.Event{{Item: teapot, Weight: 1}}}
	others := model.AllowFunc(func(item uint32) bool { return item != teapot })
	for _, c := range m.Propose(nil, stranger, 2, others, model.Thorough) {
		fmt.Println(data.Items.ID(c.Item))
	}
	// Unordered output:
	// green tea
	// black tea
}

// A user's vector is kept beside the history, and follows it from event to event.
func ExampleModel_Follow() {
	var b model.Builder
	for u := range 20 {
		b.Add(fmt.Sprint(u), fmt.Sprint("item", u%5), 1, 1)
		b.Add(fmt.Sprint(u), fmt.Sprint("item", (u+1)%5), 1, 2)
	}
	data := b.Build()
	trained, err := als.Trainer{Factors: 3}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := trained.(*als.Model)
	history := data.History(7)
	user := &model.User{History: history, Vector: m.Embed(nil, history[:1], data.Now)}
	m.Follow(user.Vector, history, data.Now)

	followed, anew := []float32{0}, []float32{0}
	m.Score(followed, user, []uint32{2})
	m.Score(anew, &model.User{History: history}, []uint32{2})
	fmt.Printf("%.4f\n", followed[0]-anew[0])
	// Output: 0.0000
}

// Vectors can be had for use elsewhere, for instance in a vector database.
func ExampleModel_Vectors() {
	var b model.Builder
	for u := range 10 {
		b.Add(fmt.Sprint(u), "tea", 1, 1)
		b.Add(fmt.Sprint(u), "pot", 1, 2)
	}
	b.Item("dust") // which nobody has
	data := b.Build()
	m, err := als.Trainer{Factors: 2}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for item, vector := range m.(*als.Model).Vectors() {
		fmt.Println(data.Items.ID(item), len(vector))
	}
	// Output:
	// tea 2
	// pot 2
}

// A file knows items by the handles that they had; Load is told which they have now.
func ExampleTrainer_Load() {
	var b model.Builder
	for u := range 10 {
		b.Add(fmt.Sprint(u), "tea", 1, 1)
		b.Add(fmt.Sprint(u), "pot", 1, 2)
	}
	m, err := als.Trainer{Factors: 2}.Train(context.Background(), b.Build(), model.TrainOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	m.Save(w)
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	loaded, err := als.Trainer{}.Load(r, []uint32{41, model.NoItem}) // tea is 41 now, and there is no pot any more
	if err != nil {
		fmt.Println(err)
		return
	}
	user := &model.User{History: []model.Event{{Item: 41, Weight: 1}}}
	for _, c := range loaded.Propose(nil, user, 5, nil, model.Thorough) {
		fmt.Println(c.Item)
	}
	// Output: 41
}
