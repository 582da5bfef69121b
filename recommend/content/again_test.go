package content_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
)

// kettles are items of ten sorts, ten of which have the same words but one.
func kettles(n int) (items []*catalog.Item) {
	for i := range n {
		items = append(items, &catalog.Item{ID: fmt.Sprint("item", i), Title: fmt.Sprintf("kettle sort%d number%d", i/10, i)})
	}
	return items
}

func dataOf(items []*catalog.Item) *model.Dataset {
	var b model.Builder
	for _, item := range items {
		b.AddItem(item)
	}
	return b.Build()
}

// again trains and counts the items that neighbours were looked for.
func again(t *testing.T, data *model.Dataset, previous model.Model) (m *content.Model, compared int) {
	t.Helper()
	got, err := content.Trainer{Neighbors: 12}.Train(t.Context(), data, model.TrainOptions{
		Previous: previous, Progress: func(done, _ int) { compared = done },
	})
	if err != nil {
		t.Fatal(err)
	}
	return got.(*content.Model), compared
}

func file(t *testing.T, m model.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	w := codec.NewWriter(&b)
	m.Save(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func likes(m model.Model, item uint32) (ids []uint32) {
	for _, s := range (shelf{Model: m}).all(like(item)) {
		ids = append(ids, s.Item)
	}
	return ids
}

func TestPreviousKeepsLists(t *testing.T) {
	t.Parallel()
	items := kettles(200)
	first, compared := again(t, dataOf(items), nil)
	if compared != 200 {
		t.Fatalf("compared %d items of 200", compared)
	}
	second, compared := again(t, dataOf(items), first)
	if compared != 0 || !bytes.Equal(file(t, first), file(t, second)) {
		t.Errorf("nothing is new, and %d items were compared", compared)
	}

	changed := slices.Clone(items)
	changed[7] = &catalog.Item{ID: "item7", Title: "kettle sort15 number7"}
	third, compared := again(t, dataOf(changed), first)
	if compared != 1 {
		t.Errorf("one text is another, and %d items were compared", compared)
	}
	if got := likes(third, 7); !slices.Contains(got[:10], 155) || slices.Contains(got[:10], 3) {
		t.Errorf("an item of another sort now is like %v", got)
	}
	if got := likes(third, 3); slices.Contains(got[:9], 7) {
		t.Errorf("an item that has another sort now is still like one of its old: %v", got)
	}
	if got := likes(third, 155); !slices.Contains(got[:10], 7) {
		t.Errorf("an item of another sort now is not found from one of those: %v", got)
	}

	come := kettles(210)
	fourth, compared := again(t, dataOf(come), third)
	if compared != 11 { // the ten, and item 7, which is as before again
		t.Errorf("ten items came and one changed, and %d were compared", compared)
	}
	if got := likes(fourth, 203); len(got) < 9 || slices.Min(got[:9]) < 200 {
		t.Errorf("an item that came is like %v", got)
	}

	gone := slices.Clone(come)
	for i := range 7 {
		gone[20+i] = &catalog.Item{ID: come[20+i].ID} // nothing known any more
	}
	fifth, _ := again(t, dataOf(gone), fourth)
	for i := range uint32(210) {
		if got := likes(fifth, i); slices.ContainsFunc(got, func(item uint32) bool { return item >= 20 && item < 27 }) {
			t.Fatalf("item %d is like one of which nothing is known: %v", i, got)
		}
	}
}

// TestStaleLists wants all compared again when much has changed, at once or little by little, and for another number of
// neighbours.
func TestStaleLists(t *testing.T) {
	t.Parallel()
	first, _ := again(t, dataOf(kettles(200)), nil)
	if _, compared := again(t, dataOf(kettles(230)), first); compared != 230 {
		t.Errorf("30 of 230 items came, and %d were compared", compared)
	}
	m, most := first, 0
	for n := 202; n <= 240; n += 2 {
		var compared int
		m, compared = again(t, dataOf(kettles(n)), m)
		if most = max(most, compared); compared != 2 && compared != n {
			t.Fatalf("two of %d items came, and %d were compared", n, compared)
		}
	}
	if most < 200 {
		t.Error("40 items came two by two, and the others were never compared again")
	}
	if _, compared := again(t, dataOf(kettles(100)), first); compared != 100 {
		t.Errorf("half of the items went, and %d of 100 were compared", compared)
	}
	compared := 0
	_, err := content.Trainer{Neighbors: 13}.Train(t.Context(), dataOf(kettles(200)), model.TrainOptions{
		Previous: first, Progress: func(done, _ int) { compared = done },
	})
	if err != nil || compared != 200 {
		t.Errorf("%v: for 13 neighbours in place of 12, %d of 200 were compared", err, compared)
	}
}

// TestLostNeighbours has items lose most of their lists.
func TestLostNeighbours(t *testing.T) {
	t.Parallel()
	var items []*catalog.Item
	for i := range 300 {
		items = append(items, &catalog.Item{ID: fmt.Sprint(i), Title: fmt.Sprint("sort", i/10)})
	}
	first, _ := again(t, dataOf(items), nil)
	for _, tt := range []struct{ change, compared int }{
		{4, 4},     // the other six have five of nine left
		{5, 5 + 5}, // the other five have four of nine left
	} {
		changed := slices.Clone(items)
		for i := range tt.change {
			changed[i] = &catalog.Item{ID: items[i].ID, Title: "something else"}
		}
		if _, compared := again(t, dataOf(changed), first); compared != tt.compared {
			t.Errorf("%d items changed, and %d were compared, want %d", tt.change, compared, tt.compared)
		}
	}
}

// TestPrints wants the smallest change of content noticed, and what is no change not.
func TestPrints(t *testing.T) {
	t.Parallel()
	items := kettles(40)
	for i, item := range items {
		item.Vector = []float32{1, float32(i)}
	}
	items[9].Vector = []float32{1, 2, 3} // of a dimension that is no use
	first, _ := again(t, dataOf(items), nil)
	useless := slices.Clone(items)
	useless[9] = &catalog.Item{ID: "item9", Title: items[9].Title, Vector: []float32{3, 2, 1}}
	if _, compared := again(t, dataOf(useless), first); compared != 0 {
		t.Errorf("a vector that is no use is another, and %d items were compared", compared)
	}
	for name, tt := range map[string]struct {
		item     catalog.Item
		compared int
	}{
		"as before":           {catalog.Item{Title: items[7].Title, Vector: []float32{1, 7}}, 0},
		"another case":        {catalog.Item{Title: "Kettle SORT0 number7!", Vector: []float32{1, 7}}, 0},
		"price and stock":     {catalog.Item{Title: items[7].Title, Vector: []float32{1, 7}, Stock: 3, Available: true}, 0},
		"a vector as long":    {catalog.Item{Title: items[7].Title, Vector: []float32{1, 7.5}}, 1},
		"no vector":           {catalog.Item{Title: items[7].Title}, 1},
		"a word twice":        {catalog.Item{Title: "kettle kettle sort0 number7", Vector: []float32{1, 7}}, 1},
		"from title to text":  {catalog.Item{Description: items[7].Title, Vector: []float32{1, 7}}, 1},
		"a word to attribute": {catalog.Item{Title: "kettle sort0", Attributes: map[string][]string{"n": {"number7"}}, Vector: []float32{1, 7}}, 1},
	} {
		changed := slices.Clone(items)
		tt.item.ID = "item7"
		changed[7] = &tt.item
		if _, compared := again(t, dataOf(changed), first); compared != tt.compared {
			t.Errorf("%s: %d items were compared, want %d", name, compared, tt.compared)
		}
	}
}

// TestColdStaysFound has an item that is in lists only because it must be, and others come that are nearer to each other.
func TestColdStaysFound(t *testing.T) {
	t.Parallel()
	teas := func(n int) *model.Dataset {
		items := []*catalog.Item{{ID: "cold", Title: "white tea"}}
		for i := range n {
			items = append(items, &catalog.Item{ID: fmt.Sprint(i), Title: "green tea sencha"})
		}
		return dataOf(items)
	}
	var m *content.Model
	for n := 120; n < 135; n += 5 {
		m, _ = again(t, teas(n), m)
		listed := 0
		for item := range uint32(n + 1) {
			if slices.Contains(likes(m, item), 0) {
				listed++
			}
		}
		if listed < 5 {
			t.Errorf("among %d others, an item is in %d lists", n, listed)
		}
	}
}
