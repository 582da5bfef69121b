package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// world is a store and some engines on it, which know of each other when they catch up.
type world struct {
	t       *testing.T
	rng     *rand.Rand
	st      store.Store
	opts    recommend.Options
	clock   clock
	engines []*recommend.Engine
	did     []string
}

func newWorld(t *testing.T, seed uint64, engines int) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 99)), st: memory()}
	if seed%2 == 1 {
		w.st = partitioned()
	}
	w.opts = recommend.Options{
		Catalog: newCatalog(t), Now: w.clock.now, PageTTL: time.Hour, UsersMax: 4 + w.rng.IntN(10),
		Experiments: []recommend.Assigner{halves()},
		Policies: []recommend.Policy{
			{Variant: "popular-only", Parts: []string{"popular"}},
			{Placement: "again", Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{
				store.Purchase: 48 * time.Hour, store.View: 0, store.Impression: time.Hour,
			}}},
		},
	}
	for range engines {
		w.engines = append(w.engines, open(t, w.st, w.opts))
	}
	return w
}

func (w *world) user() string { return fmt.Sprint("user-", w.rng.IntN(8)) }

func (w *world) interaction() store.Interaction {
	kinds := []store.Kind{store.View, store.Click, store.Purchase, store.Purchase, store.Dislike, store.Impression}
	in := store.Interaction{
		User: w.user(), Item: itemOf(w.rng.IntN(tastes), w.rng.IntN(perItem)), Kind: kinds[w.rng.IntN(len(kinds))],
		Session: fmt.Sprint(w.rng.IntN(3)),
	}
	if w.rng.IntN(4) == 0 {
		in.ID = fmt.Sprint(w.rng.IntN(50)) // now and then the same again
	}
	return in
}

// step does something on one of the engines.
func (w *world) step() {
	i := w.rng.IntN(len(w.engines))
	eng, what := w.engines[i], ""
	check := func(err error) {
		if err != nil {
			w.t.Fatalf("%s on engine %d: %v\n%s", what, i, err, strings.Join(w.did, " "))
		}
	}
	switch n := w.rng.IntN(100); {
	case n < 45:
		what = "record"
		var batch []store.Interaction
		for range 1 + w.rng.IntN(4) {
			batch = append(batch, w.interaction())
		}
		check(eng.Record(w.t.Context(), batch...))
	case n < 75:
		what = "recommend"
		_, err := eng.Recommend(w.t.Context(), recommend.Request{User: w.user(), N: 1 + w.rng.IntN(5), Placement: []string{"", "again"}[w.rng.IntN(2)]})
		check(err)
	case n < 85:
		what = "catch up"
		check(eng.CatchUp(w.t.Context()))
	case n < 88:
		what = "advance"
		w.clock.advance(time.Duration(w.rng.IntN(20)) * time.Hour)
	case n < 91:
		what = "profile"
		p, err := w.st.Profile(w.t.Context(), w.user())
		if err != nil {
			p = store.Profile{User: w.user()}
		}
		p.Preferences = map[string][]string{"brand": {fmt.Sprint("brand-", w.rng.IntN(5))}}
		if _, err = eng.PutProfile(w.t.Context(), p); !strings.Contains(fmt.Sprint(err), "conflict") {
			check(err)
		}
	case n < 93:
		what = "forget"
		check(eng.Forget(w.t.Context(), w.user()))
	case n < 95:
		what = "train"
		_, err := eng.Train(w.t.Context())
		check(err)
	case n < 96:
		what = "roll back"
		_, err := eng.Rollback(w.t.Context())
		if err != recommend.ErrNoRollback {
			check(err)
		}
	default:
		what = "kill" // without a word, and open anew
		w.engines[i] = open(w.t, w.st, w.opts)
	}
	w.did = append(w.did, fmt.Sprintf("%s:%d", what, i))
}

