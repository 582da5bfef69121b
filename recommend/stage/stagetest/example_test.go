package stagetest_test

import (
	"fmt"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/recommend/stage/stagetest"
)

// A stage over the catalogue of the suite. Its test is one call:
//
//	func TestStage(t *testing.T) {
//		stagetest.Run(t, func() stage.Stage { return &stage.Cap{Field: "brand"} })
//	}
func Example() {
	q := stage.Query{Catalog: stagetest.Catalog(), N: 2}
	list := []stage.Candidate{{Item: 1, Score: 3}, {Item: 7, Score: 2}, {Item: 3, Score: 1}}
	for _, c := range (&stage.Cap{Field: "brand"}).Apply(list, &q)[:q.N] {
		fmt.Println(q.Catalog.ID(c.Item), q.Catalog.Item(c.Item).Brand)
	}
	// Output:
	// item1 Acme
	// item3 Bolt
}

func ExampleCatalog() {
	cat := stagetest.Catalog()
	brands, err := cat.Facets("brand", catalog.Available())
	fmt.Println(cat.Len() == stagetest.Items, len(brands), err)
	// Output: true 3 <nil>
}
