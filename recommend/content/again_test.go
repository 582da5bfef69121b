package content_test

import (
	"bytes"
	"context"
	"errors"
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

// TestGoneWhileStored has items go between saving and loading, which counts as change.
func TestGoneWhileStored(t *testing.T) {
	t.Parallel()
	m, _ := again(t, dataOf(kettles(200)), nil)
	for _, gone := range []int{10, 30} {
		at := make([]uint32, 200)
		for i := range at {
			at[i] = uint32(i - gone)
			if i < gone {
				at[i] = model.NoItem
			}
		}
		r, err := codec.NewReader(bytes.NewReader(file(t, m)))
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := content.Trainer{}.Load(r, at)
		if err != nil {
			t.Fatal(err)
		}
		_, compared := again(t, dataOf(kettles(200)[gone:]), loaded)
		if all := compared == 200-gone; all != (gone == 30) {
			t.Errorf("%d of 200 items went, and %d were compared", gone, compared)
		}
	}
}

// TestUnsound has files whose sums are right and whose numbers do not fit.
func TestUnsound(t *testing.T) {
	t.Parallel()
	type stored struct {
		k       uint32
		prints  []uint64
		offsets []uint64
		near    []uint32
		similar []float32
	}
	good := func() stored {
		return stored{5, []uint64{1, 2, 3, 0}, []uint64{0, 1, 2, 2, 2}, []uint32{1, 0}, []float32{0.5, 1}}
	}
	for name, spoil := range map[string]func(s *stored){
		"":                         func(*stored) {},
		"no neighbours wanted":     func(s *stored) { s.k = 0 },
		"too many wanted":          func(s *stored) { s.k = 1001 },
		"more items than known":    func(s *stored) { s.prints = append(s.prints, 0); s.offsets = append(s.offsets, 2) },
		"an offset too few":        func(s *stored) { s.offsets = s.offsets[:4] },
		"no offsets":               func(s *stored) { s.prints, s.offsets = nil, nil },
		"begins late":              func(s *stored) { s.offsets[0] = 1 },
		"ends late":                func(s *stored) { s.offsets[4] = 3 },
		"ends early":               func(s *stored) { s.offsets = []uint64{0, 1, 1, 1, 1} },
		"goes back":                func(s *stored) { s.offsets[1], s.offsets[2] = 2, 1 },
		"goes beyond":              func(s *stored) { s.offsets[1] = 1 << 60 },
		"a score too few":          func(s *stored) { s.similar = s.similar[:1] },
		"a neighbour out of range": func(s *stored) { s.near[0] = 4 },
		"a neighbour of no print":  func(s *stored) { s.near[0] = 3 },
		"a score of 0":             func(s *stored) { s.similar[0] = 0 },
		"a score above 1":          func(s *stored) { s.similar[0] = 1.5 },
	} {
		s := good()
		spoil(&s)
		var b bytes.Buffer
		w := codec.NewWriter(&b)
		w.Section(content.Name, 1)
		for _, v := range []uint32{s.k, 3, 0} {
			w.Uint32(v)
		}
		w.Uint64s(s.prints)
		w.Uint64s(s.offsets)
		w.Uint32s(s.near)
		w.Float32s(s.similar)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := codec.NewReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		_, err = content.Trainer{}.Load(r, []uint32{0, 1, 2, 3})
		if (err == nil) != (name == "") || err != nil && !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExtend(t *testing.T) {
	t.Parallel()
	m, _ := again(t, dataOf(kettles(200)), nil)
	same, err := m.Extend(t.Context(), dataOf(kettles(200)), model.TrainOptions{})
	if err != nil || same != model.Model(m) {
		t.Errorf("with nothing new, a new model: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Extend(ctx, dataOf(kettles(200)), model.TrainOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled, with nothing new: %v", err)
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

// TestExtendWithNearer has items come that are nearer to one than all that are in its list.
func TestExtendWithNearer(t *testing.T) {
	t.Parallel()
	items := kettles(200)
	m, _ := again(t, dataOf(items), nil)
	before := likes(m, 5)
	for i := range 60 {
		items = append(items, &catalog.Item{ID: fmt.Sprint("new", i), Title: fmt.Sprint(items[5].Title, " extra", i)})
	}
	more, err := m.Extend(t.Context(), dataOf(items), model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	after := likes(more, 5)
	for _, item := range before {
		if !slices.Contains(after, item) {
			t.Errorf("item %d fell out of a list", item)
		}
	}
	if len(after) <= len(before) || after[0] < 200 {
		t.Errorf("of those that came, none is in the list %v", after)
	}
	if _, compared := again(t, dataOf(items), more); compared != 260 {
		t.Errorf("trained after 60 of 260 items came, %d were compared", compared)
	}
}

// TestExtendBySome has data of fewer items than the model knows, one of which it did not know.
func TestExtendBySome(t *testing.T) {
	t.Parallel()
	items := kettles(200)
	unknown := slices.Clone(items)
	unknown[7] = &catalog.Item{ID: "item7"}
	m, _ := again(t, dataOf(unknown), nil)
	more, err := m.Extend(t.Context(), dataOf(items[:100]), model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := likes(more, 7); len(got) == 0 || len(likes(more, 150)) == 0 {
		t.Errorf("the item that the model did not know is like %v", got)
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
