package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// replica is an engine that runs until it is killed.
type replica struct {
	*recommend.Engine
	kill func() // ends it without a Close
	done chan error
}

// start opens an engine on the store and lets it run.
func start(t *testing.T, st store.Store, opts recommend.Options) *replica {
	t.Helper()
	eng, err := recommend.Open(t.Context(), st, defaults(opts))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &replica{eng, cancel, make(chan error, 1)}
	go func() { r.done <- eng.Run(ctx) }()
	t.Cleanup(cancel)
	return r
}

// In the bubbles of these tests synctest.Wait returns when all engines have done what there is to do, without any time
// having passed: what follows need not be waited for.

// What is recorded on one engine is on the pages of all.
func TestEnginesFollowOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, cat := memory(), newCatalog(t)
		var engines []*replica
		for range 3 {
			engines = append(engines, start(t, st, recommend.Options{Catalog: cat}))
		}
		record(t, engines[0].Engine, shoppers(100, 1)...)
		if r := train(t, engines[1].Engine); !r.Published {
			t.Fatalf("%+v", r)
		}
		synctest.Wait()
		same(t, engines, "after a training", "user-001", "new")
		for i, e := range engines { // a click here is on the pages there
			user := fmt.Sprint("new-", i)
			for _, e := range engines {
				ask(t, e, recommend.Request{User: user})
			}
			record(t, e.Engine, click(user, itemOf(i, 3)))
			synctest.Wait()
			for j, other := range engines {
				for _, item := range items(ask(t, other, recommend.Request{User: user, N: 5})) {
					if tasteOf(item) != fmt.Sprint("t", i) || item == itemOf(i, 3) {
						t.Errorf("after a click on engine %d engine %d shows %s", i, j, item)
					}
				}
			}
		}
		for range 2 {
			train(t, engines[2].Engine)
		}
		synctest.Wait()
		if version, err := engines[0].Rollback(t.Context()); version != 2 || err != nil {
			t.Errorf("rolled back to %d (%v), want 2", version, err)
		}
		synctest.Wait()
		for i, e := range engines {
			if v := e.Status().Version; v != 2 {
				t.Errorf("after a rollback engine %d serves %d, want 2", i, v)
			}
		}
		same(t, engines, "after a rollback", "user-001", "new-1")
		if _, err := engines[1].PutProfile(t.Context(), store.Profile{User: "new-2", Preferences: map[string][]string{"not:brand": {"brand-4"}}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		same(t, engines, "after a profile", "new-2")
		for _, item := range items(ask(t, engines[0], recommend.Request{User: "new-2"})) {
			if brandOf(t, cat, item) == "brand-4" {
				t.Errorf("after a profile on engine 1 engine 0 shows %s", item)
			}
		}
	})
}

// same asks all engines for the pages of some users and compares them.
func same(t *testing.T, engines []*replica, when string, users ...string) {
	t.Helper()
	for _, user := range users {
		for _, m := range []string{"", recommend.Trending} {
			req := recommend.Request{User: user, N: 12, Model: m}
			want := ask(t, engines[0], req)
			for i, e := range engines[1:] {
				if diff := cmp.Diff(want, ask(t, e, req), nearly); diff != "" {
					t.Errorf("%s, %s: engine 0 and %d differ:\n%s", when, user, i+1, diff)
				}
			}
		}
	}
}

// Who is forgotten on one engine is forgotten on all: pages, memory, profile, and versions from before.
func TestForgetOnAllEngines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, cat := memory(), newCatalog(t)
		a, b := start(t, st, recommend.Options{Catalog: cat}), start(t, st, recommend.Options{Catalog: cat})
		record(t, a.Engine, shoppers(100, 1)...)
		train(t, a.Engine)
		train(t, a.Engine)
		if _, err := a.PutProfile(t.Context(), store.Profile{User: "user-002", Preferences: map[string][]string{"brand": {"brand-4"}}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		ask(t, b, recommend.Request{User: "user-002"})
		forget(t, a.Engine, "user-002")
		synctest.Wait()
		for i, e := range []*replica{a, b} {
			if e.InMemory("user-002") {
				t.Errorf("engine %d remembers", i)
			}
			want, got := ask(t, e, recommend.Request{User: "nobody", N: 20}), ask(t, e, recommend.Request{User: "user-002", N: 20})
			if diff := cmp.Diff(items(want), items(got)); diff != "" {
				t.Errorf("engine %d (-stranger +forgotten):\n%s", i, diff)
			}
			if _, err := e.Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
				t.Errorf("engine %d rolled back: %v", i, err)
			}
		}
	})
}

// Of three engines that train on a schedule one trains at a time, all serve what it made, and when it is killed in the middle
// another takes over when its lease has expired.
func TestOneTrainsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := store.NewMemory(store.MemoryOptions{Now: time.Now})
		trainer := newSlowTrainer()
		trainer.slow.Store(true) // an hour for each
		var engines []*replica
		for range 3 {
			engines = append(engines, start(t, st, recommend.Options{
				Trainers: []model.Trainer{trainer}, TrainEvery: 24 * time.Hour, Now: time.Now,
			}))
		}
		time.Sleep(10*24*time.Hour + 6*time.Hour)
		synctest.Wait()
		if trainer.most.Load() != 1 {
			t.Errorf("%d trained at a time", trainer.most.Load())
		}
		// Every training fits twice, the first one for the weights; a day is from beginning to beginning.
		if done := trainer.done.Load(); done < 2*10 || done > 2*11 {
			t.Errorf("%d fits in ten days, want two a day", done)
		}
		version := engines[0].Status().Version
		for i, e := range engines {
			if v := e.Status().Version; v != version || v < 8 || v > 11 {
				t.Errorf("engine %d serves %d after ten days, engine 0 %d", i, v, version)
			}
		}
		for trainer.running.Load() == 0 { // until one is at it again
			time.Sleep(time.Minute)
		}
		for _, e := range engines[:2] {
			e.kill()
		}
		time.Sleep(3 * 24 * time.Hour)
		synctest.Wait()
		if v := engines[2].Status().Version; v < version+2 {
			t.Errorf("the engine left serves %d three days later, want more than %d", v, version)
		}
		if trainer.most.Load() != 1 {
			t.Errorf("%d trained at a time", trainer.most.Load())
		}
		engines[2].kill()
		if err := <-engines[2].done; err != nil {
			t.Errorf("Run ends with %v", err)
		}
	})
}

