package main

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/eval"
	"github.com/goldrec/gold/recommend/eval/offpolicy"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// TestEngineOpensWithTheFile: what -tune wrote sets the trainers of an engine, which trains and recommends with them.
func TestEngineOpensWithTheFile(t *testing.T) {
	t.Parallel()
	file := write(t, "found.json", `{"itemknn.Neighbors": 30, "popular.HalfLifeDays": 7}`)
	c, err := readConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	trainers, err := c.Apply([]model.Trainer{popular.Trainer{}, itemknn.Trainer{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	eng, err := recommend.Open(ctx, store.NewMemory(store.MemoryOptions{}), recommend.Options{Trainers: trainers})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	for u, user := range []string{"ann", "bob", "cid"} {
		for i, item := range []string{"tea", "mug", "pot"}[:2+u%2] {
			in := store.Interaction{User: user, Item: item, Kind: store.Purchase, Time: time.Now().Add(time.Duration(i-10) * time.Minute)}
			if err := eng.Record(ctx, in); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := eng.Train(ctx); err != nil {
		t.Fatal(err)
	}
	done, err := eng.Evaluate(ctx, recommend.EvaluateOptions{Cutoffs: []int{1}, Split: eval.SplitLast})
	if err != nil || len(done) != 3 || done[0].Users != 3 || len(done[0].Each) != 3 {
		t.Errorf("%+v, %v", done, err)
	}
}

// TestEngineLogOffPolicy: an engine that draws what it shows leaves a log from which another policy can be valued, here one
// that would draw evenly from the ten items. Tea alone is ever bought, always, so that the target's worth is a tenth. Where no
// more than five candidates are gathered for a place, half of what the target would show is never shown, which is said.
func TestEngineLogOffPolicy(t *testing.T) {
	t.Parallel()
	r := evenly(t, 20)
	// Five standard errors on either side.
	if off := math.Abs(r.IPS.Mean - 0.1); r.Samples != 1500 || r.Units != 1500 || off > 5*r.IPS.StdErr || r.IPS.StdErr > 0.02 || len(r.Warnings) > 0 {
		t.Errorf("%+v", r)
	}
	if r := evenly(t, 5); len(r.Warnings) != 1 || r.Warnings[0].Code != offpolicy.WeightMean || math.Abs(r.WeightMean-0.5) > 0.05 {
		t.Errorf("of half of it: %+v", r)
	}
}

// evenly serves pages of one item, drawn from so many candidates, and values a target that draws from all ten.
func evenly(t *testing.T, depth int) offpolicy.Report {
	t.Helper()
	ctx, st := t.Context(), store.NewMemory(store.MemoryOptions{})
	even := recommend.Policy{Parts: []string{}, Stages: []stage.Stage{&stage.Explore{Epsilon: 0.9}}, Seen: &stage.Seen{}, Depth: depth}
	eng, err := recommend.Open(ctx, st, recommend.Options{Policies: []recommend.Policy{even}, PageTTL: -1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	record := func(user, item string, kind store.Kind) {
		in := store.Interaction{User: user, Item: item, Kind: kind, Time: time.Now()}
		if err := eng.Record(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	for _, item := range []string{"tea", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		record("somebody", item, store.View)
	}
	for u := range 1500 {
		user := fmt.Sprint("user", u)
		page, err := eng.Recommend(ctx, recommend.Request{User: user, N: 1})
		if err != nil {
			t.Fatal(err)
		}
		for item := range page.All() {
			record(user, item, store.Impression)
			if item == "tea" {
				record(user, item, store.Purchase)
			}
		}
	}
	samples, err := offpolicy.FromLog(st.Scan(ctx, store.Place{}), offpolicy.LogOptions{
		Target: func(store.Interaction) float64 { return 0.1 },
		Reward: func(in store.Interaction) float64 {
			if in.Kind == store.Purchase {
				return 1
			}
			return 0
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := offpolicy.Estimate(samples, offpolicy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
