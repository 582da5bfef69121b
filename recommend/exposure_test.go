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
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// variants is an experiment that assigns as the function does.
type variants struct {
	key   string
	names []string
	of    func(user string) string
}

func (x variants) Key() string                { return x.key }
func (x variants) Variants() []string         { return x.names }
func (x variants) Variant(user string) string { return x.of(user) }

// everybody is in one variant of the experiment "test".
func everybody(variant string) variants { return everybodyIn("test", variant) }

func everybodyIn(key, variant string) variants {
	return variants{key, []string{"a", "b", "mix", "control", "treatment"}, func(string) string { return variant }}
}

// halves is an experiment whose variant is the last digit of the user.
func halves() variants {
	return variants{"halves", []string{"control", "popular-only"}, func(user string) string {
		if (user[len(user)-1]-'0')%2 == 0 {
			return "control"
		}
		return "popular-only"
	}}
}

// forcing gives ann her variant by hand.
type forcing struct{ variants }

func (forcing) Forced(user string) bool { return user == "ann" }

// logged is what the log has of a fact, as "user item experiment/variant".
func logged(t testing.TB, st store.Log, fact store.Fact, kinds ...store.Kind) []string {
	t.Helper()
	var out []string
	for entry, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		if in := &entry.Interaction; entry.Fact == fact && (kinds == nil || in.Kind == kinds[0]) {
			out = append(out, strings.TrimSuffix(strings.Join([]string{in.User, in.Item, in.Experiment + "/" + in.Variant}, " "), "/"))
		}
	}
	return out
}

// tea is an engine that has seen one purchase, so that everybody is shown tea.
func tea(t testing.TB, st store.Store, opts recommend.Options) *recommend.Engine {
	t.Helper()
	eng := open(t, st, opts)
	record(t, eng, buy("somebody", "tea"))
	return eng
}

