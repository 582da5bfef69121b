package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
	"github.com/goldrec/gold/store/storetest"
)

var base = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func views(user string, n int) []store.Entry {
	batch := make([]store.Entry, n)
	for i := range batch {
		batch[i].Interaction = store.Interaction{User: user, Item: fmt.Sprintf("item-%d", i), Kind: store.View, Time: base}
	}
	return batch
}

func scan(t testing.TB, st store.Log) (all []store.Entry) {
	t.Helper()
	for e, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// own is a server that the test may harm, and a proxy before it.
func own(t *testing.T) (*servers.Postgres, *servers.Proxy) {
	pg, err := servers.StartPostgres(t.Context(), servers.PostgresOptions{Settings: map[string]string{"fsync": "off"}})
	have(t, pg, err)
	t.Cleanup(func() {
		if err := pg.Close(); err != nil {
			t.Error(err)
		}
	})
	return pg, proxy(t, pg)
}

func proxy(t *testing.T, pg *servers.Postgres) *servers.Proxy {
	p, err := servers.NewProxy(pg.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func TestReplicas(t *testing.T) {
	t.Parallel()
	storetest.RunReplicas(t, func(t *testing.T) storetest.Replicas {
		pg, proxy := own(t)
		rng := rand.New(rand.NewPCG(5, 6))
		quiet := func(f func()) func(context.Context) error {
			return func(context.Context) error { f(); return nil }
		}
		return storetest.Replicas{
			CallMax: 12 * time.Second,
			Open: func(t *testing.T) store.Store {
				return open(t, servers.PostgresURL(proxy.Addr), pgstore.Options{Partitions: 3, Timeout: 5 * time.Second})
			},
			Harms: []storetest.Harm{
				{Name: "connections cut", Do: quiet(proxy.Cut)},
				{Name: "connections cut mid-call", Do: quiet(func() {
					for range 20 {
						proxy.CutAfter(rng.Int64N(3000))
						time.Sleep(20 * time.Millisecond)
					}
				})},
				{Name: "server killed", Do: func(ctx context.Context) error { pg.Kill(); return pg.Start(ctx) }},
				{Name: "server restarted", Do: func(ctx context.Context) error { pg.Stop(); return pg.Start(ctx) }},
				{Name: "server paused", Do: quiet(func() { pg.Pause(); time.Sleep(time.Second); pg.Resume() })},
				{Name: "network stalled, then cut", Do: quiet(func() {
					proxy.Stall()
					time.Sleep(500 * time.Millisecond)
					proxy.Cut()
					proxy.Flow()
				})},
				{Name: "no connections", Do: quiet(func() {
					proxy.Refuse(true)
					proxy.Cut()
					time.Sleep(500 * time.Millisecond)
					proxy.Refuse(false)
				})},
				{Name: "sessions ended", Do: func(ctx context.Context) error {
					conn, err := pgx.Connect(ctx, pg.URL)
					if err != nil {
						return err
					}
					defer conn.Close(ctx)
					_, err = conn.Exec(ctx, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gold'")
					return err
				}},
			},
		}
	})
}

// TestUnavailable has a server that does not answer: calls end in time, with an error of their own, and work again later.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	pg := server(t)
	proxy := proxy(t, pg)
	const timeout = 500 * time.Millisecond
	st := open(t, servers.PostgresURL(proxy.Addr), pgstore.Options{Schema: schema(), Partitions: 1, Timeout: timeout})
	defer st.Close()
	if err := st.Append(t.Context(), views("ann", 1)); err != nil {
		t.Fatal(err)
	}
	for name, harm := range map[string]struct{ do, undo func() }{
		"silent":  {proxy.Stall, func() { proxy.Cut(); proxy.Flow() }},
		"refused": {func() { proxy.Refuse(true); proxy.Cut() }, func() { proxy.Refuse(false) }},
	} {
		harm.do()
		for call, f := range map[string]func() error{
			"Append":  func() error { return st.Append(t.Context(), views("ann", 1)) },
			"History": func() error { _, err := st.History(t.Context(), "ann", 10); return err },
			"Acquire": func() error { _, err := st.Acquire(t.Context(), "train", time.Minute); return err },
		} {
			began := time.Now()
			err := f()
			if !errors.Is(err, pgstore.ErrUnavailable) {
				t.Errorf("%s, %s: %v, want ErrUnavailable", name, call, err)
			}
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				t.Errorf("%s, %s: %v looks like the caller's context", name, call, err)
			}
			if took := time.Since(began); took > 20*timeout {
				t.Errorf("%s, %s took %v", name, call, took)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), timeout/5)
		if _, err := st.History(ctx, "ann", 10); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want that the caller's context is over", name, err)
		}
		cancel()
		harm.undo()
		if _, err := st.End(t.Context()); err != nil {
			t.Errorf("%s, and back: %v", name, err)
		}
	}
}

// TestUnknown cuts the connection when COMMIT has been sent and lets nobody ask: the error says so. The entries are there
// once when they are appended again with their IDs.
func TestUnknown(t *testing.T) {
	t.Parallel()
	pg := server(t)
	proxy := proxy(t, pg)
	name := schema()
	st := open(t, servers.PostgresURL(proxy.Addr), pgstore.Options{Schema: name, Partitions: 1, Timeout: time.Second})
	defer st.Close()
	exec(t, pg.URL, fmt.Sprintf(`create function %[1]s.slow() returns trigger language plpgsql as
		'begin perform pg_sleep(0.5); return null; end'`, pgx.Identifier{name}.Sanitize()))
	exec(t, pg.URL, fmt.Sprintf(`create constraint trigger slow after insert on %[1]s.entries_0 deferrable initially deferred
		for each row execute function %[1]s.slow()`, pgx.Identifier{name}.Sanitize()))
	batch := views("ann", 1)
	batch[0].Interaction.ID = "1"
	failed := make(chan error)
	go func() { failed <- st.Append(t.Context(), batch) }()
	time.Sleep(250 * time.Millisecond) // it is in the trigger, at COMMIT
	proxy.Refuse(true)
	proxy.Cut()
	if err := <-failed; !errors.Is(err, pgstore.ErrUnknown) || !errors.Is(err, pgstore.ErrUnavailable) {
		t.Errorf("Append: %v, want ErrUnknown and ErrUnavailable", err)
	}
	proxy.Refuse(false)
	exec(t, pg.URL, fmt.Sprintf("drop trigger slow on %s.entries_0", pgx.Identifier{name}.Sanitize()))
	if err := st.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if all := scan(t, st); len(all) != 1 {
		t.Errorf("%d entries, want 1", len(all))
	}
}

// TestBlocked has another program hold what an append needs: the append gives up in time and stores nothing, or is done
// when the other one lets go.
func TestBlocked(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	st := open(t, pg.URL, pgstore.Options{Schema: name, Partitions: 1, Timeout: 300 * time.Millisecond})
	defer st.Close()
	other, err := pgx.Connect(t.Context(), pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.WithoutCancel(t.Context()))
	for _, sql := range []string{"begin", "lock table " + pgx.Identifier{name, "entries_0"}.Sanitize() + " in exclusive mode"} {
		if _, err := other.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Append(t.Context(), views("ann", 3)); !errors.Is(err, pgstore.ErrUnavailable) || errors.Is(err, pgstore.ErrUnknown) {
		t.Errorf("Append: %v, want ErrUnavailable", err)
	}
	done := make(chan error)
	go func() { done <- st.Append(t.Context(), views("bob", 2)) }()
	time.Sleep(50 * time.Millisecond)
	if _, err := other.Exec(t.Context(), "rollback"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Append when the lock is given back: %v", err)
	}
	if all := scan(t, st); len(all) != 2 {
		t.Errorf("%d entries, want bob's 2", len(all))
	}
}

// TestFull has the server say that its disk is full.
func TestFull(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	st := open(t, pg.URL, pgstore.Options{Schema: name, Partitions: 1})
	defer st.Close()
	in := pgx.Identifier{name}.Sanitize()
	exec(t, pg.URL, fmt.Sprintf(`create function %[1]s.full() returns trigger language plpgsql as
		$$begin raise exception 'could not extend file' using errcode = '53100'; end$$`, in))
	exec(t, pg.URL, fmt.Sprintf("create trigger full_disk before insert on %[1]s.entries_0 for each row execute function %[1]s.full()", in))
	if err := st.Append(t.Context(), views("ann", 1)); !errors.Is(err, pgstore.ErrFull) {
		t.Errorf("Append: %v, want ErrFull", err)
	}
	exec(t, pg.URL, fmt.Sprintf("drop trigger full_disk on %s.entries_0", in))
	exec(t, pg.URL, fmt.Sprintf(`create constraint trigger full_disk after insert on %[1]s.entries_0 deferrable initially deferred
		for each row execute function %[1]s.full()`, in))
	if err := st.Append(t.Context(), views("ann", 1)); !errors.Is(err, pgstore.ErrFull) || errors.Is(err, pgstore.ErrUnknown) {
		t.Errorf("Append, at COMMIT: %v, want ErrFull", err)
	}
	exec(t, pg.URL, fmt.Sprintf("drop trigger full_disk on %s.entries_0", in))
	if err := st.Append(t.Context(), views("ann", 1)); err != nil {
		t.Errorf("Append when there is room: %v", err)
	}
	exec(t, pg.URL, fmt.Sprintf("drop table %s.leases", in))
	if _, err := st.Acquire(t.Context(), "train", time.Minute); !errors.Is(err, pgstore.ErrFormat) || !strings.Contains(err.Error(), "leases") {
		t.Errorf("Acquire without the table: %v, want ErrFormat that names it", err)
	}
}

// TestAdministrator ends what an append is doing: a session that is ended costs nothing, and a statement that is cancelled
// stores nothing.
func TestAdministrator(t *testing.T) {
	t.Parallel()
	pg := server(t)
	for _, test := range []struct {
		end  string
		want error
	}{{"pg_terminate_backend", nil}, {"pg_cancel_backend", pgstore.ErrUnavailable}} {
		t.Run(test.end, func(t *testing.T) {
			t.Parallel()
			of := schema()
			as := strings.ReplaceAll(of, " ", "-")
			st := open(t, pg.URL+"&application_name="+as, pgstore.Options{Schema: of, Partitions: 1})
			defer st.Close()
			conn, err := pgx.Connect(t.Context(), pg.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(context.WithoutCancel(t.Context()))
			do := func(sql string, args ...any) int64 {
				tag, err := conn.Exec(t.Context(), sql, args...)
				if err != nil {
					t.Fatal(err)
				}
				return tag.RowsAffected()
			}
			do("begin")
			do("lock table " + pgx.Identifier{of, "entries_0"}.Sanitize() + " in exclusive mode")
			done := make(chan error)
			go func() { done <- st.Append(t.Context(), views("ann", 1)) }()
			for do("select "+test.end+"(pid) from pg_stat_activity where wait_event_type = 'Lock' and application_name = $1", as) == 0 {
				time.Sleep(10 * time.Millisecond)
			}
			do("rollback")
			if err := <-done; !errors.Is(err, test.want) || errors.Is(err, pgstore.ErrUnknown) {
				t.Errorf("Append: %v, want %v", err, test.want)
			}
			want := 1
			if test.want != nil {
				want = 0
			}
			if all := scan(t, st); len(all) != want {
				t.Errorf("%d entries, want %d", len(all), want)
			}
		})
	}
}
