package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

func TestRestartChangesNothing(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	eng, st := trained(t, recommend.Options{Catalog: cat, Trainers: small()})
	record(t, eng, click("user-001", itemOf(1, 20)), buy("user-002", itemOf(2, 20)), buy("new", itemOf(2, 20)))
	for range 2 { // a training puts what was counted into the file
		again := open(t, st, recommend.Options{Catalog: cat, Trainers: small()})
		few := open(t, st, recommend.Options{Catalog: cat, Trainers: small(), UsersMax: 3, PageTTL: -1})
		for u := range 50 {
			for _, m := range []string{"", recommend.Trending, "als"} {
				req := recommend.Request{User: fmt.Sprintf("user-%03d", u%10), N: 15, Model: m}
				want := ask(t, eng, req)
				for name, other := range map[string]*recommend.Engine{"restarted": again, "with three users in memory": few} {
					if diff := cmp.Diff(want, ask(t, other, req), nearly); diff != "" {
						t.Fatalf("%s, %q: %s (-before +after):\n%s", req.User, m, name, diff)
					}
				}
			}
		}
		train(t, eng)
	}
}

// A restart counts nothing twice and nothing never: what is trending has the order and the scores that it had, whether the
// events lie before the training that the file is of or after it.
func TestRestartKeepsTrending(t *testing.T) {
	t.Parallel()
	st := memory()
	eng := open(t, st, recommend.Options{})
	for i := range 10 {
		record(t, eng, buy(fmt.Sprint("a", i), "old"))
	}
	train(t, eng)
	for i := range 11 {
		record(t, eng, buy(fmt.Sprint("b", i), "new")) // leads by one, unless the ten count twice
	}
	want := trending(t, eng, 5)
	if diff := cmp.Diff([]string{"new", "old"}, items(want)); diff != "" {
		t.Fatalf("before (-want +got):\n%s", diff)
	}
	for range 3 {
		old, new := eng.Score("old"), eng.Score("new")
		eng = open(t, st, recommend.Options{})
		for range 2 { // when it has looked for more, too
			if diff := cmp.Diff(want.Items, trending(t, eng, 5).Items, nearly); diff != "" {
				t.Errorf("after a restart (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff([]float32{old, new}, []float32{eng.Score("old"), eng.Score("new")}, nearly); diff != "" {
				t.Errorf("after a restart, counted (-before +after):\n%s", diff)
			}
			if err := eng.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		record(t, eng, buy("c", "old"), buy("d", "old"), buy("e", "old"))
		train(t, eng)
		want = trending(t, eng, 5) // the first time nothing follows the training
		if eng.Status().Version > 2 {
			record(t, eng, buy("f", "new"), buy("g", "new"), buy("h", "new"), buy("i", "new"))
			want = trending(t, eng, 5)
		}
	}
}

// gatedStore holds reads of histories up until they are let on.
type gatedStore struct {
	store.Store
	gate    atomic.Bool
	arrived chan struct{}
	let     chan struct{}
}

func newGatedStore() *gatedStore {
	return &gatedStore{Store: memory(), arrived: make(chan struct{}), let: make(chan struct{})}
}

func (s *gatedStore) History(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	history, err := s.Store.History(ctx, user, limit)
	if s.gate.Swap(false) {
		s.arrived <- struct{}{}
		<-s.let
	}
	return history, err
}

// TestRecordWhileAHistoryIsRead: what is acknowledged while the user's history is being read shows on no page, however
// much that is and in whatever batches it comes.
func TestRecordWhileAHistoryIsRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ n, batch int }{{1, 1}, {200, 1}, {201, 1}, {500, 1}, {1000, 1000}} {
		t.Run(fmt.Sprintf("%d by %d", tt.n, tt.batch), func(t *testing.T) {
			st := newGatedStore()
			eng := open(t, st, recommend.Options{})
			record(t, eng, buy("ann", "first"), buy("bob", "other"))
			st.gate.Store(true)
			page := make(chan *recommend.Page)
			go func() { page <- ask(t, eng, recommend.Request{User: "ann"}) }()
			<-st.arrived
			var batch []store.Interaction
			for i := range tt.n {
				if batch = append(batch, buy("ann", fmt.Sprint("item-", i))); len(batch) == tt.batch {
					record(t, eng, batch...)
					batch = nil
				}
			}
			close(st.let)
			want := []string{"other"}
			if diff := cmp.Diff(want, items(<-page)); diff != "" {
				t.Errorf("the page under way (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, items(ask(t, eng, recommend.Request{User: "ann"}))); diff != "" {
				t.Errorf("the next page (-want +got):\n%s", diff)
			}
		})
	}
}

// endingStore ends the request in the middle of its Append, which succeeds all the same, or fails.
type endingStore struct {
	store.Store
	end  func()
	fail bool
}

func (s *endingStore) Append(ctx context.Context, batch []store.Entry) error {
	if s.end == nil {
		return s.Store.Append(ctx, batch)
	}
	if s.fail {
		s.end()
		return ctx.Err()
	}
	err := s.Store.Append(ctx, batch)
	s.end()
	return err
}

// A request that ends while it is being recorded parts memory and log in neither way: what the log has, pages know, and
// what it does not have, they do not.
func TestRequestEndsWhileRecording(t *testing.T) {
	t.Parallel()
	for _, fail := range []bool{false, true} {
		st := &endingStore{Store: memory(), fail: fail}
		eng := open(t, st, recommend.Options{})
		record(t, eng, buy("bob", "tea"), buy("bob", "mug"))
		ask(t, eng, recommend.Request{User: "ann"})
		ctx, cancel := context.WithCancel(t.Context())
		st.end = cancel
		err := eng.Record(ctx, buy("ann", "tea"))
		if fail != errors.Is(err, context.Canceled) || !fail && err != nil {
			t.Errorf("fail %v: %v", fail, err)
		}
		history, err := st.History(t.Context(), "ann", 10)
		if err != nil {
			t.Fatal(err)
		}
		shown := slices.Contains(items(ask(t, eng, recommend.Request{User: "ann"})), "tea")
		if shown == (len(history) == 1) || len(history) == 1 == fail {
			t.Errorf("fail %v: the log has %d, and the page shows it: %v", fail, len(history), shown)
		}
	}
}

// Of a user with endless history memory holds a bounded part, and purchases stay hidden whatever is shown to them, also after
// a restart.
func TestEndlessHistory(t *testing.T) {
	t.Parallel()
	hide := []recommend.Policy{{Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Impression: time.Hour}}}}
	for name, opts := range map[string]recommend.Options{
		"seen": {}, "rules": {Policies: hide},
	} {
		t.Run(name, func(t *testing.T) {
			opts.ItemsMax = 100_000
			st := memory()
			eng := open(t, st, opts)
			record(t, eng, buy("ann", "bought"), buy("bob", "bought"), buy("bob", "other"))
			ask(t, eng, recommend.Request{User: "ann"})
			var batch []store.Interaction
			for i := range recommend.SeenMax {
				batch = append(batch, store.Interaction{
					User: "ann", Item: fmt.Sprint("shown-", i%5000), Kind: store.Impression, Time: monday.Add(-2 * time.Hour),
				})
			}
			record(t, eng, batch...)
			for name, eng := range map[string]*recommend.Engine{"lived through": eng, "restarted": open(t, st, opts)} {
				if got := items(ask(t, eng, recommend.Request{User: "ann", N: 1})); !slices.Equal(got, []string{"other"}) {
					t.Errorf("%s: after 10,000 impressions ann, who bought something, is shown %v", name, got)
				}
			}
			// Full from the store, and then more of it than there is room for.
			for i := range batch {
				batch[i].Item, batch[i].Kind, batch[i].Time = fmt.Sprint("viewed-", i), store.View, monday
			}
			record(t, open(t, st, opts), batch...)
			eng = open(t, st, opts)
			ask(t, eng, recommend.Request{User: "ann"})
			for k, kind := range []store.Kind{store.View, store.Impression} {
				for i := range recommend.SeenSlack + 100 {
					batch[i].Item, batch[i].Kind = fmt.Sprint("item-", k, i), kind
				}
				record(t, eng, batch[:recommend.SeenSlack+100]...)
				history, seen := eng.Memory("ann")
				most := recommend.SeenMax + recommend.SeenSlack
				if opts.Policies != nil {
					most += recommend.ShownMax
				}
				if seen > most || len(history) > recommend.HistoryMax {
					t.Errorf("memory holds %d events and hides %d items", len(history), seen)
				}
				if got := items(ask(t, eng, recommend.Request{User: "ann", N: 1})); slices.Contains(got, batch[0].Item) {
					t.Errorf("the page shows %v", got)
				}
			}
		})
	}
}