// An exposure is a fact of its own in the log: who, to which variant of which experiment, with which page.
func TestWhatExposes(t *testing.T) {
	t.Parallel()
	home := recommend.Request{User: "ann", Session: "s", Placement: "home", N: 3}
	tests := []struct {
		name        string
		experiments []recommend.Assigner
		policies    []recommend.Policy
		do          func(t *testing.T, eng *recommend.Engine, c *clock)
		want        []string
	}{
		{"the first page", []recommend.Assigner{everybody("a")}, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) {
			for range 3 {
				ask(t, eng, home)
			}
		}, []string{"ann tea test/a"}},
		{"the first page of each day", []recommend.Assigner{everybody("a")}, nil, func(t *testing.T, eng *recommend.Engine, c *clock) {
			for range 4 {
				ask(t, eng, home)
				c.advance(6 * time.Hour) // from noon: two are on the next day
			}
		}, []string{"ann tea test/a", "ann tea test/a"}},
		{"each variant once a day", []recommend.Assigner{rotating("abba")}, nil, func(t *testing.T, eng *recommend.Engine, c *clock) {
			for range 5 {
				ask(t, eng, home)
			}
		}, []string{"ann tea test/a", "ann tea test/b"}},
		{"not again after an interaction", []recommend.Assigner{everybody("a")}, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) {
			ask(t, eng, home)
			record(t, eng, click("ann", "mug"))
			ask(t, eng, home)
		}, []string{"ann tea test/a"}},
		{"again after being forgotten", []recommend.Assigner{everybody("a")}, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) {
			ask(t, eng, home)
			forget(t, eng, "ann")
			ask(t, eng, home)
		}, []string{"ann tea test/a"}}, // and the one before is gone
		{"no stranger", []recommend.Assigner{everybody("a")}, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) { ask(t, eng, recommend.Request{}) }, nil},
		{"nobody outside the experiment", []recommend.Assigner{everybody("")}, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) { ask(t, eng, home) }, nil},
		{"nobody without one", nil, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) { ask(t, eng, home) }, nil},
		{"nobody by hand", []recommend.Assigner{forcing{everybody("a")}}, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) {
			if p := ask(t, eng, home); p.Variant != "a" {
				t.Errorf("variant %q", p.Variant)
			}
			ask(t, eng, recommend.Request{User: "bob"})
		}, []string{"bob tea test/a"}},
		{"no page whose model was asked for", []recommend.Assigner{everybody("a")}, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) {
			if p := ask(t, eng, recommend.Request{User: "ann", Model: recommend.Trending}); p.Variant != "" || p.Experiment != "" {
				t.Errorf("variant %q of %q", p.Variant, p.Experiment)
			}
		}, nil},
		{"no empty page", []recommend.Assigner{everybody("a")}, nil, func(t *testing.T, eng *recommend.Engine, _ *clock) {
			ask(t, eng, recommend.Request{User: "ann", Exclude: []string{"tea"}})
		}, nil},
		{"several experiments, once each", []recommend.Assigner{everybodyIn("ranking", "a"), everybodyIn("layout", "b"), everybodyIn("paused", "")}, nil,
			func(t *testing.T, eng *recommend.Engine, _ *clock) {
				ask(t, eng, home)
				ask(t, eng, home)
			}, []string{"ann tea ranking/a", "ann tea layout/b"}},
		{"only where the experiment has a say", []recommend.Assigner{everybodyIn("ranking", "a"), everybodyIn("layout", "b")},
			[]recommend.Policy{{Experiment: "ranking", Variant: "a", Placement: "cart"}, {Experiment: "layout", Placement: "home"}},
			func(t *testing.T, eng *recommend.Engine, _ *clock) {
				if p := ask(t, eng, home); p.Experiment != "layout" || p.Variant != "b" {
					t.Errorf("the page says %q of %q", p.Variant, p.Experiment)
				}
				ask(t, eng, recommend.Request{User: "bob", Placement: "cart"})
				ask(t, eng, recommend.Request{User: "eve", Placement: "elsewhere"})
			}, []string{"ann tea layout/b", "bob tea ranking/a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st, c := memory(), &clock{}
			eng := tea(t, st, recommend.Options{Experiments: tt.experiments, Policies: tt.policies, Now: c.now})
			tt.do(t, eng, c)
			if diff := cmp.Diff(tt.want, logged(t, st, store.Exposed)); diff != "" {
				t.Errorf("exposures (-want +got):\n%s", diff)
			}
			for entry := range st.Scan(t.Context(), store.Place{}) {
				in := entry.Interaction
				if entry.Fact == store.Exposed && in.User == "ann" && (in.Session != "s" || in.Placement != "home" || in.Page == "" || in.Time.Before(monday)) {
					t.Errorf("%+v", in)
				}
			}
		})
	}
}

// rotating gives ann one variant after another, for each page one.
func rotating(order string) *rotation { return &rotation{variants: everybody(""), order: order} }

type rotation struct {
	variants
	order string
	calls int
}

func (r *rotation) Variant(user string) string {
	if user != "ann" {
		return ""
	}
	r.calls++
	return r.order[(r.calls-1)%len(r.order):][:1]
}

// Once a day holds for everybody, in memory or not, and after a restart.
func TestExposuresBeyondUsersMax(t *testing.T) {
	t.Parallel()
	st, c := memory(), &clock{}
	opts := recommend.Options{Experiments: []recommend.Assigner{everybody("a")}, UsersMax: 10, Now: c.now}
	eng := tea(t, st, opts)
	const users = 50
	for day := range 2 {
		for round := range 5 {
			if round == 2 {
				train(t, eng) // from whose place on a restart reads the log, but for the exposures of the day
			}
			if round == 1 {
				record(t, eng, buy("somebody", "tea")) // lies between the exposures and the training
			}
			if round == 3 {
				before := eng.Score("tea")
				if eng = open(t, st, opts); eng.Score("tea") != before {
					t.Errorf("a restart has tea count %v, %v before", eng.Score("tea"), before)
				}
			}
			for u := range users {
				ask(t, eng, recommend.Request{User: fmt.Sprint("user-", u)})
			}
		}
		if got := len(logged(t, st, store.Exposed)); got != (day+1)*users {
			t.Errorf("day %d: %d exposures of %d users", day, got, users)
		}
		if got := eng.ExposedToday(); got != users {
			t.Errorf("day %d: %d are remembered", day, got)
		}
		c.advance(24 * time.Hour)
	}
}

