package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// trimAll has the store drop all there is.
func trimAll(t testing.TB, st store.Log) {
	t.Helper()
	if err := st.Trim(t.Context(), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if entries := all(t, st); len(entries) > 0 {
		t.Fatalf("%d entries are left, of them %+v", len(entries), entries[0])
	}
}

// Who is forgotten does not come back through an engine that was away while the log was trimmed of the fact: not on its
// pages, not by a rollback there or on one that is opened then, and not in a comparison that goes on.
func TestForgottenWhileAway(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	opts := recommend.Options{Catalog: cat, Experiments: []recommend.Assigner{everybodyIn("test", "a")}}
	away, st := trained(t, opts)
	train(t, away) // so that there is a version to go back to
	ask(t, away, recommend.Request{User: "user-002"})
	ask(t, away, recommend.Request{User: "user-003"})
	comparing, err := away.Compare(recommend.Trial{Arms: []stats.Arm{{Variant: "a"}, {Variant: "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := comparing.Report(t.Context()); err != nil || r.Units != 2 {
		t.Fatalf("%v (%v)", r, err)
	}
	other := open(t, st, opts)
	forget(t, other, "user-002")
	trimAll(t, st)
	if err := away.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if away.InMemory("user-002") {
		t.Error("the engine that was away remembers")
	}
	for name, eng := range map[string]*recommend.Engine{"away": away, "opened": open(t, st, opts), "there": other} {
		if v, err := eng.Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
			t.Errorf("%s: rolled back to %d (%v)", name, v, err)
		}
	}
	if r, err := comparing.Report(t.Context()); err != nil || r.Units != 0 {
		t.Errorf("the comparison has %d users (%v), of a log that has nobody", r.Units, err)
	}
	record(t, other, shoppers(10, 1)...)
	if r := train(t, away); !r.Published || r.Users != 10 {
		t.Errorf("%+v", r)
	}
	if versions, _ := st.ModelVersions(t.Context(), recommend.ModelName); !slices.Equal(versions, []uint64{3}) {
		t.Errorf("the store keeps %v, want the last alone", versions)
	}
}

// A profile that changed while the engine was away is on the next page.
func TestProfileChangedWhileAway(t *testing.T) {
	t.Parallel()
	cat, st := newCatalog(t), memory()
	away, other := open(t, st, recommend.Options{Catalog: cat}), open(t, st, recommend.Options{Catalog: cat})
	ask(t, away, recommend.Request{User: "ann"})
	if _, err := other.PutProfile(t.Context(), store.Profile{User: "ann", Preferences: map[string][]string{"not:brand": {"brand-0"}}}); err != nil {
		t.Fatal(err)
	}
	trimAll(t, st)
	if err := away.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, item := range items(ask(t, away, recommend.Request{User: "ann", N: 50})) {
		if brandOf(t, cat, item) == "brand-0" {
			t.Fatalf("the page has %s of the brand that is not wanted", item)
		}
	}
}

// cutStore ends the next scan with an error after so many entries.
type cutStore struct {
	store.Store
	after int // 0: not
}

func (s *cutStore) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		n := s.after
		s.after = 0
		for entry, err := range s.Store.Scan(ctx, since) {
			if !yield(entry, err) {
				return
			}
			if n--; n == 0 {
				yield(store.Entry{}, errFull)
				return
			}
		}
	}
}

// A scan that passes by what has been trimmed, and then fails, does not hide it from the next one.
func TestAwayAndInterrupted(t *testing.T) {
	t.Parallel()
	st := &cutStore{Store: memory()}
	away, other := open(t, st, recommend.Options{}), open(t, st, recommend.Options{})
	record(t, other, buy("ann", "tea"))
	if err := away.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, away, recommend.Request{User: "ann"})
	forget(t, other, "ann")
	trimAll(t, st)
	record(t, other, buy("bob", "tea"), buy("bob", "mug"))
	st.after = 1
	if err := away.CatchUp(t.Context()); !errors.Is(err, errFull) {
		t.Fatalf("%v, want a scan that fails", err)
	}
	if err := away.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if away.InMemory("ann") {
		t.Error("ann is remembered")
	}
}

// An engine that is never away does not drop what it knows when the log is trimmed.
func TestTrimmedBehind(t *testing.T) {
	t.Parallel()
	st := memory()
	eng := open(t, st, recommend.Options{})
	for range 3 {
		record(t, eng, buy("ann", "tea"))
		forget(t, eng, "bob")
		ask(t, eng, recommend.Request{User: "ann"})
		trimAll(t, st)
		if err := eng.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !eng.InMemory("ann") {
			t.Error("ann is dropped, though nothing was missed")
		}
	}
}

