package recommend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/hybrid"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

// quick is a blend that trains in no time.
var quick = hybrid.Trainer{Parts: []model.Trainer{popular.Trainer{}, itemknn.Trainer{}}}

// variants assigns as the function does.
type variants func(user string) string

func (f variants) Variant(user string) string { return f(user) }

// everybody is in one variant.
func everybody(variant string) variants { return func(string) string { return variant } }

// forcing gives ann her variant by hand.
type forcing struct{ variants }

func (forcing) Forced(user string) bool { return user == "ann" }

// logged is what the store's log has of a kind, as "user item variant".
func logged(t testing.TB, st store.Log, kind store.Kind) []string {
	t.Helper()
	var out []string
	for entry, err := range st.Scan(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if in := &entry.Interaction; in.Kind == kind {
			out = append(out, strings.Join([]string{in.User, in.Item, in.Variant}, " "))
		}
	}
	return out
}

// tea is an engine that has seen one click, so that everybody is shown tea.
func tea(t testing.TB, st store.Store, opts recommend.Options) *recommend.Engine {
	t.Helper()
	eng := open(t, st, opts)
	record(t, eng, store.Interaction{User: "somebody", Item: "tea", Kind: store.Purchase, Time: monday})
	return eng
}

func TestWhatExposes(t *testing.T) {
	home := recommend.Request{User: "ann", Session: "s", Placement: "home", N: 3}
	tests := []struct {
		name     string
		assigner recommend.Assigner
		do       func(t *testing.T, eng *recommend.Engine, c *clock)
		want     []string
	}{
		{"the first page", everybody("a"), func(t *testing.T, eng *recommend.Engine, _ *clock) {
			for range 3 {
				ask(t, eng, home)
			}
		}, []string{"ann tea a"}},
		{"the first page of each day", everybody("a"), func(t *testing.T, eng *recommend.Engine, c *clock) {
			for range 4 {
				ask(t, eng, home)
				c.advance(6 * time.Hour) // from noon: two are on the next day
			}
		}, []string{"ann tea a", "ann tea a"}},
		{"each page of another variant", variants(nil), func(t *testing.T, eng *recommend.Engine, _ *clock) {
			for range 4 {
				ask(t, eng, home)
			}
		}, []string{"ann tea a", "ann tea b", "ann tea a"}},
		{"not again after an interaction", everybody("a"), func(t *testing.T, eng *recommend.Engine, _ *clock) {
			ask(t, eng, home)
			record(t, eng, click("ann", "mug"))
			ask(t, eng, home)
		}, []string{"ann tea a"}},
		{"again after being forgotten", everybody("a"), func(t *testing.T, eng *recommend.Engine, _ *clock) {
			ask(t, eng, home)
			if err := eng.Forget(t.Context(), "ann"); err != nil {
				t.Fatal(err)
			}
			ask(t, eng, home)
		}, []string{"ann tea a"}},
		{"no stranger", everybody("a"), func(t *testing.T, eng *recommend.Engine, _ *clock) { ask(t, eng, recommend.Request{}) }, nil},
		{"nobody outside the experiment", everybody(""), func(t *testing.T, eng *recommend.Engine, _ *clock) { ask(t, eng, home) }, nil},
		{"nobody without one", nil, func(t *testing.T, eng *recommend.Engine, _ *clock) { ask(t, eng, home) }, nil},
		{"nobody by hand", forcing{everybody("a")}, func(t *testing.T, eng *recommend.Engine, _ *clock) {
			if p := ask(t, eng, home); p.Variant != "a" {
				t.Errorf("variant %q", p.Variant)
			}
			ask(t, eng, recommend.Request{User: "bob"})
		}, []string{"bob tea a"}},
		{"no page whose model was asked for", everybody("a"), func(t *testing.T, eng *recommend.Engine, _ *clock) {
			if p := ask(t, eng, recommend.Request{User: "ann", Model: recommend.Trending}); p.Variant != "" {
				t.Errorf("variant %q", p.Variant)
			}
		}, nil},
		{"no empty page", everybody("a"), func(t *testing.T, eng *recommend.Engine, _ *clock) {
			ask(t, eng, recommend.Request{User: "ann", Exclude: func(string) bool { return true }})
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st, c, calls := store.NewMemory(store.MemoryOptions{}), &clock{}, 0
			if f, ok := tt.assigner.(variants); ok && f == nil {
				tt.assigner = variants(func(string) string {
					calls++
					return "aabba"[calls-1 : calls] // the first is stamped on what tea records
				})
			}
			eng := tea(t, st, recommend.Options{Experiment: tt.assigner, Now: c.now})
			tt.do(t, eng, c)
			if diff := cmp.Diff(tt.want, logged(t, st, store.Impression)); diff != "" {
				t.Errorf("exposures (-want +got):\n%s", diff)
			}
			for entry := range st.Scan(t.Context(), 0) {
				in := entry.Interaction
				if in.Kind == store.Impression && in.User == "ann" && (in.Session != "s" || in.Placement != "home") {
					t.Errorf("%+v", in)
				}
			}
		})
	}
}

