package ann_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/codec"
)

// square is an index of the corners of a square, under the keys 1 to 4.
func square() *ann.HNSW {
	ix, err := ann.NewHNSW(ann.Options{Dim: 2, Metric: ann.L2})
	if err != nil {
		log.Fatal(err)
	}
	if err := ix.AddBatch(context.Background(), []uint32{1, 2, 3, 4}, []float32{0, 0, 0, 1, 1, 0, 1, 1}); err != nil {
		log.Fatal(err)
	}
	return ix
}

// nearest prints the key of the vector nearest to a point.
func nearest(ix ann.Index, x, y float32) {
	best, err := ix.Search(nil, []float32{x, y}, 1, ann.SearchOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(best[0].Key)
}

// Vectors are stored under keys, and a query is answered with the best of them.
func Example() {
	ix, err := ann.NewHNSW(ann.Options{Dim: 3, Metric: ann.Cosine})
	if err != nil {
		log.Fatal(err)
	}
	for key, vector := range [][]float32{{1, 0, 0}, {0, 1, 0}, {1, 1, 0}} {
		if err := ix.Add(uint32(key), vector); err != nil {
			log.Fatal(err)
		}
	}
	best, err := ix.Search(nil, []float32{2, 0.1, 0}, 2, ann.SearchOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range best {
		fmt.Printf("%d %.2f\n", r.Key, r.Score)
	}
	// Output:
	// 0 1.00
	// 2 0.74
}

// The exact index, against which another one is measured.
func ExampleNewFlat() {
	ix, err := ann.NewFlat(2, ann.InnerProduct)
	if err != nil {
		log.Fatal(err)
	}
	if err := ix.AddBatch(context.Background(), []uint32{7, 8}, []float32{1, 1, 3, 0}); err != nil {
		log.Fatal(err)
	}
	best, err := ix.Search(nil, []float32{1, 1}, 5, ann.SearchOptions{})
	fmt.Println(best, err) // fewer than five, since there are no more
	// Output: [{8 3} {7 2}] <nil>
}

// An index of a hundred thousand vectors that keeps short codes of them instead of the vectors.
func ExampleNewHNSW() {
	ix, err := ann.NewHNSW(ann.Options{Dim: 64, Metric: ann.InnerProduct, Storage: ann.Quantized, Capacity: 100_000})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ix.Len(), ix.Dim(), ix.Metric())
	_, err = ann.NewHNSW(ann.Options{}) // Dim must be set
	fmt.Println(errors.Is(err, ann.ErrOptions))
	// Output:
	// 0 64 ip
	// true
}

// An index is saved to a file, in whole or not at all, and read again.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "ann")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "square.ann")
	if err := square().Save(path); err != nil {
		log.Fatal(err)
	}
	ix, err := ann.Load(path, ann.Options{})
	if err != nil {
		log.Fatal(err)
	}
	nearest(ix, 0.9, 0.8)
	// Output: 4
}

// The same through any writer and reader.
func ExampleReadHNSW() {
	var buf bytes.Buffer
	if _, err := square().WriteTo(&buf); err != nil {
		log.Fatal(err)
	}
	ix, err := ann.ReadHNSW(&buf, ann.Options{Workers: 1})
	if err != nil {
		log.Fatal(err)
	}
	nearest(ix, 0.2, 0.9)
	// Output: 2
}

// An index is one section of a larger file, and its vectors come under other keys than they had.
func ExampleLoadSection() {
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	square().SaveSection(w)
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	ix, err := ann.LoadSection(r, ann.Options{}, func(key uint32) (uint32, bool) { return 10 * key, key != 4 })
	if err := errors.Join(err, r.Close()); err != nil {
		log.Fatal(err)
	}
	nearest(ix, 0.9, 0.8) // 4 was nearest, and is gone
	// Output: 30
}

// What Add has returned from is there when the directory is opened again.
func ExampleOpenDurable() {
	dir, err := os.MkdirTemp("", "ann")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for range 2 {
		ix, err := ann.OpenDurable(dir, ann.Options{Dim: 2, Metric: ann.L2})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ix.Len())
		if err := ix.Add(7, []float32{1, 2}); err != nil {
			log.Fatal(err)
		}
		if err := ix.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 0
	// 1
}

// Names in place of numbers.
func ExampleNewNamed() {
	flat, err := ann.NewFlat(2, ann.Cosine)
	if err != nil {
		log.Fatal(err)
	}
	ix, err := ann.NewNamed(flat)
	if err != nil {
		log.Fatal(err)
	}
	if err := ix.AddBatch(context.Background(), []string{"tea", "mug", "ball"}, []float32{1, 0, 1, 0.2, 0, 1}); err != nil {
		log.Fatal(err)
	}
	notTea := func(name string) bool { return name != "tea" }
	best, err := ix.Search(nil, []float32{1, 0}, 1, notTea, ann.SearchOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(best[0].Name)
	// Output: mug
}

// A filter by a rule. A bitmap of the keys is quicker, since an index can walk through it.
func ExampleFilterFunc() {
	odd := ann.FilterFunc(func(key uint32) bool { return key%2 == 1 })
	best, err := square().Search(nil, []float32{0.9, 0.8}, 1, ann.SearchOptions{Filter: odd})
	fmt.Println(best[0].Key, err)
	// Output: 3 <nil>
}

// A vector of the wrong length says both lengths.
func ExampleDimensionError() {
	err := square().Add(5, []float32{1, 2, 3})
	if wrong, ok := errors.AsType[*ann.DimensionError](err); ok {
		fmt.Println(wrong.Got, wrong.Want)
	}
	// Output: 3 2
}

// A copy is changed while searches go on in the index that it came from.
func ExampleHNSW_Clone() {
	ix := square()
	next := ix.Clone()
	fmt.Println(next.Delete(1), next.Len(), ix.Len())
	// Output: true 3 4
}
