package pgstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

// slowCommits makes transactions that append an item named like "slow 300" stay open for so many milliseconds when they
// commit: positions are given out, rows written, and nobody sees them.
func slowCommits(t *testing.T, url, schema string) {
	in := pgx.Identifier{schema}.Sanitize()
	exec(t, url, fmt.Sprintf(`create function %s.slow() returns trigger language plpgsql as $$begin
		if new.item like 'slow %%' then perform pg_sleep(split_part(new.item, ' ', 2)::float8 / 1000); end if; return null; end$$`, in))
	exec(t, url, fmt.Sprintf(`create constraint trigger slow after insert on %[1]s.entries deferrable initially deferred
		for each row execute function %[1]s.slow()`, in))
}

// complaints is a logger for stores that are to have nothing to say: no transaction fails for having met another.
func complaints(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		t.Errorf("logged: %s", p)
		return len(p), nil
	}), nil))
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func one(user, item string) []store.Entry {
	return []store.Entry{{Interaction: store.Interaction{User: user, Item: item, Kind: store.View, Time: base}}}
}

// TestOpenTransaction holds a transaction open in which positions have been given out. Until it is committed nobody appends
// behind it in its partition, and a reader is shown nothing there; other partitions go on.
func TestOpenTransaction(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	a := open(t, pg.URL, pgstore.Options{Schema: name, Logger: complaints(t)})
	defer a.Close()
	b := open(t, pg.URL, pgstore.Options{Schema: name, Logger: complaints(t)})
	defer b.Close()
	slowCommits(t, pg.URL, name)
	first := one("ann", "first")
	if err := a.Append(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	elsewhere := ""
	for n := 0; elsewhere == ""; n++ {
		e := one(fmt.Sprint("user-", n), "probe")
		if err := b.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if e[0].Partition != first[0].Partition {
			elsewhere = e[0].Interaction.User
		}
	}
	before := scan(t, b)
	slow, next := one("ann", "slow 1000"), one("ann", "next")
	var wg sync.WaitGroup
	defer wg.Wait()
	began := time.Now()
	wg.Go(func() {
		if err := a.Append(t.Context(), slow); err != nil {
			t.Error(err)
		}
	})
	time.Sleep(200 * time.Millisecond) // it is at COMMIT
	wg.Go(func() {
		if err := b.Append(t.Context(), next); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < 900*time.Millisecond {
			t.Errorf("appended behind an open transaction, after %v", took)
		}
	})
	if err := b.Append(t.Context(), one(elsewhere, "meanwhile")); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 900*time.Millisecond {
		t.Errorf("another partition waited for the open transaction: %v", took)
	}
	if all := scan(t, b); len(all) != len(before)+1 {
		t.Errorf("%d entries while the transaction is open, want %d and the one elsewhere", len(all), len(before))
	}
	wg.Wait()
	if slow[0].Position >= next[0].Position {
		t.Errorf("the open transaction has position %d, what came after it %d", slow[0].Position, next[0].Position)
	}
}

// TestOpenTransactions has replicas append with transactions that stay open for random times, forget and trim, while
// followers of all of them read: nobody is ever shown a position behind one that they have been shown.
func TestOpenTransactions(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	var stores []*pgstore.Store
	for range 3 {
		st := open(t, pg.URL, pgstore.Options{Schema: name, Partitions: 2, Writers: 1, Logger: complaints(t)})
		defer st.Close()
		stores = append(stores, st)
	}
	slowCommits(t, pg.URL, name)
	ctx, stop := context.WithCancel(t.Context())
	var writing, reading sync.WaitGroup
	shown := make([]map[string]int, len(stores))
	for i, st := range stores {
		for w := range 4 {
			rng := rand.New(rand.NewPCG(uint64(i), uint64(w)))
			writing.Go(func() {
				for n := range 40 {
					item := fmt.Sprintf("%d-%d-%d", i, w, n)
					if rng.IntN(4) == 0 {
						item = fmt.Sprintf("slow %d %s", rng.IntN(20), item)
					}
					if err := st.Append(t.Context(), one(fmt.Sprint("user-", rng.IntN(8)), item)); err != nil {
						t.Error(err)
						return
					}
					if n%10 == 9 {
						if err := st.Forget(t.Context(), fmt.Sprint("nobody-", w)); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		shown[i] = make(map[string]int)
		reading.Go(func() {
			var place store.Place
			for last := false; !last; {
				last = ctx.Err() != nil
				for e, err := range st.Scan(t.Context(), place) {
					if err != nil || e.Position <= place.At(e.Partition) {
						t.Errorf("position %d after %v, %v", e.Position, place, err)
						return
					}
					place = place.With(e.Partition, e.Position)
					if e.Fact == store.Interacted {
						shown[i][e.Interaction.Item]++
					}
				}
			}
		})
	}
	writing.Wait()
	stop()
	reading.Wait()
	all := scan(t, stores[0])
	for i := range stores {
		for _, e := range all {
			if e.Fact == store.Interacted && shown[i][e.Interaction.Item] != 1 {
				t.Errorf("follower %d was shown %q %d times", i, e.Interaction.Item, shown[i][e.Interaction.Item])
			}
		}
		if len(shown[i]) != 3*4*40 {
			t.Errorf("follower %d was shown %d entries, want %d", i, len(shown[i]), 3*4*40)
		}
	}
}

// TestNotified has one replica wait for what another appends: it is woken, and does not have to look by itself.
func TestNotified(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	a := open(t, pg.URL, pgstore.Options{Schema: name})
	defer a.Close()
	b := open(t, pg.URL, pgstore.Options{Schema: name})
	defer b.Close()
	var place store.Place
	slowest, total := time.Duration(0), time.Duration(0)
	const rounds = 10
	for n := range rounds {
		waiting := make(chan time.Time)
		go func() {
			if err := b.Wait(t.Context(), place); err != nil {
				t.Error(err)
			}
			waiting <- time.Now()
		}()
		time.Sleep(50 * time.Millisecond) // it has looked
		e := one("ann", fmt.Sprint(n))
		began := time.Now()
		if err := a.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		took := (<-waiting).Sub(began)
		slowest, total = max(slowest, took), total+took
		place = place.With(e[0].Partition, e[0].Position)
	}
	if mean := total / rounds; mean > 200*time.Millisecond {
		t.Errorf("woken %v after the append on average: by looking, not by notification", mean)
	}
	t.Logf("woken after %v on average, %v at most", total/rounds, slowest)

}
