package recommendtest_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/recommendtest"
)

// broken is a good model with one fault.
type broken struct {
	model.Model
	fault string
	items uint32
	last  atomic.Pointer[model.User]
}

// faults are what the suite must catch, and where.
func faults() map[string]string {
	return map[string]string{
		"":                         "",
		"ranks by handle":          "checkerboard",
		"score by place":           "batch_is_single",
		"scores unknown items":     "unknown_items",
		"proposes unknown items":   "unknown_items",
		"candidates unsorted":      "candidates",
		"ties in any order":        "candidates",
		"candidates twice":         "candidates",
		"one too many":             "candidates",
		"not appended":             "candidates",
		"other scores":             "candidates",
		"filter after the cut":     "filters",
		"filter ignored":           "filters",
		"bitmap ignored":           "filters",
		"quick and not allowed":    "effort",
		"quick and something else": "effort",
		"quick and nothing":        "effort",
		"not finite":               "users",
		"not finite on a visit":    "users",
		"history changed":          "users",
		"impressions count":        "impressions",
		"accumulates too little":   "accumulate",
		"accumulates afresh":       "accumulate",
		"scale of the history":     "scale",
		"shares of more than all":  "explain",
		"because of others":        "explain",
		"answers of somebody else": "concurrent",
		"allocates for each item":  "allocations",
		"fails on nothing":         "small_data",
		"random":                   "deterministic",
		"workers show":             "deterministic",
		"data changed":             "data_unchanged",
		"goes on":                  "cancel",
		"progress goes back":       "progress",
		"is done twice":            "progress",
		"worse after another":      "previous",
		"follows nothing":          "follow",
		"extends nothing":          "extend",
		"extends the others too":   "extend",
		"extends for ever":         "extend",
		"loads another":            "save_and_load",
		"stays where it was":       "moved",
		"keeps what is gone":       "moved",
		"takes two for one":        "two_items_in_one_place",
		"write error lost":         "save_fails",
		"read error made corrupt":  "save_fails",
		"takes any handle":         "damaged_file",
		"any version":              "damaged_file",
		"panics on forged":         "forged_file",
	}
}

type trainer struct {
	content.Trainer
	fault string
	calls *atomic.Int64 // what differs from call to call, where the fault is to
}

func (t trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	switch {
	case t.fault == "fails on nothing" && data.Len() == 0:
		return nil, io.ErrUnexpectedEOF
	case t.fault == "random":
		t.Neighbors = 1 + int(t.calls.Add(1)%8)
	case t.fault == "workers show" && opt.Workers == 7:
		t.Neighbors = 3
	case t.fault == "data changed" && data.Len() > 3:
		data.History(0)[0].Weight++
	case t.fault == "goes on":
		ctx = context.WithoutCancel(ctx)
	case t.fault == "progress goes back" && opt.Progress != nil:
		defer opt.Progress(1, 2)
	case t.fault == "is done twice" && opt.Progress != nil:
		defer opt.Progress(1, 1)
	}
	m, err := t.Trainer.Train(ctx, data, opt)
	if t.fault == "worse after another" && opt.Previous != nil {
		return &broken{Model: m, fault: "ranks by handle"}, err
	}
	return &broken{Model: m, fault: t.fault, items: uint32(data.ItemCount())}, err
}

func (t trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	at = slices.Clone(at)
	switch {
	case t.fault == "stays where it was":
		for i := range at {
			at[i] = uint32(i)
		}
	case t.fault == "keeps what is gone" && slices.Contains(at, model.NoItem):
		last := uint32(4 * len(at))
		for i := range at {
			if at[i] == model.NoItem {
				at[i], last = last, last+1
			}
		}
	case t.fault == "takes two for one":
		slices.Sort(at)
		at = append(slices.Compact(at), uint32(len(at)))
	case t.fault == "takes any handle":
		for i := len(at); i < 1000; i++ {
			at = append(at, uint32(i))
		}
	case t.fault == "any version" && strings.Contains(fmt.Sprint(peek(r)), t.Name()):
		r.Skip()
		m, _ := t.Train(context.Background(), new(model.Builder).Build(), model.TrainOptions{})
		return m, nil
	}
	m, err := t.Trainer.Load(r, at)
	switch {
	case err != nil && t.fault == "read error made corrupt":
		return nil, model.ErrCorrupt
	case err != nil:
		return nil, err
	case t.fault == "panics on forged" && t.calls.Add(1)%50 == 0:
		panic(t.fault)
	case t.fault == "loads another":
		return &broken{Model: m, fault: "ranks by handle"}, nil
	}
	return &broken{Model: m, fault: t.fault, items: uint32(len(at))}, nil
}

