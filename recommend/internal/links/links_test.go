package links_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// plain is a voice of summed weights.
func plain(dst []sparse.Entry, t *links.Table, history []model.Event) []sparse.Entry {
	return links.Tally(dst, t, history, 1)
}

// small is a table over the handles 2, 5 and 9: 2 speaks for 5 and against 9, 5 for 9, and 9 for 2.
func small() *links.Table {
	return links.New([]uint32{2, 5, 9}, links.Matrix([][]topk.Scored{
		{{Item: 2, Score: -2}, {Item: 1, Score: 1}}, {{Item: 2, Score: 3}}, {{Item: 0, Score: 1}},
	}))
}

func user(events ...model.Event) *model.User { return &model.User{History: events} }

func TestModel(t *testing.T) {
	t.Parallel()
	m := links.NewModel("small", small(), plain)
	u := user(model.Event{Item: 2, Weight: 2}, model.Event{Item: 5, Weight: 1}, model.Event{Item: 7, Weight: 1}, model.Event{Item: 5, Weight: 1})
	got := make([]float32, 5)
	m.Score(got, u, []uint32{9, 5, 2, 0, 1 << 31})
	if diff := cmp.Diff([]float32{2, 2, 0, 0, 0}, got); diff != "" {
		t.Errorf("scores: %s", diff)
	}
	if diff := cmp.Diff([]model.Scored{{Item: 5, Score: 2}, {Item: 9, Score: 2}}, m.Propose(nil, u, 9, nil, model.Quick)); diff != "" {
		t.Errorf("proposals: %s", diff)
	}
	against := user(model.Event{Item: 2, Weight: 1})
	if diff := cmp.Diff([]model.Scored{{Item: 5, Score: 1}}, m.Propose(nil, against, 9, nil, model.Quick)); diff != "" {
		t.Errorf("proposals where one is spoken against: %s", diff)
	}
	if got := m.Explain(nil, against, 9, 3); len(got) > 0 {
		t.Errorf("what is spoken against has the reasons %v", got)
	}
	if m.Len() != 4 || m.Name() != "small" {
		t.Errorf("%d links of %s", m.Len(), m.Name())
	}
}