// What was only shown does not push out what the models are told of the user.
func TestImpressionsDoNotPushOutHistory(t *testing.T) {
	t.Parallel()
	opts := recommend.Options{Catalog: newCatalog(t), Policies: []recommend.Policy{
		{Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Impression: time.Minute}}},
	}}
	eng, st := trained(t, opts)
	ask(t, eng, recommend.Request{User: "new"})
	record(t, eng, click("new", itemOf(2, 3)))
	for i := range recommend.HistoryMax {
		record(t, eng, store.Interaction{
			User: "new", Item: itemOf(i%tastes, i%perItem), Kind: store.Impression, Time: monday.Add(-time.Hour),
		})
	}
	for name, eng := range map[string]*recommend.Engine{"lived through": eng, "restarted": open(t, st, opts)} {
		for _, item := range items(ask(t, eng, recommend.Request{User: "new", N: 10})) {
			if tasteOf(item) != "t2" {
				t.Errorf("%s: the page has %s", name, item)
			}
		}
	}
}

// Of a full memory those leave whom nobody has asked for lately.
func TestUsersLeaveMemoryByUse(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{UsersMax: 3})
	for _, user := range []string{"ann", "bob", "eve", "ann", "eve", "ann"} {
		ask(t, eng, recommend.Request{User: user})
	}
	ask(t, eng, recommend.Request{User: "fay"}) // one leaves; everybody's use until then is forgotten
	for i := range 20 {
		ask(t, eng, recommend.Request{User: "fay"})
		ask(t, eng, recommend.Request{User: fmt.Sprint("passer-by-", i)})
		if !eng.InMemory("fay") {
			t.Fatalf("fay, asked for all the time, has left after %d others", i)
		}
	}
	if got := eng.UsersInMemory(); got != 3 {
		t.Errorf("%d users in memory, want 3", got)
	}
}

