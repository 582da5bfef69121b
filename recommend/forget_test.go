package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

func forget(t testing.TB, eng *recommend.Engine, user string) {
	t.Helper()
	if err := eng.Forget(t.Context(), user); err != nil {
		t.Fatal(err)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t), Experiments: []recommend.Assigner{everybody("a")}})
	if _, err := eng.PutProfile(t.Context(), store.Profile{User: "user-002", Segments: []string{"vip"}}); err != nil {
		t.Fatal(err)
	}
	ask(t, eng, recommend.Request{User: "user-002"})
	forget(t, eng, "user-002")
	for entry := range st.Scan(t.Context(), store.Place{}) {
		if entry.Interaction.User == "user-002" && entry.Fact != store.Forgotten {
			t.Fatalf("still in the log: %+v", entry)
		}
	}
	if _, err := eng.Profile(t.Context(), "user-002"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the profile: %v", err)
	}
	if eng.InMemory("user-002") {
		t.Error("still in memory")
	}
	want := items(ask(t, eng, recommend.Request{User: "nobody"}))
	if diff := cmp.Diff(want, items(ask(t, eng, recommend.Request{User: "user-002"}))); diff != "" {
		t.Errorf("a forgotten user is no stranger (-stranger +got):\n%s", diff)
	}
	record(t, eng, click("user-002", itemOf(1, 1))) // and may come back
	if history, _ := eng.Memory("user-002"); len(history) != 1 {
		t.Errorf("back again with the history %+v", history)
	}
	for _, entry := range all(t, st) {
		if entry.Fact == store.Forgotten {
			eng.Apply(entry) // heard of a second time
		}
	}
	if !eng.InMemory("user-002") {
		t.Error("who is back has been forgotten by what was known")
	}
}

// Who is forgotten stays so: no version that was trained before comes back, and it is deleted when the next is published.
func TestForgottenForGood(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		cat := newCatalog(t)
		eng, st := trained(t, recommend.Options{Catalog: cat})
		again := func() *recommend.Engine {
			if restart {
				eng = open(t, st, recommend.Options{Catalog: cat})
			}
			return eng
		}
		train(t, eng)
		forget(t, eng, "user-002")
		if _, err := again().Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
			t.Errorf("restart %v: rolled back to a version from before: %v", restart, err)
		}
		if r := train(t, again()); r.Version != 3 || !r.Published || r.Users != 199 {
			t.Errorf("restart %v: trained %+v", restart, r)
		}
		if versions, _ := st.ModelVersions(t.Context(), recommend.ModelName); !slices.Equal(versions, []uint64{3}) {
			t.Errorf("restart %v: the store keeps %v, want the last alone", restart, versions)
		}
		if _, err := again().Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
			t.Errorf("restart %v: after the training rolled back to a version from before: %v", restart, err)
		}
		train(t, eng)
		if v, err := again().Rollback(t.Context()); v != 3 || err != nil {
			t.Errorf("restart %v: rolled back to %d (%v), want 3", restart, v, err)
		}
	}
}

// The engine that trains may not have heard yet that somebody was forgotten elsewhere: what it has learned from tells, and so
// the versions from before are gone, and do not come back on an engine that is opened then.
func TestForgottenUnheard(t *testing.T) {
	t.Parallel()
	for _, trimmed := range []bool{false, true} {
		cat := newCatalog(t)
		eng, st := trained(t, recommend.Options{Catalog: cat})
		other := open(t, st, recommend.Options{Catalog: cat})
		forget(t, other, "user-002")
		if trimmed {
			trimAll(t, st)
			record(t, other, shoppers(100, 2)...)
		}
		if r := train(t, eng); r.Version != 2 || !r.Published {
			t.Fatalf("trained %+v", r)
		}
		if versions, _ := st.ModelVersions(t.Context(), recommend.ModelName); !slices.Equal(versions, []uint64{2}) {
			t.Errorf("trimmed %v: the store keeps %v, want the last alone", trimmed, versions)
		}
		if v, err := open(t, keepingStore{st}, recommend.Options{Catalog: cat}).Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
			t.Errorf("trimmed %v: rolled back to %d (%v)", trimmed, v, err)
		}
	}
}

// keepingStore deletes no model, like an engine that dies before it does.
type keepingStore struct{ store.Store }

func (keepingStore) DeleteModel(context.Context, string, uint64) error { return nil }

