package recommend_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/storetest"
)

// partitioned is a store of several partitions.
func partitioned() store.Store { return storetest.NewPartitioned(5, nil) }

// livedThrough is an engine on a store after a life: shoppers, a training, clicks, experiments, somebody forgotten.
func livedThrough(t *testing.T, st store.Store) (*recommend.Engine, recommend.Options) {
	t.Helper()
	opts := recommend.Options{Catalog: newCatalog(t), Experiments: []recommend.Assigner{coin(3)}}
	eng := open(t, st, opts)
	record(t, eng, shoppers(200, 1)...)
	train(t, eng)
	for u := range 60 {
		user := fmt.Sprintf("user-%03d", u)
		ask(t, eng, recommend.Request{User: user, N: 4}) // which exposes
		record(t, eng, click(user, itemOf(u%tastes, u%perItem)))
		if u%3 == 0 {
			record(t, eng, buy(user, itemOf(u%tastes, (u+7)%perItem)))
		}
	}
	forget(t, eng, "user-007")
	train(t, eng)
	record(t, eng, buy("new", itemOf(1, 1)), buy("user-001", itemOf(1, 24)))
	return eng, opts
}

// A log of several partitions says what one of a single partition says, to the engine that wrote it and to one that is
// opened on it: what is trending, how the variants do, what people are shown. Scores of models may differ, which learn from
// users in the order of the log.
func TestPartitionsMakeNoDifference(t *testing.T) {
	t.Parallel()
	one, opts := livedThrough(t, memory())
	st := partitioned()
	several, _ := livedThrough(t, st)
	if place := several.Status().Entries; place == one.Status().Entries {
		t.Fatalf("the log is at %s: of one partition", place)
	}
	want := compare(t, one, recommend.Trial{Arms: evenArms})
	if want.Units != 59 {
		t.Errorf("%d users in the comparison, of 60 one is forgotten", want.Units)
	}
	for name, eng := range map[string]*recommend.Engine{"lived through": several, "opened": open(t, st, opts)} {
		got := compare(t, eng, recommend.Trial{Arms: evenArms})
		if diff := cmp.Diff(fmt.Sprintf("%.4g", numbers(want)), fmt.Sprintf("%.4g", numbers(got))); diff != "" || got.Units != want.Units {
			t.Errorf("%s, %d users (-one +several):\n%s", name, got.Units, diff)
		}
		for u := range 60 {
			user := fmt.Sprintf("user-%03d", u)
			req := recommend.Request{User: user, N: 20, Model: recommend.Trending}
			if diff := cmp.Diff(ask(t, one, req).Items, ask(t, eng, req).Items, nearly); diff != "" {
				t.Fatalf("%s, trending for %s (-one +several):\n%s", name, user, diff)
			}
			if req.Model = ""; u == 7 { // who is forgotten
				continue
			}
			if diff := cmp.Diff(ask(t, several, req).Items, ask(t, eng, req).Items, nearly); diff != "" {
				t.Fatalf("%s, %s (-lived through +got):\n%s", name, user, diff)
			}
			req.N = 5
			for _, item := range items(ask(t, eng, req)) {
				if tasteOf(item) != fmt.Sprint("t", u%tastes) {
					t.Errorf("%s: %s is shown %s", name, user, item)
				}
			}
		}
		if v, err := eng.Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) { // somebody was forgotten since
			t.Errorf("%s: rolled back to %d (%v)", name, v, err)
		}
	}
}

// numbers are those that a report decides by.
func numbers(r *stats.Report) (out []float64) {
	for _, c := range r.Comparisons {
		out = append(out, float64(c.Difference), float64(c.StdErr), float64(c.PValue), float64(c.LiftInterval[0]))
	}
	return append(out, float64(r.SampleRatio.PValue))
}

// Engines on a log of several partitions follow one another, whichever has the news: interactions, a model, a profile, who
// is forgotten; what they have seen of one says nothing of the others.
func TestEnginesFollowPartitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, cat := storetest.NewPartitioned(5, time.Now), newCatalog(t)
		engines := []*replica{
			start(t, st, recommend.Options{Catalog: cat}), start(t, st, recommend.Options{Catalog: cat}), start(t, st, recommend.Options{Catalog: cat}),
		}
		record(t, engines[0].Engine, shoppers(100, 1)...)
		train(t, engines[1].Engine)
		synctest.Wait()
		same(t, engines, "after a training", "user-001", "user-002")
		for i := range 30 { // of users in all partitions, each alone on an engine
			user, item := fmt.Sprint("visitor-", i), itemOf(i%tastes, 3)
			for _, e := range engines {
				ask(t, e, recommend.Request{User: user})
			}
			record(t, engines[i%3].Engine, click(user, item))
			synctest.Wait()
			same(t, engines, "after a click", user)
			if got := items(ask(t, engines[(i+1)%3], recommend.Request{User: user, N: 100})); slices.Contains(got, item) {
				t.Errorf("%s is shown what they clicked on elsewhere", user)
			}
		}
		for i := range 10 {
			user := fmt.Sprint("visitor-", i)
			if _, err := engines[i%3].PutProfile(t.Context(), store.Profile{User: user, Preferences: map[string][]string{"brand": {"brand-4"}}}); err != nil {
				t.Fatal(err)
			}
			forget(t, engines[(i+1)%3].Engine, fmt.Sprint("visitor-", 10+i))
			synctest.Wait()
			same(t, engines, "after a profile, and somebody forgotten", user, fmt.Sprint("visitor-", 10+i))
			if history, _ := engines[0].Memory(fmt.Sprint("visitor-", 10+i)); len(history) > 0 {
				t.Errorf("visitor %d is remembered", 10+i)
			}
		}
		want := engines[0].Status().Entries
		for i, e := range engines {
			if got := e.Status().Entries; got != want {
				t.Errorf("engine %d is at %s, engine 0 at %s", i, got, want)
			}
			e.kill()
		}
	})
}

// What is trimmed in one partition is missed by who was away, whatever they know of the others.
func TestAwayFromAPartition(t *testing.T) {
	t.Parallel()
	st := partitioned()
	away, other := open(t, st, recommend.Options{}), open(t, st, recommend.Options{})
	for i := range 20 {
		record(t, other, buy(fmt.Sprint("user-", i), "tea"))
	}
	if err := away.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		ask(t, away, recommend.Request{User: fmt.Sprint("user-", i)})
	}
	forget(t, other, "user-3")
	trimAll(t, st)
	for i := range 20 { // other partitions go on
		record(t, other, buy(fmt.Sprint("user-", i), "mug"))
	}
	if err := away.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if away.InMemory("user-3") {
		t.Error("the engine that was away remembers")
	}
}