func peek(r *codec.Reader) string {
	name, _ := r.Peek()
	return name
}

func (b *broken) Save(w *codec.Writer) {
	if b.fault == "write error lost" {
		w = codec.NewWriter(io.Discard)
	}
	b.Model.Save(w)
}

func (b *broken) Score(dst []float32, u *model.User, items []uint32) {
	if b.fault == "answers of somebody else" {
		b.last.Store(u)
		runtime.Gosched()
		u = b.last.Load()
	}
	b.Model.Score(dst, b.see(u), items)
	for i, item := range items {
		switch {
		case b.fault == "ranks by handle":
			dst[i] = -float32(item)
		case b.fault == "score by place":
			dst[i] += float32(i)
		case b.fault == "scores unknown items" && item >= b.items:
			dst[i] = 1
		case b.fault == "not finite" && u.Now < 0, b.fault == "not finite on a visit" && len(u.Session) > 3:
			dst[i] = float32(math.Inf(1))
		case b.fault == "allocates for each item":
			dst[i] += *sink(&dst[i]) - dst[i]
		}
	}
	if b.fault == "history changed" && len(u.History) > 0 {
		u.History[0].Time++
	}
}

// see is the user as the model sees them.
func (b *broken) see(u *model.User) *model.User {
	if b.fault != "impressions count" {
		return u
	}
	other := *u
	other.History = slices.Clone(u.History)
	for i, e := range other.History {
		if e.Weight == 0 {
			other.History[i].Weight = 1
		}
	}
	return &other
}

//go:noinline
func sink(v *float32) *float32 { return new(*v) }

func (b *broken) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, effort model.Effort) []model.Scored {
	from := len(dst)
	_, function := allow.(model.AllowFunc)
	quick := effort == model.Quick
	u = b.see(u)
	switch {
	case b.fault == "filter after the cut":
		all := b.Model.Propose(nil, u, n, nil, effort)
		return append(dst, slices.DeleteFunc(all, func(c model.Scored) bool { return allow != nil && !allow.Contains(c.Item) })...)
	case b.fault == "filter ignored", b.fault == "bitmap ignored" && !function, b.fault == "quick and not allowed" && quick:
		allow = nil
	case b.fault == "one too many":
		n = max(n, 1)
	case b.fault == "not appended":
		dst = nil
	case b.fault == "quick and nothing" && quick:
		return dst
	}
	dst = b.Model.Propose(dst, u, n, allow, effort)
	got := dst[min(from, len(dst)):]
	switch {
	case b.fault == "proposes unknown items" && (allow == nil || allow.Contains(b.items)) && n > len(got):
		dst = append(dst, model.Scored{Item: b.items})
	case b.fault == "quick and something else" && quick && len(got) < n:
		dst = b.addOther(dst, got, u, allow)
	case b.fault == "ranks by handle":
		slices.SortFunc(got, func(a, b model.Scored) int { return cmp.Compare(a.Item, b.Item) })
		for i := range got {
			got[i].Score = -float32(got[i].Item)
		}
	case b.fault == "candidates unsorted" && len(got) > 1:
		slices.Reverse(got)
	case b.fault == "ties in any order":
		for i := range got[:max(1, len(got))-1] {
			if got[i].Score == got[i+1].Score {
				got[i], got[i+1] = got[i+1], got[i]
			}
		}
	case b.fault == "candidates twice" && len(got) > 1:
		got[1] = got[0]
	case b.fault == "other scores":
		for i := range got {
			got[i].Score *= 2
		}
	}
	return dst
}

