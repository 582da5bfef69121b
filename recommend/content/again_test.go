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

// TestLostNeighbours has an item lose most of its list.
func TestLostNeighbours(t *testing.T) {
	t.Parallel()
	items := kettles(300)
	first, _ := again(t, dataOf(items), nil)
	changed := slices.Clone(items)
	for i := 1; i < 10; i++ {
		changed[i] = &catalog.Item{ID: items[i].ID, Title: "something else"}
	}
	// Lists have 12 to 24 items: those of the sort and some of the other kettles, which are all alike.
	m, compared := again(t, dataOf(changed), first)
	if compared < 9 {
		t.Fatalf("nine items changed, and %d were compared", compared)
	}
	if got := likes(m, 0); len(got) < 12 {
		t.Errorf("an item that lost its neighbours is like %v", got)
	}
}

func TestExtend(t *testing.T) {
	t.Parallel()
	m, _ := again(t, dataOf(kettles(200)), nil)
	same, err := m.Extend(t.Context(), dataOf(kettles(200)), model.TrainOptions{})
	if err != nil || same != model.Model(m) {
		t.Errorf("with nothing new, a new model: %v", err)
	}
	compared := 0
	data := dataOf(append(kettles(203), kettles(213)[204:]...)) // one is skipped, so that handles move by one
	more, err := m.Extend(t.Context(), data, model.TrainOptions{Progress: func(done, _ int) { compared = done }})
	if err != nil || compared != 12 {
		t.Fatalf("%v: 12 items came, and %d were compared", err, compared)
	}
	for item := uint32(200); item < 212; item++ {
		if got := likes(more, item); len(got) == 0 || (item/10 == 20) != (got[0]/10 == 20) && item != 209 && got[0] != 209 {
			t.Errorf("item %d, which came, is like %v", item, got)
		}
		listed := 0
		for other := range uint32(212) {
			if slices.Contains(likes(more, other), item) {
				listed++
			}
		}
		if listed < 5 {
			t.Errorf("item %d, which came, is found from %d others", item, listed)
		}
	}
	for i := range uint32(200) {
		u := like(i, (i+50)%200)
		want, got := make([]float32, 200), make([]float32, 200)
		all := make([]uint32, 200)
		for j := range all {
			all[j] = uint32(j)
		}
		m.Score(want, u, all)
		if more.Score(got, u, all); !slices.Equal(want, got) {
			t.Fatalf("extended, item %d makes others score otherwise", i)
		}
	}
	// The next training finds everything known, and what it does not look at again is as large as any.
	whole, compared := again(t, data, more)
	if compared != 0 {
		t.Errorf("trained after an extension, %d items were compared", compared)
	}
	if n := len(file(t, whole)); n > 213*(12*4*8+16)+1000 {
		t.Errorf("a file of %d bytes", n)
	}
}

// TestExtendedOften bounds the lists of a model that is extended again and again.
func TestExtendedOften(t *testing.T) {
	t.Parallel()
	var m model.Model
	m, _ = again(t, dataOf(kettles(20)), nil)
	for n := 30; n <= 400; n += 10 {
		var err error
		if m, err = m.(model.Extender).Extend(t.Context(), dataOf(kettles(n)), model.TrainOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	most := 0
	for i := range uint32(400) {
		most = max(most, len(likes(m, i)))
	}
	if most > 4*12+20 { // 4k, and those that must be in five lists
		t.Errorf("a list of %d items", most)
	}
}

// TestNoContent wants a model that says nothing, at once, of data that has no content.
func TestNoContent(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i := range 100 {
		b.Add("ann", fmt.Sprint(i), 1, int64(i))
	}
	data := b.Build()
	m, compared := again(t, data, nil)
	u := &model.User{History: data.History(0)}
	if got := (shelf{Model: m}).all(u); compared != 0 || len(got) > 0 || m.Scale(u) != 0 {
		t.Errorf("compared %d items, proposes %v, has the scale %v", compared, got, m.Scale(u))
	}
	if n := len(file(t, m)); n > 100 {
		t.Errorf("a file of %d bytes", n)
	}
	more, err := m.Extend(t.Context(), dataOf(kettles(20)), model.TrainOptions{})
	if err != nil || len(likes(more, 3)) == 0 {
		t.Errorf("content that came later: %v, %v", likes(more, 3), err)
	}
}

func BenchmarkExtend(b *testing.B) {
	const known, come = 20_000, 100
	var few, all model.Builder
	rows := shop(known+come, 50, false)
	for i := range uint32(known + come) {
		if all.AddItem(rows.Content(i)); i < known {
			few.AddItem(rows.Content(i))
		}
	}
	data := all.Build()
	m, err := content.Trainer{}.Train(b.Context(), few.Build(), model.TrainOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.(model.Extender).Extend(b.Context(), data, model.TrainOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
