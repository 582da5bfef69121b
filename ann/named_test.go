package ann_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/goldrec/gold/ann"
	"github.com/google/go-cmp/cmp"
)

func TestNamed(t *testing.T) {
	flat, err := ann.NewFlat(2, ann.L2)
	if err != nil {
		t.Fatal(err)
	}
	n, err := ann.NewNamed(flat)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.AddBatch(t.Context(), []string{"tea", "pot", "cup"}, []float32{1, 0, 2, 0, 3, 0}); err != nil {
		t.Fatal(err)
	}
	find := func(allow func(string) bool) []ann.NamedResult {
		t.Helper()
		none := ann.FilterFunc(func(uint32) bool { return false }) // is not looked at
		got, err := n.Search(nil, []float32{0, 0}, 2, allow, ann.SearchOptions{Filter: none})
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
	if got, ok := flat.Vector(nil, 0); !ok || got[1] != 1 {
		t.Errorf("number 0 has %v: the number of what was deleted is not taken again", got)
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
	if err := n.AddBatch(ctx, []string{"late"}, []float32{1, 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("stored under a context that was done: %v", err)
	}
	if err := n.Add("next", []float32{5, 5}); err != nil {
		t.Fatal(err)
	}
	if _, ok := flat.Vector(nil, 3); !ok || n.Delete("late") {
		t.Error("what was not stored keeps its number")
	}
}

// An index with vectors has no names for them, however it came by them.
func TestNamedNotEmpty(t *testing.T) {
	t.Parallel()
	h, err := ann.NewHNSW(ann.Options{Dim: 2})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "index")
	if err := errors.Join(h.Add(7, []float32{1, 2}), h.Save(path)); err != nil {
		t.Fatal(err)
	}
	loaded, err := ann.Load(path, ann.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := ann.NewNamed(loaded); !errors.Is(err, ann.ErrNotEmpty) || n != nil {
		t.Errorf("error %v, want ErrNotEmpty", err)
	}
	loaded.Delete(7)
	if _, err := ann.NewNamed(loaded); err != nil {
		t.Errorf("emptied again: %v", err)
	}
}