// addOther appends an item of score 0 that the model does not propose.
func (b *broken) addOther(dst, got []model.Scored, u *model.User, allow model.Allow) []model.Scored {
	for item := range b.items {
		var score [1]float32
		b.Score(score[:], u, []uint32{item})
		if score[0] == 0 && (allow == nil || allow.Contains(item)) {
			return append(dst, model.Scored{Item: item})
		}
	}
	return dst
}

func (b *broken) Accumulate(sums *model.Sums, u *model.User) {
	if b.fault == "accumulates afresh" {
		sums.Reset()
	}
	u = b.see(u)
	if b.fault == "accumulates too little" && len(u.History) > 0 {
		other := *u
		other.History = u.History[1:]
		u = &other
	}
	b.Model.(model.Accumulator).Accumulate(sums, u)
}

func (b *broken) Scale(u *model.User) float32 {
	scale := b.Model.(model.Scaler).Scale(b.see(u))
	if b.fault == "scale of the history" {
		scale *= float32(1 + len(u.History))
	}
	return scale
}

func (b *broken) Extend(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	switch b.fault {
	case "extends nothing":
		return b, nil
	case "extends the others too":
		m, err := trainer{}.Train(ctx, data, opt)
		return m, err
	case "extends for ever":
		ctx = context.WithoutCancel(ctx)
	}
	m, err := b.Model.(model.Extender).Extend(ctx, data, opt)
	if err != nil {
		return nil, err
	}
	return &broken{Model: m, fault: b.fault, items: uint32(data.ItemCount())}, nil
}

func (b *broken) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	from := len(dst)
	dst = b.Model.(model.Explainer).Explain(dst, u, item, n)
	for i := range dst[from:] {
		switch b.fault {
		case "shares of more than all":
			dst[from+i].Share *= 1.5
		case "because of others":
			dst[from+i].Because = (item + 1) % b.items
		}
	}
	return dst
}

// lazy trains models whose vectors do not follow histories.
type lazy struct{ als.Trainer }

func (l lazy) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	m, err := l.Trainer.Train(ctx, data, opt)
	return idle{m, m.(model.Embedder)}, err
}

type idle struct {
	model.Model
	model.Embedder
}

func (idle) Follow([]float32, []model.Event, int64) {}

// TestCatches runs the suite on models with one fault each, in a process of their own as they are to fail, and wants
// the test to fail that watches for the fault. Without a fault all tests run, and pass.
func TestCatches(t *testing.T) {
	t.Parallel()
	const variable = "GOLD_RECOMMENDTEST_FAULT"
	for fault, test := range faults() {
		t.Run(cmp.Or(fault, "none"), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestBroken$/^"+test, "-test.v")
			cmd.Env = append(os.Environ(), variable+"="+cmp.Or(fault, "none"))
			out, err := cmd.CombinedOutput()
			switch {
			case fault == "" && err != nil:
				t.Errorf("the model without a fault fails: %v\n%.3000s", err, out)
			case fault != "" && (err == nil || !strings.Contains(string(out), fmt.Sprintf("--- FAIL: TestBroken/%s ", test))):
				t.Errorf("%s did not fail: %v\n%.1000s", test, err, out)
			}
		})
	}
}

// TestBroken is what TestCatches runs.
func TestBroken(t *testing.T) {
	fault, ok := os.LookupEnv("GOLD_RECOMMENDTEST_FAULT")
	if !ok {
		t.Skip("runs in a process of TestCatches")
	}
	if fault == "follows nothing" {
		recommendtest.Run(t, func() model.Trainer { return lazy{als.Trainer{Factors: 8}} }, recommendtest.Options{})
		return
	}
	calls := new(atomic.Int64)
	recommendtest.Run(t, func() model.Trainer { return trainer{fault: fault, calls: calls} }, recommendtest.Options{})
}