// What an exposure is not: something seen, something to learn from.
func TestExposuresChangeNoPages(t *testing.T) {
	plain, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Trainer: quick})
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t), Trainer: quick, Experiment: everybody("a")})
	for range 2 {
		for u := range 50 {
			req := recommend.Request{User: fmt.Sprintf("user-%03d", u), N: 10}
			want, got := ask(t, plain, req), ask(t, eng, req)
			if diff := cmp.Diff(want.Items, got.Items, nearly); diff != "" {
				t.Fatalf("%s (-without +with):\n%s", req.User, diff)
			}
		}
		ask(t, eng, recommend.Request{User: "passer-by"})
		if a, b := train(t, plain), train(t, eng); a.Users != b.Users || a.Gate != b.Gate {
			t.Errorf("trained %+v without and %+v with exposures", a, b)
		}
	}
	if got := len(logged(t, st, store.Impression)); got != 51 {
		t.Errorf("%d exposures, want 51", got)
	}
}

func TestPageIsGivenThoughItsExposureIsRefused(t *testing.T) {
	st := &fullStore{Store: store.NewMemory(store.MemoryOptions{})}
	var text bytes.Buffer
	eng := tea(t, st, recommend.Options{Experiment: everybody("a"), Logger: slog.New(slog.NewTextHandler(&text, nil))})
	st.full.Store(true)
	for range 2 {
		if p := ask(t, eng, recommend.Request{User: "ann"}); len(p.Items) != 1 || p.Variant != "a" {
			t.Errorf("page %+v", p)
		}
	}
	if got := text.String(); strings.Count(got, "exposure not recorded") != 2 || !strings.Contains(got, errFull.Error()) || strings.Contains(got, "ann") {
		t.Errorf("logged %q, want two failures without a name", got)
	}
	st.full.Store(false)
	ask(t, eng, recommend.Request{User: "ann"})
	ask(t, eng, recommend.Request{User: "ann"})
	if diff := cmp.Diff([]string{"ann tea a"}, logged(t, st, store.Impression)); diff != "" {
		t.Errorf("exposures (-want +got):\n%s", diff)
	}
}

// slowStore lets impressions in when it is told to.
type slowStore struct {
	store.Store
	arrived chan struct{}
	let     chan error
}

func (s *slowStore) Append(ctx context.Context, batch []store.Interaction) (store.Position, error) {
	if len(batch) > 0 && batch[0].Kind == store.Impression {
		s.arrived <- struct{}{}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case err := <-s.let:
			if err != nil {
				return 0, err
			}
		}
	}
	return s.Store.Append(ctx, batch)
}

