package blend_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// Parts and weights are made together where there are none yet, and blended.
func Example() {
	var b model.Builder
	for u := range 60 { // tea drinkers and coffee drinkers, and all buy sugar
		for day, item := range [][]string{{"tea", "sugar", "cup"}, {"coffee", "sugar", "filter"}}[u%2] {
			if u < 40 || item != "filter" && item != "cup" {
				b.Add(fmt.Sprint("user", u), item, 1, int64(100*day+u))
			}
		}
	}
	data := b.Build()
	ctx := context.Background()
	trainers := []model.Trainer{popular.Trainer{}, itemknn.Trainer{}}
	parts, weights, _, err := blend.Fit(ctx, trainers, data, blend.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	blended, err := blend.New(parts, weights)
	if err != nil {
		log.Fatal(err)
	}
	coffee, _ := data.Items.Lookup("coffee")
	user := &model.User{History: []model.Event{{Item: coffee, Weight: 1, Time: 500}}, Now: 500}
	fresh := model.AllowFunc(func(item uint32) bool { return item != coffee })

	answer := blended.Answer(user)
	defer answer.Close()
	for _, s := range answer.Propose(nil, 2, fresh, model.Thorough) {
		why := answer.Explain(nil, s.Item, 1)[0]
		fmt.Println(data.Items.ID(s.Item), "by", why.Model)
	}
	// Output:
	// sugar by itemknn
	// filter by itemknn
}