// What an exposure is not: something seen, something to learn from, something that is trending.
func TestExposuresChangeNoPages(t *testing.T) {
	t.Parallel()
	plain, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t), Experiments: []recommend.Assigner{everybody("a")}})
	for range 2 {
		for u := range 50 {
			for _, m := range []string{"", recommend.Trending} {
				req := recommend.Request{User: fmt.Sprintf("user-%03d", u), N: 10, Model: m}
				if diff := cmp.Diff(ask(t, plain, req).Items, ask(t, eng, req).Items, nearly); diff != "" {
					t.Fatalf("%s (-without +with):\n%s", req.User, diff)
				}
			}
		}
		ask(t, eng, recommend.Request{User: "passer-by"})
		a, b := train(t, plain), train(t, eng)
		if a.Users != b.Users || a.Gate != b.Gate || a.Interactions != b.Interactions {
			t.Errorf("trained %+v without and %+v with exposures", a, b)
		}
	}
	if got := len(logged(t, st, store.Exposed)); got != 51 {
		t.Errorf("%d exposures, want 51", got)
	}
}

func TestPageIsGivenThoughItsExposureIsRefused(t *testing.T) {
	t.Parallel()
	st := &fullStore{Store: memory()}
	var text bytes.Buffer
	eng := tea(t, st, recommend.Options{Experiments: []recommend.Assigner{everybody("a")}, Logger: slog.New(slog.NewTextHandler(&text, nil))})
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
	if diff := cmp.Diff([]string{"ann tea test/a"}, logged(t, st, store.Exposed)); diff != "" {
		t.Errorf("exposures (-want +got):\n%s", diff)
	}
}

// slowStore lets exposures in when it is told to.
type slowStore struct {
	store.Store
	arrived chan struct{}
	let     chan error
}

func (s *slowStore) Append(ctx context.Context, batch []store.Entry) error {
	if len(batch) > 0 && batch[0].Fact == store.Exposed {
		s.arrived <- struct{}{}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-s.let:
			if err != nil {
				return err
			}
		}
	}
	return s.Store.Append(ctx, batch)
}

