package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

// load is what clients did, and what came of it.
type load struct {
	fleet []*member
	ids   atomic.Int64

	mu       sync.Mutex
	stored   map[string]int // acknowledged interactions, by ID
	calls    int
	failed   int // calls that failed, and failed again elsewhere
	lastFail error
	shown    []time.Duration // how long clicks on one took to be in the pages of another
}

// TestKilled has three replicas and one that trains, as processes on one PostgreSQL, serve clients while one after another
// is killed and started again. Nothing acknowledged is lost or counted twice, clients who try once more elsewhere hardly
// notice, a click on one is in the pages of the others, and in the end all have the same models in service and show the same.
//
// GOLD_CHAOS=10m makes it last as long, with a kill every 20 seconds, and asks of it what the time that things take must be.
func TestKilled(t *testing.T) {
	pg := postgres(t)
	lasts, every, long := 12*time.Second, 2*time.Second, false
	if text := os.Getenv("GOLD_CHAOS"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		lasts, every, long = d, 20*time.Second, true
	}
	l := &load{fleet: startFleet(t, pg.URL, 3, 3*time.Second), stored: map[string]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var clients sync.WaitGroup
	for i := range 6 {
		clients.Go(func() { l.shop(t, ctx, uint64(i)) })
	}
	clients.Go(func() { l.watch(t, ctx) })
	rng := rand.New(rand.NewPCG(1, 2))
	for kills := 0; ctx.Err() == nil; kills++ {
		select {
		case <-ctx.Done():
		case <-time.After(every):
			m := l.fleet[(kills+rng.IntN(2))%len(l.fleet)]
			m.kill()
			if err := m.start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	clients.Wait()

	slices.Sort(l.shown)
	t.Logf("%d calls, %d failed twice (%v); %d interactions acknowledged; %d clicks seen elsewhere, half within %v, 99 of 100 within %v",
		l.calls, l.failed, l.lastFail, len(l.stored), len(l.shown), quantile(l.shown, .5), quantile(l.shown, .99))
	if l.calls == 0 || len(l.stored) == 0 || len(l.shown) == 0 {
		t.Error("too little happened to say anything")
	}
	if long && l.failed*1000 > l.calls {
		t.Errorf("%d of %d calls failed twice", l.failed, l.calls)
	}
	if p99 := quantile(l.shown, .99); long && p99 > 500*time.Millisecond {
		t.Errorf("a click took %v to be in the pages of another", p99)
	}
	l.agree(t)
	for _, m := range l.fleet {
		if err := m.stop(); err != nil {
			t.Error(err)
		}
	}
	l.recount(t, pg.URL)
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}

// shop is one client: two pages for each click, on any replica.
func (l *load) shop(t *testing.T, ctx context.Context, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for ctx.Err() == nil {
		taste := rng.IntN(10)
		user := fmt.Sprintf("user-%d-%d", taste, rng.IntN(20))
		in := store.Interaction{
			ID: fmt.Sprint("id-", l.ids.Add(1)), User: user, Item: fmt.Sprint("item-", rng.IntN(items/10)*10+taste), Kind: store.Click, Time: time.Now(),
		}
		if l.twice(t, rng, func(m *member) error { return m.record(t.Context(), in) }) {
			l.mu.Lock()
			l.stored[in.ID]++
			l.mu.Unlock()
		}
		for range 2 {
			l.twice(t, rng, func(m *member) error {
				p, err := m.page(t.Context(), user)
				if err == nil && len(p.Items) == 0 {
					err = fmt.Errorf("an empty page for %s", user)
				}
				return err
			})
		}
	}
}

// twice calls a replica, and another one when that fails, as a client behind a balancer does.
func (l *load) twice(t *testing.T, rng *rand.Rand, call func(*member) error) bool {
	first := rng.IntN(len(l.fleet))
	err := call(l.fleet[first])
	if err != nil {
		err = call(l.fleet[(first+1+rng.IntN(len(l.fleet)-1))%len(l.fleet)])
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if err != nil {
		l.failed++
		l.lastFail = err
	}
	return err == nil
}

// watch has new users click on what one replica shows them at another, and waits until the first shows it no more.
func (l *load) watch(t *testing.T, ctx context.Context) {
	rng := rand.New(rand.NewPCG(7, 7))
	for n := 0; ctx.Err() == nil; n++ {
		user := fmt.Sprint("watcher-", n)
		shows := rng.IntN(len(l.fleet))
		takes := (shows + 1 + rng.IntN(len(l.fleet)-1)) % len(l.fleet)
		before, err := l.fleet[shows].page(ctx, user)
		if err != nil || len(before.Items) == 0 {
			continue // just killed
		}
		in := store.Interaction{ID: fmt.Sprint("id-", l.ids.Add(1)), User: user, Item: before.Items[0].Item, Kind: store.Click, Time: time.Now()}
		starts := l.fleet[shows].starts.Load()
		if l.fleet[takes].record(ctx, in) != nil {
			continue
		}
		l.mu.Lock()
		l.stored[in.ID]++
		l.mu.Unlock()
		for began := time.Now(); ctx.Err() == nil && l.fleet[shows].starts.Load() == starts; {
			p, err := l.fleet[shows].page(ctx, user)
			took := time.Since(began)
			if err == nil && !p.has(in.Item) {
				l.mu.Lock()
				l.shown = append(l.shown, took)
				l.mu.Unlock()
				break
			}
			if took > 15*time.Second {
				t.Errorf("%s is still shown to %s, who clicked on it %v ago", in.Item, user, took)
				break
			}
		}
	}
}

// agree waits until all replicas have the same models in service and show the same to everybody.
func (l *load) agree(t *testing.T) {
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		why := l.differ(t)
		if why == "" {
			return
		}
		if time.Since(began) > 20*time.Second {
			t.Error(why)
			return
		}
	}
}

func (l *load) differ(t *testing.T) string {
	for n := range 40 {
		user := fmt.Sprintf("user-%d-%d", n%10, n/10)
		var first page
		for i, m := range l.fleet {
			p, err := m.page(t.Context(), user)
			switch {
			case err != nil:
				return err.Error()
			case p.Version == 0:
				return fmt.Sprintf("replica %d has no models", i)
			case i == 0:
				first = p
			case p.Version != first.Version:
				return fmt.Sprintf("replica 0 has version %d, replica %d version %d", first.Version, i, p.Version)
			case !slices.Equal(p.items(), first.items()):
				return fmt.Sprintf("replica 0 shows %v to %s, replica %d %v", first.items(), user, i, p.items())
			}
		}
	}
	return ""
}

// recount reads the log: every acknowledged interaction is in it once, and no other twice.
func (l *load) recount(t *testing.T, url string) {
	st, err := pgstore.Open(t.Context(), url, pgstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	found := map[string]int{}
	for e, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Fact == store.Interacted {
			found[e.Interaction.ID]++
		}
	}
	for id, n := range found {
		if n != 1 {
			t.Errorf("%s is %d times in the log", id, n)
		}
	}
	for id := range l.stored {
		if found[id] == 0 {
			t.Errorf("%s was acknowledged and is not in the log", id)
		}
	}
}