// A training whose lease has gone to another does not take service: the fence of the one that came later is higher.
func TestTrainingThatLostItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &losingStore{Store: store.NewMemory(store.MemoryOptions{Now: time.Now})}
		trainer := newSlowTrainer()
		trainer.slow.Store(true)
		eng := start(t, st, recommend.Options{Trainers: []model.Trainer{trainer}, TrainEvery: 24 * time.Hour, Now: time.Now})
		st.lost.Store(true)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if v := eng.Status().Version; v != 0 || trainer.done.Load() != 0 {
			t.Errorf("version %d after %d fits", v, trainer.done.Load())
		}
		st.lost.Store(false)
		time.Sleep(48 * time.Hour)
		if v := eng.Status().Version; v == 0 {
			t.Error("nothing is in service when leases can be renewed again")
		}
		eng.kill()
	})
}

// losingStore loses leases: they cannot be renewed.
type losingStore struct {
	store.Store
	lost atomic.Bool
}

func (s *losingStore) Renew(ctx context.Context, lease store.Lease, ttl time.Duration) (store.Lease, error) {
	if s.lost.Load() {
		return store.Lease{}, store.ErrHeld
	}
	return s.Store.Renew(ctx, lease, ttl)
}

// Two engines that never Run disagree, and only until they catch up.
func TestEnginesThatDoNotRun(t *testing.T) {
	t.Parallel()
	st, cat := memory(), newCatalog(t)
	a, b := open(t, st, recommend.Options{Catalog: cat}), open(t, st, recommend.Options{Catalog: cat})
	req := recommend.Request{User: "ann", N: 5}
	ask(t, b, req)
	record(t, a, buy("ann", itemOf(1, 1)), buy("bob", itemOf(2, 2)))
	if got := items(ask(t, b, req)); got[0] != itemOf(0, 0) {
		t.Errorf("b knows of what it has not been told: %v", got)
	}
	record(t, b, buy("eve", itemOf(3, 3)), buy("eve", itemOf(3, 3)))
	for _, eng := range []*recommend.Engine{a, b} {
		for range 2 {
			if err := eng.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff([]string{itemOf(3, 3), itemOf(2, 2)}, items(ask(t, b, recommend.Request{User: "ann", N: 2}))); diff != "" {
		t.Errorf("b, having caught up (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(ask(t, a, req), ask(t, b, req), nearly); diff != "" {
		t.Errorf("-a +b:\n%s", diff)
	}
}

// A store that fails now and then is asked again: nothing is missed for good.
func TestRunGoesOnAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, cat := &failingStore{Store: memory()}, newCatalog(t)
		a, b := open(t, st, recommend.Options{Catalog: cat}), start(t, st, recommend.Options{Catalog: cat})
		ask(t, b, recommend.Request{User: "ann"})
		synctest.Wait()
		st.failing.Store(true)
		record(t, a, buy("ann", itemOf(1, 1)))
		train(t, a)
		time.Sleep(10 * time.Minute)
		if v := b.Status().Version; v != 0 {
			t.Errorf("version %d, which cannot be read", v)
		}
		st.failing.Store(false)
		time.Sleep(30 * time.Second) // the longest that it waits
		synctest.Wait()
		if got := items(ask(t, b, recommend.Request{User: "ann", N: 100})); slices.Contains(got, itemOf(1, 1)) {
			t.Errorf("the page shows what was bought: %v", got)
		}
		if v := b.Status().Version; v != 1 {
			t.Errorf("version %d in service, want 1", v)
		}
		b.kill()
	})
}

// failingStore can neither be followed nor open a model while it fails.
type failingStore struct {
	store.Store
	failing atomic.Bool
}

func (s *failingStore) OpenModel(ctx context.Context, name string, version uint64) (io.ReadCloser, uint64, error) {
	if s.failing.Load() {
		return nil, 0, errFull
	}
	return s.Store.OpenModel(ctx, name, version)
}

func (s *failingStore) Wait(ctx context.Context, since store.Place) error {
	if s.failing.Load() {
		return errFull
	}
	return s.Store.Wait(ctx, since)
}

// Run drops what is older than Retention from the store, and nothing else.
func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory()
		const day = 24 * time.Hour
		eng := start(t, st, recommend.Options{Retention: 5 * day, Now: time.Now})
		for range 20 {
			record(t, eng.Engine, store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: time.Now()})
			time.Sleep(day)
		}
		synctest.Wait()
		if n := len(logged(t, st, store.Interacted)); n < 5 || n > 6 {
			t.Errorf("%d days are left of 5", n)
		}
		eng.kill()
	})
}

// Run ends with its context, or with the engine, and may be called again.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng := open(t, memory(), recommend.Options{})
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if err := eng.Run(ctx); err != nil {
				t.Errorf("its context ended: %v", err)
			}
			cancel()
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := eng.Run(t.Context()); !errors.Is(err, recommend.ErrClosed) {
				t.Errorf("the engine was closed: %v", err)
			}
		})
		synctest.Wait()
		eng.Close()
		wg.Wait()
	})
}