// TestNoPageBeforeItsExposure serves a new user from many goroutines while the store takes its time: no page comes before
// the one exposure is in the log. When the store then refuses, all pages come.
func TestNoPageBeforeItsExposure(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{"written": nil, "refused": errFull} {
		t.Run(name, func(t *testing.T) {
			st := &slowStore{memory(), make(chan struct{}, 100), make(chan error)}
			eng := tea(t, st, recommend.Options{Experiments: []recommend.Assigner{everybody("a")}})
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
				if got := logged(t, st, store.Exposed); len(got) != 1 {
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

// A request that ends waits no longer for an exposure, its own or another's, which the next page then writes.
func TestExposureStopsWithItsRequest(t *testing.T) {
	t.Parallel()
	st := &slowStore{memory(), make(chan struct{}, 2), make(chan error)}
	eng := tea(t, st, recommend.Options{Experiments: []recommend.Assigner{everybody("a")}})
	writing, stop := context.WithCancel(t.Context())
	var writer, waiter sync.WaitGroup
	writer.Go(func() { _, _ = eng.Recommend(writing, recommend.Request{User: "ann"}) })
	<-st.arrived
	waiting, giveUp := context.WithCancel(t.Context())
	waiter.Go(func() { _, _ = eng.Recommend(waiting, recommend.Request{User: "ann"}) })
	giveUp()
	waiter.Wait() // while the other goes on
	stop()
	writer.Wait()
	if got := logged(t, st, store.Exposed); got != nil {
		t.Errorf("exposures %v, want none", got)
	}
	go func() { st.let <- nil }()
	ask(t, eng, recommend.Request{User: "ann"})
	if got := logged(t, st, store.Exposed); len(got) != 1 {
		t.Errorf("exposures %v, want one", got)
	}
}

// busyTrainer asks for pages while it trains and Close waits for it.
type busyTrainer struct {
	model.Trainer
	busy func(ctx context.Context)
}

func (b busyTrainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	b.busy(ctx)
	return b.Trainer.Train(ctx, data, opt)
}

func TestExposureDoesNotWaitForClose(t *testing.T) {
	t.Parallel()
	var eng *recommend.Engine
	closed := make(chan error, 1)
	eng = tea(t, memory(), recommend.Options{
		Experiments: []recommend.Assigner{everybody("a")}, Trainers: []model.Trainer{busyTrainer{quick()[0], func(ctx context.Context) {
			go func() { closed <- eng.Close() }()
			for i := 0; ; i++ {
				_, err := eng.Recommend(t.Context(), recommend.Request{User: fmt.Sprint("user-", i)})
				if errors.Is(err, recommend.ErrClosed) {
					<-ctx.Done() // the training hears of it a moment later
					return
				}
			}
		}}},
	})
	if _, err := eng.Train(t.Context()); !errors.Is(err, recommend.ErrClosed) {
		t.Errorf("the training ends with %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestCachedPageUnderAnExperimentAllocatesNothingMore(t *testing.T) {
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "control"}, {Key: "mix"}, {Key: "neighbours"}},
	}}}, experiment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	eng, _ := trained(t, recommend.Options{
		Catalog: newCatalog(t), Experiments: []recommend.Assigner{experiment.NewLive(set).Assigner("ranking")},
		Policies: []recommend.Policy{
			{Variant: "mix", Parts: []string{"popular", "itemknn"}, Interleave: true}, {Variant: "neighbours", Parts: []string{"itemknn"}},
		},
	})
	met := map[string]bool{}
	for u := range 20 {
		ctx, req := t.Context(), recommend.Request{User: fmt.Sprintf("user-%03d", u), N: 20}
		met[ask(t, eng, req).Variant] = true
		if got := testing.AllocsPerRun(100, func() { eng.Recommend(ctx, req) }); got > 4 {
			t.Errorf("%s: %v allocations, want no more than the page has", req.User, got)
		}
	}
	if len(met) != 3 {
		t.Errorf("variants met: %v, want all three", met)
	}
}

// What comes from no page is stamped with the user's variant; what the caller says stands.
func TestRecordStampsVariants(t *testing.T) {
	t.Parallel()
	st := memory()
	byUser := variants{"test", []string{"a", "b"}, func(user string) string { return map[string]string{"ann": "a", "bob": "b"}[user] }}
	eng := open(t, st, recommend.Options{Experiments: []recommend.Assigner{byUser, everybodyIn("later", "c")}})
	in := func(user string, kind store.Kind, variant string) store.Interaction {
		return store.Interaction{User: user, Item: "tea", Kind: kind, Time: monday, Variant: variant}
	}
	record(t, eng, in("ann", store.Click, ""), in("bob", store.Purchase, ""), in("ann", store.View, "mine"),
		in("eve", store.Click, ""), in("ann", store.Impression, ""))
	want := []string{"ann tea test/a", "bob tea test/b", "ann tea /mine", "eve tea later/c", "ann tea test/a"}
	if diff := cmp.Diff(want, logged(t, st, store.Interacted)); diff != "" {
		t.Errorf("variants (-want +got):\n%s", diff)
	}
}
