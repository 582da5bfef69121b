package stage_test

import (
	"fmt"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/stage"
)

// A source of one's own: the last items of the catalogue, as far as they are allowed.
type latest struct{}

func (latest) Name() string { return "latest" }

func (latest) Propose(dst []stage.Candidate, q *stage.Query, n int) []stage.Candidate {
	for h := q.Catalog.Handles(); h > 0 && n > 0; h-- {
		if item := uint32(h - 1); q.Allows(item) {
			dst = append(dst, stage.Candidate{Item: item})
			n--
		}
	}
	return dst
}

func ExampleSource() {
	q := stage.Query{Catalog: shelf("tea", "mug", "pot"), N: 2, Allow: model.AllowFunc(func(item uint32) bool { return item != 1 })}
	for _, c := range (latest{}).Propose(nil, &q, q.N) {
		fmt.Println(q.Catalog.ID(c.Item))
	}
	// Output:
	// pot
	// tea
}

// A stage of one's own: the second best stands first. Fixed ones stay where they are.
type swapped struct{}

func (swapped) Apply(list []stage.Candidate, q *stage.Query) []stage.Candidate {
	if len(list) > 1 && !list[0].Fixed && !list[1].Fixed {
		list[0], list[1] = list[1], list[0]
		list[0].Score = list[1].Score // whoever sorts by score later leaves it there
	}
	return list
}

func ExampleStage() {
	q := stage.Query{Catalog: shelf("tea", "mug", "pot"), N: 2}
	page := swapped{}.Apply([]stage.Candidate{{Item: 0, Score: 3}, {Item: 1, Score: 2}, {Item: 2, Score: 1}}, &q)
	for _, c := range page[:q.N] {
		fmt.Println(q.Catalog.ID(c.Item), c.Score)
	}
	// Output:
	// mug 3
	// tea 3
}

// shelf is a catalogue of items that have a name and nothing else.
func shelf(ids ...string) *catalog.Catalog {
	c := catalog.New()
	for _, id := range ids {
		if _, err := c.Upsert(catalog.Item{ID: id, Available: true}); err != nil {
			panic(err)
		}
	}
	return c
}
