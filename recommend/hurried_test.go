package recommend_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// What is kept of a user follows every interaction, until that is too often to be a person; then it does at times, and no page
// shows meanwhile what was met.
func TestHurriedUsers(t *testing.T) {
	t.Parallel()
	var now clock
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t), Trainers: small(), PageTTL: time.Hour, Now: now.now})
	const user = "user-001"
	req, clicks := recommend.Request{User: user, N: 9}, 0
	var met []string
	follow := func(when string, want bool) {
		t.Helper()
		item := itemOf(clicks%tastes, clicks/tastes)
		clicks++
		record(t, eng, click(user, item))
		met = append(met, item)
		page := ask(t, eng, req)
		if got := eng.Followed(user) == clicks; got != want {
			t.Errorf("%s: click %d is in the vector: %v, want %v", when, clicks, got, want)
		}
		if len(page.Items) != req.N || slices.ContainsFunc(page.Items, func(r recommend.Recommendation) bool { return slices.Contains(met, r.Item) }) {
			t.Errorf("%s: a page of %v after clicks on %v", when, items(page), met)
		}
	}
	ask(t, eng, req)
	for range recommend.RenewBurst + 1 {
		follow("a click", true)
	}
	ranking := any(nil)
	for i := range 15 {
		follow("a click too many", false)
		if i > 0 && eng.Ranked(user) != ranking {
			t.Error("pages of one in a hurry are ranked anew")
		}
		ranking = eng.Ranked(user)
	}
	now.advance(recommend.RenewEvery - 1)
	follow("a moment later", false)
	now.advance(1)
	page := ask(t, eng, req)
	if eng.Followed(user) != clicks {
		t.Error("when it is time, a page is served that was made in a hurry")
	}
	fresh := open(t, st, recommend.Options{Catalog: eng.Catalog(), Trainers: small(), Now: now.now})
	if diff := cmp.Diff(ask(t, fresh, req).Items, page.Items, nearly); diff != "" {
		t.Errorf("when it is time (-another engine +this one):\n%s", diff)
	}
	follow("at once again", false)
	now.advance(time.Minute)
	for range recommend.RenewBurst + 1 {
		follow("a minute later", true)
	}
	follow("too fast again", false)
	now.advance(-time.Minute)
	follow("when the clock has gone back", true)
}

// A policy with a rule of what was seen makes its pages afresh always: a ranking is of what was not met at all.
func TestHurriedUsersUnderARule(t *testing.T) {
	t.Parallel()
	rule := recommend.Policy{Seen: &stage.Seen{Hide: map[store.Kind]time.Duration{store.Purchase: 0}}}
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t), Trainers: small(), Policies: []recommend.Policy{rule}})
	const user = "user-001"
	ask(t, eng, recommend.Request{User: user, N: 9})
	for i := range recommend.RenewBurst + 10 {
		record(t, eng, click(user, itemOf(i%tastes, i/tastes)))
		ask(t, eng, recommend.Request{User: user, N: 9})
		if eng.Followed(user) != i+1 {
			t.Fatalf("after click %d the vector is of %d", i+1, eng.Followed(user))
		}
	}
}

// countedStore counts reads of histories, which take a second.
type countedStore struct {
	store.Store
	reads atomic.Int64
	fail  atomic.Bool
}

func (s *countedStore) History(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	s.reads.Add(1)
	time.Sleep(time.Second)
	if s.fail.Load() {
		return nil, errors.New("no disk")
	}
	return s.Store.History(ctx, user, limit)
}

// However many ask for a user who is not in memory, one reads the history. A request that ends first does not wait for that, and
// when it fails for one the next one tries.
func TestOneReadsAHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &countedStore{Store: memory()}
		eng := open(t, st, recommend.Options{})
		record(t, eng, buy("ann", "tea"), buy("bob", "cup"))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if got := items(ask(t, eng, recommend.Request{User: "ann"})); !slices.Equal(got, []string{"cup"}) {
					t.Errorf("a page of %v, want cup", got)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := eng.Recommend(ctx, recommend.Request{User: "ann"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a request that ends while the history is read: %v", err)
		}
		wg.Wait()
		if n := st.reads.Load(); n != 1 {
			t.Errorf("the history was read %d times", n)
		}

		st.fail.Store(true)
		var failed atomic.Int64
		for range 3 {
			wg.Go(func() {
				if _, err := eng.Recommend(t.Context(), recommend.Request{User: "bob"}); err != nil {
					failed.Add(1)
				}
			})
		}
		time.Sleep(1500 * time.Millisecond) // the second is reading
		st.fail.Store(false)
		wg.Wait()
		if n := failed.Load(); n != 1 || st.reads.Load() != 3 {
			t.Errorf("%d requests failed of one failed read, and there were %d reads; want 1 and 3", n, st.reads.Load())
		}
	})
}
