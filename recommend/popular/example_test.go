package popular_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// trained is a model made of events of one user each.
func trained(t popular.Trainer, events map[string][]int) (model.Model, *model.Dataset) {
	var b model.Builder
	for _, item := range []string{"tea", "mug"} {
		for i, day := range events[item] {
			b.Add(fmt.Sprint(item, "-user-", i), item, 1, int64(day)*24*3600)
		}
	}
	data := b.Build()
	m, err := t.Train(context.Background(), data, model.TrainOptions{})
	if err != nil {
		log.Fatal(err)
	}
	return m, data
}

// What three people bought today comes before what four bought two months ago.
func Example() {
	m, data := trained(popular.Trainer{}, map[string][]int{"tea": {0, 0, 0, 0}, "mug": {60, 60, 60}})
	for _, s := range m.Propose(nil, &model.User{}, 2, nil, model.Quick) {
		fmt.Printf("%s %.2f\n", data.Items.ID(s.Item), s.Score)
	}
	// Output:
	// mug 1.00
	// tea 0.33
}

// Where events do not age, four are more than three.
func ExampleTrainer_Train() {
	m, data := trained(popular.Trainer{HalfLifeDays: math.Inf(1)}, map[string][]int{"tea": {0, 0, 0, 0}, "mug": {60, 60, 60}})
	for _, s := range m.Propose(nil, &model.User{}, 1, nil, model.Quick) {
		fmt.Println(data.Items.ID(s.Item))
	}
	// Output: tea
}

// A model scores items for a blend, the same for everybody.
func ExampleModel_Score() {
	m, data := trained(popular.Trainer{}, map[string][]int{"tea": {0, 0}, "mug": {0}})
	tea, _ := data.Items.Lookup("tea")
	mug, _ := data.Items.Lookup("mug")
	scores := make([]float32, 2)
	m.Score(scores, &model.User{}, []uint32{mug, tea})
	fmt.Printf("%.1f, standard deviation %.2f\n", scores, m.(*popular.Model).Scale(&model.User{}))
	// Output: [0.5 1.0], standard deviation 0.25
}
