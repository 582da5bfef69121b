package ann_test

import (
	"context"
	"errors"
	"testing"

	"github.com/goldrec/gold/ann"
	"github.com/google/go-cmp/cmp"
)

func TestNamed(t *testing.T) {
	flat, err := ann.NewFlat(2, ann.L2)
	if err != nil {
		t.Fatal(err)
	}
	n := ann.NewNamed(flat)
	if err := n.AddBatch(t.Context(), []string{"tea", "pot", "cup"}, []float32{1, 0, 2, 0, 3, 0}); err != nil {
		t.Fatal(err)
	}
	find := func(allow func(string) bool) []ann.NamedResult {
		t.Helper()
		got, err := n.Search(nil, []float32{0, 0}, 2, allow, ann.SearchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if diff := cmp.Diff([]ann.NamedResult{{Name: "tea", Score: -1}, {Name: "pot", Score: -4}}, find(nil)); diff != "" {
		t.Error(diff)
	}
	if !n.Delete("tea") || n.Delete("tea") {
		t.Error("tea is deleted once")
	}
	if err := n.Add("jug", []float32{0, 1}); err != nil { // takes tea's number
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ann.NamedResult{{Name: "jug", Score: -1}, {Name: "cup", Score: -9}}, find(func(name string) bool { return name != "pot" })); diff != "" {
		t.Error(diff)
	}
	if _, ok := errors.AsType[*ann.DimensionError](n.Add("bad", nil)); !ok || n.Len() != 3 {
		t.Errorf("a bad vector was taken, Len %d", n.Len())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Add("late", nil); err == nil {
		t.Error("no vector")
	}
	if err := n.AddBatch(ctx, []string{"late"}, []float32{1, 1}); !errors.Is(err, context.Canceled) || n.Delete("late") {
		t.Errorf("stored under a context that was done: %v", err)
	}
}
