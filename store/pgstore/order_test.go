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

// held makes transactions that append the item "held" wait at their commit, until the caller has taken the lock that it
// returns away.
func held(t *testing.T, url, schema string) (release func()) {
	in := pgx.Identifier{schema}.Sanitize()
	exec(t, url, fmt.Sprintf(`create function %s.held() returns trigger language plpgsql as $$begin
		if new.item = 'held' then perform pg_advisory_xact_lock_shared(hashtext('%s')); end if; return null; end$$`, in, schema))
	exec(t, url, fmt.Sprintf(`create constraint trigger held after insert on %[1]s.entries deferrable initially deferred
		for each row execute function %[1]s.held()`, in))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "select pg_advisory_lock(hashtext($1))", schema); err != nil {
		t.Fatal(err)
	}
	return func() { conn.Close(context.Background()) }
}

// waiting waits until so many connections wait for advisory locks of a schema: those of its partitions, and held's.
func waiting(t *testing.T, conn *pgx.Conn, schema string, want int) {
	t.Helper()
	// A lock of one 64-bit key has its halves in classid and objid; one of two keys has one in each.
	const sql = `select count(*) from pg_locks where locktype = 'advisory' and not granted and
		(classid = hashtext($1)::bit(32)::bigint::oid or objid = hashtext($1)::bit(32)::bigint::oid)`
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		var n int
		if err := conn.QueryRow(t.Context(), sql, schema).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == want {
			return
		}
		if time.Since(began) > 8*time.Second { // the store gives up after 10
			t.Fatalf("%d connections wait for a lock, want %d", n, want)
		}
	}
}

// TestOpenTransaction holds a transaction open in which positions have been given out. Until it is committed nobody appends
// behind it in its partition, and a reader is shown nothing there; the partitions of other writers go on.
func TestOpenTransaction(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	const writers = 2
	opts := pgstore.Options{Schema: name, Writers: writers, Logger: complaints(t)}
	a, b := open(t, pg.URL, opts), open(t, pg.URL, opts)
	defer a.Close()
	defer b.Close()
	conn, err := pgx.Connect(t.Context(), pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	release := held(t, pg.URL, name)
	defer release()

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
		if e[0].Partition%writers != first[0].Partition%writers {
			elsewhere = e[0].Interaction.User
		}
	}
	before := scan(t, b)
	early, next := one("ann", "held"), one("ann", "next")
	var wg sync.WaitGroup
	defer wg.Wait()
	defer release()
	wg.Go(func() {
		if err := a.Append(t.Context(), early); err != nil {
			t.Error(err)
		}
	})
	waiting(t, conn, name, 1) // the early one, at its COMMIT
	wg.Go(func() {
		if err := b.Append(t.Context(), next); err != nil {
			t.Error(err)
		}
	})
	waiting(t, conn, name, 2) // what comes after it, for the partition
	if err := b.Append(t.Context(), one(elsewhere, "meanwhile")); err != nil {
		t.Error("another partition waited for the open transaction:", err)
	}
	if all := scan(t, b); len(all) != len(before)+1 {
		t.Errorf("%d entries while the transaction is open, want %d and the one elsewhere", len(all), len(before))
	}
	release()
	wg.Wait()
	if early[0].Position >= next[0].Position {
		t.Errorf("the open transaction has position %d, what came after it %d", early[0].Position, next[0].Position)
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
