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

	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/recommendtest"
)

// broken is a good model with one fault.
type broken struct {
	model.Model
	fault string
	last  atomic.Pointer[model.User]
}

// faults are what the suite must catch, and where.
func faults() map[string]string {
	return map[string]string{
		"":                         "",
		"ranks by handle":          "checkerboard",
		"score by place":           "batch_is_single",
		"candidates unsorted":      "candidates",
		"ties in any order":        "candidates",
		"candidates twice":         "candidates",
		"one too many":             "candidates",
		"not appended":             "candidates",
		"other scores":             "candidates",
		"filter after the cut":     "filters",
		"filter ignored":           "filters",
		"not finite":               "users",
		"history changed":          "users",
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
		"loads another":            "save_and_load",
		"write error lost":         "save_fails",
		"no checksum":              "damaged_file",
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
	}
	m, err := t.Trainer.Train(ctx, data, opt)
	return &broken{Model: m, fault: t.fault}, err
}

func (t trainer) Load(r io.Reader) (model.Model, error) {
	m, err := t.Trainer.Load(r)
	switch {
	case err != nil && t.fault == "no checksum":
		var b model.Builder
		return t.Train(context.Background(), b.Build(), model.TrainOptions{})
	case err != nil:
		return nil, err
	case t.fault == "panics on forged" && t.calls.Add(1)%50 == 0:
		panic(t.fault)
	case t.fault == "loads another":
		return &broken{Model: m, fault: "ranks by handle"}, nil
	}
	return &broken{Model: m, fault: t.fault}, nil
}

func (b *broken) Save(w io.Writer) error {
	err := b.Model.Save(w)
	if b.fault == "write error lost" {
		return nil
	}
	return err
}

func (b *broken) Score(dst []float32, u *model.User, items []uint32) {
	if b.fault == "answers of somebody else" {
		b.last.Store(u)
		runtime.Gosched()
		u = b.last.Load()
	}
	b.Model.Score(dst, u, items)
	for i, item := range items {
		switch {
		case b.fault == "ranks by handle":
			dst[i] = -float32(item)
		case b.fault == "score by place":
			dst[i] += float32(i)
		case b.fault == "not finite" && u.Now < 0:
			dst[i] = float32(math.Inf(1))
		case b.fault == "allocates for each item":
			dst[i] += *sink(&dst[i]) - dst[i]
		}
	}
	if b.fault == "history changed" && len(u.History) > 0 {
		u.History[0].Time++
	}
}

//go:noinline
func sink(v *float32) *float32 { return new(*v) }

func (b *broken) Candidates(dst []model.Scored, u *model.User, n int, allow func(uint32) bool) []model.Scored {
	from := len(dst)
	switch b.fault {
	case "filter after the cut":
		all := b.Model.Candidates(nil, u, n, nil)
		return append(dst, slices.DeleteFunc(all, func(c model.Scored) bool { return allow != nil && !allow(c.Item) })...)
	case "filter ignored":
		allow = nil
	case "one too many":
		n = max(n, 1)
	case "not appended":
		dst = nil
	}
	dst = b.Model.Candidates(dst, u, n, allow)
	got := dst[min(from, len(dst)):]
	switch {
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

func (b *broken) Explain(dst []model.Reason, u *model.User, item uint32, n int) []model.Reason {
	from := len(dst)
	dst = b.Model.(model.Explainer).Explain(dst, u, item, n)
	for i := range dst[from:] {
		switch b.fault {
		case "shares of more than all":
			dst[from+i].Share *= 1.5
		case "because of others":
			dst[from+i].Because = (item + 1) % uint32(b.Items().Len())
		}
	}
	return dst
}

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
				t.Errorf("the model without a fault fails: %v\n%s", err, out)
			case fault != "" && (err == nil || !strings.Contains(string(out), fmt.Sprintf("--- FAIL: TestBroken/%s ", test))):
				t.Errorf("%s did not fail: %v\n%s", test, err, out)
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
	calls := new(atomic.Int64)
	recommendtest.Run(t, func() model.Trainer { return trainer{fault: fault, calls: calls} }, recommendtest.Options{})
}