// TestExplain wants reasons for an item, not those against it, and one reason for an item that speaks twice.
func TestExplain(t *testing.T) {
	t.Parallel()
	twice := func(dst []sparse.Entry, t *links.Table, history []model.Event) []sparse.Entry {
		return append(plain(dst, t, history), sparse.Entry{Col: 0, Value: 1})
	}
	table := links.New([]uint32{2, 5, 9}, links.Matrix([][]topk.Scored{
		{{Item: 1, Score: 1}}, {{Item: 1, Score: -3}}, {{Item: 1, Score: 6}},
	}))
	m := links.NewModel("small", table, twice)
	u := user(model.Event{Item: 2, Weight: 1}, model.Event{Item: 5, Weight: 1}, model.Event{Item: 9, Weight: 1})
	want := []model.Reason{{Model: "small", Because: 9, Share: 0.75}, {Model: "small", Because: 2, Share: 0.25}}
	if diff := cmp.Diff(want, m.Explain(nil, u, 5, 3), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	if got := m.Explain(nil, u, 5, 1); len(got) != 1 {
		t.Errorf("asked for one reason, got %v", got)
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	table := small()
	history := []model.Event{{Item: 9, Weight: 4}, {Item: 2, Weight: 1}, {Item: 2, Weight: -1}, {Item: 7, Weight: 1}, {Item: 5, Weight: 4}, {Item: 5, Weight: 5}}
	want := []sparse.Entry{{Col: 1, Value: 3}, {Col: 2, Value: 2}}
	if diff := cmp.Diff(want, links.Tally(nil, table, history, 0.5), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	loud := []model.Event{{Item: 2, Weight: 1e6}}
	if got := links.Tally(nil, table, loud, 1)[0].Value; got != model.Confidence(1e6) {
		t.Errorf("a weight of a million says %v", got)
	}
	long := []model.Event{{Item: 2, Weight: 1}}
	for range 1000 {
		long = append(long, model.Event{Item: 5, Weight: 1})
	}
	if got := links.Tally(nil, table, long, 1); len(got) != 1 || got[0].Col != 1 {
		t.Errorf("the newest thousand events say %v", got)
	}
}

// TestTurned wants lists of candidates as rows of those who speak for them.
func TestTurned(t *testing.T) {
	t.Parallel()
	got := links.Turned([][]topk.Scored{{{Item: 2, Score: 1}, {Item: 1, Score: 2}}, {{Item: 2, Score: 3}}, nil})
	want := &sparse.Matrix{Cols: 3, Offsets: []int{0, 0, 1, 3}, Index: []uint32{0, 0, 1}, Values: []float32{2, 1, 3}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBounded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   float64
		want float32
	}{{1, 1}, {-1, -1}, {math.Inf(1), 1e12}, {math.Inf(-1), -1e12}, {math.NaN(), 0}} {
		if got := links.Bounded(tt.in); got != tt.want {
			t.Errorf("%v is bounded to %v, want %v", tt.in, got, tt.want)
		}
	}
}

func read(t *testing.T, put func(w *codec.Writer), at []uint32) (*links.Table, error) {
	t.Helper()
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	w.Section("table", 1)
	put(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	r.Section("table", 1)
	return links.Get(r, at)
}

// TestMoved wants links between items where they are now, and none of what is gone.
func TestMoved(t *testing.T) {
	t.Parallel()
	at := make([]uint32, 10)
	for i := range at {
		at[i] = uint32(20 - i)
	}
	at[5] = model.NoItem
	table, err := read(t, small().Put, at)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range []uint32{5, 15, 2, 9, 1 << 30} {
		if _, ok := table.Row(item); ok {
			t.Errorf("item %d has a row", item)
		}
	}
	for from, to := range map[uint32]uint32{18: 11, 11: 18} {
		row, ok := table.Row(from)
		items, _ := table.Of(row)
		if !ok || !slices.Equal(items, []uint32{to}) {
			t.Errorf("item %d speaks for %v, want %d", from, items, to)
		}
	}
}

// TestMovedOrder wants the links of a row by handle where those have changed places.
func TestMovedOrder(t *testing.T) {
	t.Parallel()
	table := links.New([]uint32{0, 1, 2}, links.Matrix([][]topk.Scored{{{Item: 1, Score: 1}, {Item: 2, Score: 2}}, nil, nil}))
	moved, err := read(t, table.Put, []uint32{0, 2, 1})
	if err != nil {
		t.Fatal(err)
	}
	items, weights := moved.Of(0)
	if !slices.Equal(items, []uint32{1, 2}) || !slices.Equal(weights, []float32{2, 1}) {
		t.Errorf("item 0 speaks for %v as loud as %v", items, weights)
	}
}

// TestForged reads files that no training makes.
func TestForged(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]struct {
		items, lengths, index []uint32
		values                []float32
		sound                 bool
	}{
		"sound":               {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, -2}, true},
		"one item twice":      {[]uint32{2, 2}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, 2}, false},
		"an item too many":    {[]uint32{2, 3}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, 2}, false},
		"one candidate twice": {[]uint32{2, 0}, []uint32{2, 0}, []uint32{1, 1}, []float32{1, 2}, false},
		"out of order":        {[]uint32{2, 0}, []uint32{2, 0}, []uint32{1, 0}, []float32{1, 2}, false},
		"a strange one":       {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 3}, []float32{1, 2}, false},
		"too loud":            {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, 2e12}, false},
		"too loud against":    {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 1}, []float32{1, -2e12}, false},
		"a row too many":      {[]uint32{2, 0}, []uint32{2, 0, 0}, []uint32{0, 1}, []float32{1, 2}, false},
		"a length too long":   {[]uint32{2, 0}, []uint32{2, 1}, []uint32{0, 1}, []float32{1, 2}, false},
		"a value too few":     {[]uint32{2, 0}, []uint32{2, 0}, []uint32{0, 1}, []float32{1}, false},
	} {
		_, err := read(t, func(w *codec.Writer) {
			w.Uint32s(f.items)
			w.Uint32s(f.lengths)
			w.Uint32s(f.index)
			w.Float32s(f.values)
		}, []uint32{0, 1, 2})
		if f.sound != (err == nil) || !f.sound && !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
