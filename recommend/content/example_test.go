package content_test

import (
	"context"
	"fmt"
	"log"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
)

// lamps is a dataset of items that nobody has had to do with.
func lamps(more ...*catalog.Item) *model.Dataset {
	var b model.Builder
	for _, it := range append([]*catalog.Item{
		{ID: "desk lamp", Title: "Brass desk lamp", Brand: "Lux", Categories: []string{"Home > Lighting"}},
		{ID: "floor lamp", Title: "Brass floor lamp", Brand: "Lux", Categories: []string{"Home > Lighting"}},
		{ID: "bulb", Title: "Light bulb", Categories: []string{"Home > Lighting"}},
		{ID: "mug", Title: "Large mug", Categories: []string{"Home > Kitchen"}},
	}, more...) {
		b.AddItem(it)
	}
	return b.Build()
}

// somebody has bought the first of the lamps.
func somebody() *model.User { return &model.User{History: []model.Event{{Item: 0, Weight: 1}}} }

// What resembles a desk lamp, without anybody having bought two things.
func Example() {
	data := lamps()
	m, err := content.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	others := model.AllowFunc(func(item uint32) bool { return item != 0 })
	for _, s := range m.Propose(nil, somebody(), 2, others, model.Quick) {
		fmt.Println(data.Items.ID(s.Item))
	}
	// Output:
	// floor lamp
	// bulb
}

// A new item is taken in without training anew.
func ExampleModel_Extend() {
	ctx := context.Background()
	m, err := content.Trainer{}.Train(ctx, lamps(), model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	data := lamps(&catalog.Item{ID: "wall lamp", Title: "Brass wall lamp", Brand: "Lux", Categories: []string{"Home > Lighting"}})
	extended, err := m.(*content.Model).Extend(ctx, data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	wall, _ := data.Items.Lookup("wall lamp")
	before, after := []float32{0}, []float32{0}
	m.Score(before, somebody(), []uint32{wall})
	extended.Score(after, somebody(), []uint32{wall})
	fmt.Println(before[0], after[0] > 0)
	// Output: 0 true
}

// A reason is an item of the history.
func ExampleModel_Explain() {
	data := lamps()
	m, err := content.Trainer{}.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range m.(*content.Model).Explain(nil, somebody(), 1, 1) {
		fmt.Printf("%s because of the %s: %.0f %%\n", r.Model, data.Items.ID(r.Because), 100*r.Share)
	}
	// Output: content because of the desk lamp: 100 %
}