// What is trending forgets, too: what a forgotten user did after the last training counts no more on any engine, at once
// where the engine does not run, and what they did before, with the next training.
func TestTrendingOfTheForgotten(t *testing.T) {
	t.Parallel()
	st := memory()
	eng, other := open(t, st, recommend.Options{}), open(t, st, recommend.Options{})
	record(t, eng, buy("ann", "tea"), buy("ann", "pot"), buy("bob", "mug"))
	train(t, eng)
	record(t, eng, buy("ann", "tea"), buy("ann", "cup"), buy("eve", "cup"))
	scores := func(eng *recommend.Engine) (scores []float32) {
		for _, item := range []string{"tea", "pot", "mug", "cup"} {
			scores = append(scores, eng.Score(item))
		}
		return scores
	}
	if err := errors.Join(other.CatchUp(t.Context()), other.Adopt(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		what string
		do   func()
		want []float32
	}{
		{"nothing", func() {}, []float32{10, 5, 5, 10}},
		{"ann forgotten", func() { forget(t, eng, "ann") }, []float32{5, 5, 5, 5}},
		{"trained", func() { train(t, eng) }, []float32{0, 0, 5, 5}},
		{"nobody forgotten again", func() { forget(t, eng, "nobody") }, []float32{0, 0, 5, 5}},
	} {
		step.do()
		if err := errors.Join(other.CatchUp(t.Context()), other.Adopt(t.Context()), other.CatchUp(t.Context())); err != nil {
			t.Fatal(err)
		}
		for name, eng := range map[string]*recommend.Engine{"there": eng, "elsewhere": other, "opened": open(t, st, recommend.Options{})} {
			if got := scores(eng); !slices.Equal(got, step.want) {
				t.Errorf("%s, %s: tea, pot, mug and cup count %v, want %v", step.what, name, got, step.want)
			}
		}
	}
}

// countingStore calls a function once, in the middle of a scan.
type countingStore struct {
	store.Store
	amid func()
}

func (s *countingStore) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for entry, err := range s.Store.Scan(ctx, since) {
			if !yield(entry, err) {
				return
			}
			if amid := s.amid; amid != nil {
				s.amid = nil
				amid()
			}
		}
	}
}

// TestCountingAnew has things happen while what is trending is counted anew: nothing is lost, nothing counts twice, and who
// is forgotten meanwhile does not count in the end.
func TestCountingAnew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		amid func(t *testing.T, eng, other *recommend.Engine)
		want []float32 // of tea and mug
	}{
		"nothing":   {func(*testing.T, *recommend.Engine, *recommend.Engine) {}, []float32{5, 5}},
		"purchases": {func(t *testing.T, eng, _ *recommend.Engine) { record(t, eng, buy("fay", "tea"), buy("fay", "mug")) }, []float32{10, 10}},
		"purchases elsewhere": {func(t *testing.T, _, other *recommend.Engine) { record(t, other, buy("fay", "tea")) },
			[]float32{10, 5}},
		"what it hears of late": {func(t *testing.T, eng, _ *recommend.Engine) {
			if err := eng.Follow(t.Context()); err != nil {
				t.Error(err)
			}
		}, []float32{10, 5}},
		"somebody is forgotten": {func(t *testing.T, _, other *recommend.Engine) { forget(t, other, "bob") }, []float32{0, 5}},
		"somebody is forgotten, and is heard of": {func(t *testing.T, eng, other *recommend.Engine) {
			forget(t, other, "bob")
			if err := eng.CatchUp(t.Context()); err != nil {
				t.Error(err)
			}
		}, []float32{0, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := &countingStore{Store: memory()}
			eng, other := open(t, st, recommend.Options{}), open(t, st.Store, recommend.Options{})
			record(t, eng, buy("ann", "tea"), buy("bob", "tea"), buy("eve", "mug"))
			if err := errors.Join(st.Forget(t.Context(), "ann"), eng.Follow(t.Context())); err != nil {
				t.Fatal(err)
			}
			if name == "what it hears of late" {
				record(t, other, buy("fay", "tea"))
			}
			st.amid = func() { tt.amid(t, eng, other) }
			if err := eng.Recount(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 2 { // as Run does again and again
				if err := eng.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := []float32{eng.Score("tea"), eng.Score("mug")}; !slices.Equal(got, tt.want) {
				t.Errorf("tea and mug count %v, want %v", got, tt.want)
			}
		})
	}
}

// What an engine applies of somebody after it has heard that they were forgotten does not count.
func TestLateEntriesOfTheForgotten(t *testing.T) {
	t.Parallel()
	st := memory()
	eng, other := open(t, st, recommend.Options{}), open(t, st, recommend.Options{})
	record(t, other, buy("ann", "tea"), buy("bob", "mug"))
	late := all(t, st)
	forget(t, other, "ann")
	record(t, other, buy("ann", "mug"))                      // who comes back
	for _, entry := range append(all(t, st)[1:2], late...) { // the Forgotten one first, of bob's, the Forgotten one and mug
		eng.Apply(entry)
	}
	for range 2 {
		if got := []float32{eng.Score("tea"), eng.Score("mug")}; !slices.Equal(got, []float32{0, 5}) && !slices.Equal(got, []float32{0, 10}) {
			t.Errorf("tea and mug count %v", got)
		}
		if err := eng.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if eng.Score("mug") != 10 {
		t.Errorf("mug counts %v, which two bought", eng.Score("mug"))
	}
}

// An engine that runs counts anew in the background, once for many who are forgotten.
func TestRunCountsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory()
		engines := []*replica{start(t, st, recommend.Options{Now: time.Now}), start(t, st, recommend.Options{Now: time.Now})}
		for i := range 20 {
			record(t, engines[0].Engine, buy(fmt.Sprint("user-", i), "tea"))
		}
		for i := range 19 {
			forget(t, engines[0].Engine, fmt.Sprint("user-", i))
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for i, eng := range engines {
			if got := eng.Score("tea"); got < 4.9 || got > 5.1 {
				t.Errorf("engine %d: tea counts %v, want what one bought", i, got)
			}
			eng.kill()
		}
	})
}
