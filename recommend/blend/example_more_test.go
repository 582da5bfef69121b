package blend_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// drinkers is what tea drinkers and coffee drinkers bought.
func drinkers() *model.Dataset {
	var b model.Builder
	for u := range 60 {
		for day, item := range [][]string{{"tea", "sugar", "cup"}, {"coffee", "sugar", "filter"}}[u%2] {
			b.Add(fmt.Sprint("user-", u), item, 1, int64(100*day+u))
		}
	}
	return b.Build()
}

// parts trains two models.
func parts(data *model.Dataset) []model.Model {
	var made []model.Model
	for _, t := range []model.Trainer{popular.Trainer{}, itemknn.Trainer{}} {
		m, err := t.Train(context.Background(), data, model.TrainOptions{})
		if err != nil {
			log.Fatal(err)
		}
		made = append(made, m)
	}
	return made
}

// halves are weights that were not learned: one part counts like the other, however long a history is.
func halves() *blend.Weights {
	w := &blend.Weights{Parts: []string{"popular", "itemknn"}, Items: 5}
	for class := range w.ByClass {
		w.ByClass[class] = []float32{0.5, 0.5}
	}
	return w
}

// drinker is somebody who bought an item.
func drinker(data *model.Dataset, item string) *model.User {
	handle, _ := data.Items.Lookup(item)
	return &model.User{History: []model.Event{{Item: handle, Weight: 1, Time: 500}}, Now: 500}
}

// Models that are there, and weights that somebody chose.
func ExampleNew() {
	data := drinkers()
	mixed, err := blend.New(parts(data), halves())
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range mixed.Propose(nil, drinker(data, "tea"), 2, nil, model.Thorough) {
		fmt.Println(data.Items.ID(s.Item))
	}
	// Output:
	// sugar
	// cup
}

// Some of the parts, with the same weights: as a policy that names them has it.
func ExampleBlend_Select() {
	data := drinkers()
	mixed, err := blend.New(parts(data), halves())
	if err != nil {
		log.Fatal(err)
	}
	tea, _ := data.Items.Lookup("tea")
	others := model.AllowFunc(func(item uint32) bool { return item != tea })
	for _, part := range []string{"popular", "itemknn"} {
		first := mixed.Select([]string{part}).Propose(nil, drinker(data, "tea"), 2, others, model.Thorough)[0]
		fmt.Println(part, data.Items.ID(first.Item))
	}
	// Output:
	// popular sugar
	// itemknn cup
}

// What each part adds to a score.
func ExampleAnswer_Shares() {
	data := drinkers()
	mixed, err := blend.New(parts(data), halves())
	if err != nil {
		log.Fatal(err)
	}
	answer := mixed.Answer(drinker(data, "tea"))
	defer answer.Close()
	cup, _ := data.Items.Lookup("cup")
	var score [1]float32
	answer.Score(score[:], []uint32{cup})
	shares := answer.Shares(nil, cup)
	fmt.Println(len(shares), score[0]-shares[0]-shares[1] < 1e-6)
	// Output: 2 true
}

// Parts and weights where there are no models yet; what learning found out is in the report.
func ExampleFit() {
	trainers := []model.Trainer{popular.Trainer{}, itemknn.Trainer{}}
	made, weights, report, err := blend.Fit(context.Background(), trainers, drinkers(), blend.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(made), weights.Parts, len(report.Alone))
	// Output: 2 [popular itemknn] 2
}

// Models in service, and what users did after what those were trained on: here each of the coffee drinkers came to the filter.
func ExampleLearn() {
	data := drinkers()
	early := data.Before(func(_ uint32, history []model.Event) int { return len(history) - 1 })
	var truth []blend.Withheld
	for u := range uint32(data.UserCount()) {
		history := data.History(u)
		last := len(history) - 1
		truth = append(truth, blend.Withheld{User: u, Items: blend.Liked(history[:last], history[last:])})
	}
	weights, report, err := blend.Learn(context.Background(), parts(early), early, truth, blend.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Examples >= 60, weights.Of("popular", 2)+weights.Of("itemknn", 2))
	// Output: true 1
}

// What a user turned to: what speaks for itself and is new.
func ExampleLiked() {
	early := []model.Event{{Item: 1, Weight: 1}}
	late := []model.Event{{Item: 1, Weight: 1}, {Item: 2, Weight: 3}, {Item: 3, Weight: -1}}
	fmt.Println(blend.Liked(early, late))
	// Output: [2]
}

// Weights are kept beside the models, in a section of their own.
func ExampleLoad() {
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	halves().Save(w)
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	weights, err := blend.Load(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(weights.Parts, weights.Of("itemknn", 3), weights.Of("als", 3), r.Close())
	// Output: [popular itemknn] 0.5 0 <nil>
}
