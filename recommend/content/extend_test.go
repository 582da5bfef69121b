package content_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
)

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
