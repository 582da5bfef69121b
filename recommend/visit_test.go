package recommend_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/session"
)

// TestVisitors wants visitors of whom nothing is known answered by what they have just clicked on, whether it was recorded or is
// said with the request, in its order; and visits to count that have ended since the training.
func TestVisitors(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{Trainers: []model.Trainer{session.Trainer{}}, PageTTL: -1})
	visit := func(user, name string, items ...string) {
		for _, item := range items {
			in := click(user, item)
			in.Session = name
			record(t, eng, in)
		}
	}
	for n := range 20 {
		visit(fmt.Sprint("shopper", n), "a", "tent", "mat")
		visit(fmt.Sprint("shopper", n), "b", "pot", "lid")
	}
	train(t, eng)
	for _, tt := range []struct {
		clicks []string
		want   []string
	}{
		{[]string{"tent"}, []string{"mat"}}, {[]string{"pot"}, []string{"lid"}},
		{[]string{"tent", "pot"}, []string{"lid", "mat"}}, {[]string{"pot", "tent"}, []string{"mat", "lid"}},
	} {
		if got := items(ask(t, eng, recommend.Request{Seeds: tt.clicks, Model: "session"})); !begins(got, tt.want) {
			t.Errorf("after %v, said with the request, %v; want %v", tt.clicks, got, tt.want)
		}
		user := fmt.Sprint("visitor after ", tt.clicks)
		visit(user, "today", tt.clicks...)
		if got := items(ask(t, eng, recommend.Request{User: user, Session: "today", Model: "session"})); !begins(got, tt.want) {
			t.Errorf("after %v, recorded, %v; want %v", tt.clicks, got, tt.want)
		}
	}
	ids := eng.Catalog().IDs()
	tent, _ := ids.Lookup("tent")
	pot, _ := ids.Lookup("pot")
	m, ok := eng.Part("session")
	if !ok {
		t.Fatal("no part of that name")
	}
	for range 100 {
		m.(*session.Model).Add([]uint32{tent, pot})
	}
	if got := items(ask(t, eng, recommend.Request{Seeds: []string{"tent"}, Model: "session"})); len(got) == 0 || got[0] != "pot" {
		t.Errorf("after a hundred visits that went from tent to pot, %v", got)
	}
}

// begins reports whether a page, which fillers may make longer, begins with the items.
func begins(page, items []string) bool {
	return len(page) >= len(items) && slices.Equal(page[:len(items)], items)
}
