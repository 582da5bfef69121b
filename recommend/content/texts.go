package content

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
)

// termsMax is how many terms of an item count, those of the greatest weight.
const termsMax = 128

// weighted is a term of an item, or an item of a term, and its weight.
type weighted struct {
	id     uint32
	weight float32
}

// texts holds the TF-IDF vectors of all items, and the items of each term.
type texts struct {
	rows     [][]weighted // for each item its terms by id; of length 1, or empty
	postings [][]weighted // for each term its items, the greatest weight first, ties by handle
}

// newTexts weighs the terms of all items; bags are used up.
func newTexts(ctx context.Context, bags [][]counted, workers int) (*texts, error) {
	n := len(bags)
	ids, df := number(bags)
	t := &texts{rows: make([][]weighted, n)}
	err := parallel.For(ctx, workers, n, func(_, i int) {
		t.rows[i] = weigh(bags[i], ids[i], df, n)
		bags[i] = nil
	})
	if err != nil {
		return nil, err
	}
	t.post(len(df))
	err = parallel.For(ctx, workers, len(df), func(_, term int) {
		slices.SortFunc(t.postings[term], heavier)
	})
	return t, err
}

func heavier(a, b weighted) int {
	return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.id, b.id))
}

// number gives terms dense numbers in the order in which they first come, and counts the items that hold each.
func number(bags [][]counted) (ids [][]uint32, df []uint32) {
	numbers := map[term]uint32{}
	ids = make([][]uint32, len(bags))
	for i, bag := range bags {
		ids[i] = make([]uint32, len(bag))
		for j, c := range bag {
			id, ok := numbers[c.term]
			if !ok {
				id = uint32(len(df))
				numbers[c.term] = id
				df = append(df, 0)
			}
			df[id]++
			ids[i][j] = id
		}
	}
	return ids, df
}

// weigh makes an item's vector.
func weigh(bag []counted, ids, df []uint32, n int) []weighted {
	row := make([]weighted, len(bag))
	for i, c := range bag {
		idf := math.Log(1 + float64(n)/float64(df[ids[i]]))
		row[i] = weighted{ids[i], float32(math.Log1p(float64(c.count)) * idf)}
	}
	if len(row) > termsMax {
		slices.SortFunc(row, heavier)
		row = row[:termsMax:termsMax]
	}
	slices.SortFunc(row, func(a, b weighted) int { return cmp.Compare(a.id, b.id) })
	var square float64
	for _, w := range row {
		square += float64(w.weight) * float64(w.weight)
	}
	for i := range row {
		row[i].weight /= float32(math.Sqrt(square))
	}
	return row
}

// post turns the rows over. The lists share one array.
func (t *texts) post(terms int) {
	sizes, total := make([]int, terms), 0
	for _, row := range t.rows {
		total += len(row)
		for _, w := range row {
			sizes[w.id]++
		}
	}
	all := make([]weighted, total)
	t.postings = make([][]weighted, terms)
	for term, size := range sizes {
		t.postings[term], all = all[:0:size], all[size:]
	}
	for i, row := range t.rows {
		for _, w := range row {
			t.postings[w.id] = append(t.postings[w.id], weighted{uint32(i), w.weight})
		}
	}
}

// has reports whether the item has any text.
func (t *texts) has(item uint32) bool { return len(t.rows[item]) > 0 }
