package ann_test

import (
	"context"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/ann"
)

func ExampleHNSW_Search() {
	ix, err := ann.NewHNSW(ann.Options{Dim: 2, Metric: ann.L2})
	if err != nil {
		fmt.Println(err)
		return
	}
	keys := []uint32{10, 20, 30, 40}
	vectors := []float32{0, 0, 1, 0, 0, 2, 5, 5}
	if err := ix.AddBatch(context.Background(), keys, vectors); err != nil {
		fmt.Println(err)
		return
	}
	best, err := ix.Search(nil, []float32{0, 0.5}, 2, ann.SearchOptions{Filter: roaring.BitmapOf(20, 30, 40)})
	fmt.Println(best, err)
	// Output: [{20 -1.25} {30 -2.25}] <nil>
}

func ExampleFlat() {
	ix, err := ann.NewFlat(2, ann.Cosine)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ix.Add(1, []float32{3, 4}), ix.Add(2, []float32{0, 0}))
	best, err := ix.Search(nil, []float32{6, 8}, 1, ann.SearchOptions{})
	fmt.Println(best, err)
	// Output:
	// <nil> ann: zero vector has no cosine
	// [{1 1}] <nil>
}