// A profile that changes while the one before is being read is on the next page.
type gatedProfiles struct {
	*gatedStore
}

func (s gatedProfiles) Profile(ctx context.Context, user string) (store.Profile, error) {
	p, err := s.gatedStore.Store.Profile(ctx, user)
	if s.gate.Swap(false) {
		s.arrived <- struct{}{}
		<-s.let
	}
	return p, err
}

func (s gatedProfiles) History(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	return s.gatedStore.Store.History(ctx, user, limit)
}

func TestProfileChangesWhileItIsRead(t *testing.T) {
	t.Parallel()
	st := gatedProfiles{newGatedStore()}
	eng, want := open(t, st, recommend.Options{Catalog: newCatalog(t)}), itemOf(2, 4)
	record(t, eng, buy("bob", itemOf(1, 1)), buy("bob", itemOf(1, 1)), buy("bob", want))
	st.gate.Store(true)
	var wg sync.WaitGroup
	wg.Go(func() { ask(t, eng, recommend.Request{User: "ann"}) })
	<-st.arrived
	if _, err := eng.PutProfile(t.Context(), store.Profile{User: "ann", Preferences: map[string][]string{"brand": {"brand-4"}}}); err != nil {
		t.Fatal(err)
	}
	close(st.let)
	wg.Wait()
	if got := items(ask(t, eng, recommend.Request{User: "ann", N: 1})); got[0] != want {
		t.Errorf("page %v, want %s of the brand stated", got, want)
	}
}

// followedStore lets others know of an append before it returns.
type followedStore struct {
	store.Store
	after func()
}

func (s *followedStore) Append(ctx context.Context, batch []store.Entry) error {
	err := s.Store.Append(ctx, batch)
	if s.after != nil {
		s.after()
	}
	return err
}

// Record returns when its interactions are felt, also when the follower of the log got hold of them first.
func TestRecordWaitsForTheFollower(t *testing.T) {
	t.Parallel()
	st := &followedStore{Store: memory()}
	var slow atomic.Bool
	applying, let := make(chan struct{}), make(chan struct{})
	eng := open(t, st, recommend.Options{Now: func() time.Time {
		if slow.Swap(false) {
			close(applying)
			<-let
		}
		return monday
	}})
	record(t, eng, buy("bob", "tea"), buy("bob", "mug"))
	ask(t, eng, recommend.Request{User: "ann"})
	var wg sync.WaitGroup
	st.after = func() {
		st.after = nil
		slow.Store(true)
		wg.Go(func() {
			if err := eng.CatchUp(t.Context()); err != nil {
				t.Error(err)
			}
		})
		<-applying
		time.AfterFunc(20*time.Millisecond, func() { close(let) })
	}
	record(t, eng, buy("ann", "tea"))
	if got := items(ask(t, eng, recommend.Request{User: "ann"})); !slices.Equal(got, []string{"mug"}) {
		t.Errorf("after Record the page is %v", got)
	}
	wg.Wait()
}