// That somebody was forgotten is known after a restart too, when the versions from before are still there.
func TestForgottenVersionsThatWereNotDeleted(t *testing.T) {
	t.Parallel()
	st, cat := memory(), newCatalog(t)
	eng := open(t, keepingStore{st}, recommend.Options{Catalog: cat})
	record(t, eng, shoppers(50, 1)...)
	train(t, eng)
	forget(t, eng, "user-002")
	train(t, eng)
	again := open(t, st, recommend.Options{Catalog: cat})
	if v, err := again.Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
		t.Errorf("rolled back to %d (%v)", v, err)
	}
	train(t, again)
	if versions, _ := st.ModelVersions(t.Context(), recommend.ModelName); !slices.Equal(versions, []uint64{2, 3}) {
		t.Errorf("the store keeps %v, want 2 and 3", versions)
	}
}

// The item that only a forgotten user had leaves the engine's own catalogue with the next training, here, after a restart and
// on an engine that follows; what others had to do with stays, if only that it was shown to them.
func TestForgottenItems(t *testing.T) {
	t.Parallel()
	st := memory()
	eng := open(t, st, recommend.Options{})
	record(t, eng, shoppers(20, 1)...)
	record(t, eng, buy("ann", "secret"), buy("ann", "tea"), buy("bob", "tea"))
	record(t, eng, store.Interaction{User: "bob", Item: "shown", Kind: store.Impression, Time: monday})
	train(t, eng)
	follower := open(t, st, recommend.Options{})
	forget(t, eng, "ann")
	train(t, eng)
	if _, err := follower.Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) { // which catches up, and adopts
		t.Fatal(err)
	}
	for name, eng := range map[string]*recommend.Engine{"lived through": eng, "restarted": open(t, st, recommend.Options{}), "followed": follower} {
		all := items(ask(t, eng, recommend.Request{N: 1000}))
		if slices.Contains(all, "secret") || !slices.Contains(all, "tea") || !slices.Contains(all, "shown") {
			t.Errorf("%s: the pages hold %v", name, all)
		}
	}
	record(t, eng, click("eve", "secret"))
	if all := items(ask(t, eng, recommend.Request{N: 1000})); !slices.Contains(all, "secret") {
		t.Error("who has to do with it again does not bring it back")
	}
}

// An event ID counts once: on pages, in what is trending, and in training.
func TestEventsThatComeAgain(t *testing.T) {
	t.Parallel()
	st := memory()
	eng := open(t, st, recommend.Options{})
	ask(t, eng, recommend.Request{User: "ann"})
	again := buy("ann", "tea")
	again.ID = "order-1"
	for range 5 {
		record(t, eng, again)
	}
	record(t, eng, again, again, buy("bob", "mug"), buy("eve", "mug"))
	if history, _ := eng.Memory("ann"); len(history) != 1 {
		t.Errorf("history %+v, want one event", history)
	}
	for _, eng := range []*recommend.Engine{eng, open(t, st, recommend.Options{})} {
		if diff := cmp.Diff([]string{"mug", "tea"}, items(trending(t, eng, 2))); diff != "" {
			t.Errorf("trending (-want +got):\n%s", diff)
		}
	}
	if r := train(t, eng); r.Interactions != 3 {
		t.Errorf("trained on %d interactions, want 3", r.Interactions)
	}
	other := buy("bob", "tea") // another's event may have the same ID
	other.ID = again.ID
	record(t, eng, other)
	if r := train(t, eng); r.Interactions != 4 {
		t.Errorf("trained on %d interactions, want 4", r.Interactions)
	}
}

// Items beyond ItemsMax are stored, and nothing else: they are on no page and take no memory.
func TestItemsMax(t *testing.T) {
	st := memory()
	eng := open(t, st, recommend.Options{ItemsMax: 10})
	for i := range 20 {
		record(t, eng, buy("ann", fmt.Sprint("item-", i)))
	}
	ask(t, eng, recommend.Request{User: "ann"})
	var batch []store.Interaction
	for i := range 5000 {
		batch = append(batch, buy("ann", fmt.Sprint("more-", i)))
	}
	record(t, eng, batch...)
	if r := train(t, eng); r.Items != 10 {
		t.Errorf("trained on %d items, want 10", r.Items)
	}
	if _, seen := eng.Memory("ann"); seen != 10 || eng.Status().Items != 10 {
		t.Errorf("%d items hidden, %d known, want 10", seen, eng.Status().Items)
	}
	if got := items(ask(t, eng, recommend.Request{User: "bob", N: 100})); len(got) != 10 {
		t.Errorf("pages hold %d items, want 10", len(got))
	}
	end, err := st.History(t.Context(), "ann", 10_000)
	if err != nil || len(end) != 5020 {
		t.Errorf("%d stored (%v), want all 5020", len(end), err)
	}
	record(t, eng, buy("bob", "item-0"), buy("bob", "item-1")) // those that it knows still count
	if got := items(ask(t, eng, recommend.Request{User: "bob", N: 100})); len(got) != 8 {
		t.Errorf("bob, who bought two, is shown %d", len(got))
	}
}