// known is what can be seen of an engine.
type known struct {
	Pages     map[string][]recommend.Recommendation // by user and placement
	IDs       map[string]string
	Histories map[string][]recommend.Event
	Trending  []recommend.Recommendation
	Scores    map[string]float32
	Exposures int
	Version   uint64
	Entries   string
}

func (w *world) known(eng *recommend.Engine) known {
	k := known{
		Pages: map[string][]recommend.Recommendation{}, IDs: map[string]string{}, Histories: map[string][]recommend.Event{},
		Exposures: eng.ExposedToday(), Version: eng.Status().Version, Entries: eng.Status().Entries,
	}
	for i := range 8 {
		user := fmt.Sprint("user-", i)
		for _, placement := range []string{"", "again"} {
			page := ask(w.t, eng, recommend.Request{User: user, N: 100, Placement: placement})
			k.Pages[user+" "+placement], k.IDs[user+" "+placement] = page.Items, page.ID+page.Variant
		}
		k.Histories[user], _ = eng.Memory(user)
	}
	k.Trending, k.Scores = trending(w.t, eng, 100).Items, counted(eng)
	return k
}

// TestRandomHistories lets up to three engines do as they like on one store, of one partition or several, die and come back. When all have caught up each knows
// what one knows that has just been opened: pages, histories, trending, exposures, the model in service.
func TestRandomHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		w := newWorld(t, seed, 1+int(seed%3))
		for range 200 {
			w.step()
		}
		for i, eng := range w.engines {
			if err := eng.Adopt(t.Context()); err != nil {
				t.Fatalf("seed %d, engine %d: %v", seed, i, err)
			}
		}
		for _, eng := range w.engines { // pages below expose, if anybody is left to be
			for i := range 8 {
				ask(t, eng, recommend.Request{User: fmt.Sprint("user-", i)})
			}
			for _, eng := range w.engines {
				if err := eng.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		want := w.known(open(t, w.st, w.opts))
		for i, eng := range w.engines {
			got := w.known(eng)
			if diff := cmp.Diff(want, got, nearly); diff != "" {
				t.Fatalf("seed %d, engine %d (-opened +got):\n%s\n%s", seed, i, diff, strings.Join(w.did, " "))
			}
		}
		w.judge(want)
	}
}

// judge reads the log as its documents say, without an engine: whose events are known, and what is hidden from whom.
func (w *world) judge(got known) {
	events, exposed := map[string][]recommend.Event{}, map[string]bool{}
	seen := map[string]map[string]bool{}
	for _, entry := range all(w.t, w.st) {
		in := entry.Interaction
		switch {
		case entry.Fact == store.Exposed && sameDay(in.Time, w.clock.now()):
			if key := in.User + in.Experiment + in.Variant; exposed[key] && len(w.engines) == 1 { // others have to hear of it first
				w.t.Errorf("%s exposed twice a day", in.User)
			} else {
				exposed[key] = true
			}
		case entry.Fact == store.Interacted && in.Kind != store.Impression:
			weight := recommend.DefaultWeights()[in.Kind]
			events[in.User] = append(events[in.User], recommend.Event{Position: entry.Position, Item: in.Item, Weight: weight})
			if seen[in.User] == nil {
				seen[in.User] = map[string]bool{}
			}
			seen[in.User][in.Item] = true
		}
	}
	for user, history := range got.Histories {
		if diff := cmp.Diff(events[user], history); diff != "" {
			w.t.Errorf("%s (-log +engine):\n%s", user, diff)
		}
	}
	for name, page := range got.Pages {
		user, place, _ := strings.Cut(name, " ")
		for _, item := range page {
			if seen[user][item.Item] && place == "" {
				w.t.Errorf("%s is shown %s again", user, item.Item)
			}
		}
	}
}

func sameDay(a, b time.Time) bool {
	return a.UTC().Truncate(24 * time.Hour).Equal(b.UTC().Truncate(24 * time.Hour))
}