// TestNoPageBeforeItsExposure serves a new user from many goroutines while the store takes its time: no page comes before
// the one exposure is in the log. When the store then refuses, all pages come.
func TestNoPageBeforeItsExposure(t *testing.T) {
	for name, answer := range map[string]error{"written": nil, "refused": errFull} {
		t.Run(name, func(t *testing.T) {
			st := &slowStore{store.NewMemory(store.MemoryOptions{}), make(chan struct{}, 100), make(chan error)}
			eng := tea(t, st, recommend.Options{Experiment: everybody("a")})
			var given atomic.Int64
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					ask(t, eng, recommend.Request{User: "ann"})
					given.Add(1)
				})
			}
			<-st.arrived
			time.Sleep(20 * time.Millisecond) // for a page to slip through, if it can
			if n := given.Load(); n != 0 {
				t.Errorf("%d pages before the exposure", n)
			}
			st.let <- answer
			if answer == nil {
				wg.Wait()
				if got := logged(t, st, store.Impression); len(got) != 1 {
					t.Errorf("exposures %v, want one", got)
				}
				return
			}
			go func() {
				for range st.arrived { // those who came after the first refusal
					st.let <- answer
				}
			}()
			wg.Wait()
			close(st.arrived)
		})
	}
}

func TestExposureStopsWithItsRequest(t *testing.T) {
	st := &slowStore{store.NewMemory(store.MemoryOptions{}), make(chan struct{}, 2), make(chan error)}
	eng := tea(t, st, recommend.Options{Experiment: everybody("a")})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 { // one writes, the other waits for it
		wg.Go(func() { _, _ = eng.Recommend(ctx, recommend.Request{User: "ann"}) })
	}
	<-st.arrived
	cancel()
	wg.Wait()
}

// busyTrainer asks for a page while it trains and Close waits for it.
type busyTrainer struct {
	model.Trainer
	busy func()
}

func (b busyTrainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	b.busy()
	return b.Trainer.Train(ctx, data, opt)
}

func TestExposureDoesNotWaitForClose(t *testing.T) {
	var eng *recommend.Engine
	closed := make(chan error, 1)
	eng = tea(t, store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Experiment: everybody("a"), Trainer: busyTrainer{small, func() {
			go func() { closed <- eng.Close() }()
			for i := 0; ; i++ {
				_, err := eng.Recommend(t.Context(), recommend.Request{User: fmt.Sprint("user-", i)})
				if errors.Is(err, recommend.ErrClosed) {
					return
				}
			}
		}},
	})
	train(t, eng)
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestCachedPageUnderAnExperimentAllocatesNothing(t *testing.T) {
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "control"}, {Key: "mix"}, {Key: "neighbours"}},
	}}}, experiment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	eng, _ := trained(t, recommend.Options{
		Catalog: newCatalog(t), Experiment: experiment.NewLive(set).Assigner("ranking"),
		Pipelines: map[string][]string{"mix": {"popular", "itemknn"}, "neighbours": {"itemknn"}}, Trainer: quick,
	})
	met := map[string]bool{}
	for u := range 20 {
		ctx, req := t.Context(), recommend.Request{User: fmt.Sprintf("user-%03d", u), N: 20}
		met[ask(t, eng, req).Variant] = true
		if got := testing.AllocsPerRun(100, func() { eng.Recommend(ctx, req) }); got != 0 {
			t.Errorf("%s: %v allocations, want none", req.User, got)
		}
	}
	if len(met) != 3 {
		t.Errorf("variants met: %v, want all three", met)
	}
}

func TestRecordStampsVariants(t *testing.T) {
	st := store.NewMemory(store.MemoryOptions{})
	byUser := variants(func(user string) string { return map[string]string{"ann": "a", "bob": "b"}[user] })
	eng := open(t, st, recommend.Options{Experiment: byUser})
	in := func(user string, kind store.Kind, variant string) store.Interaction {
		return store.Interaction{User: user, Item: "tea", Kind: kind, Time: monday, Variant: variant}
	}
	record(t, eng, in("ann", store.Click, ""), in("bob", store.Purchase, ""), in("ann", store.View, "mine"),
		in("eve", store.Click, ""), in("ann", store.Impression, ""), in("ann", store.Impression, "b"))
	var got []string
	for entry := range st.Scan(t.Context(), 0) {
		got = append(got, entry.Interaction.Variant)
	}
	if diff := cmp.Diff([]string{"a", "b", "mine", "", "", "b"}, got); diff != "" {
		t.Errorf("variants (-want +got):\n%s", diff)
	}
	if err := eng.Record(t.Context(), store.Interaction{Item: "tea", Kind: store.Click}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("an interaction without a user: %v", err)
	}
}
