package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

// TestAgain loses the connection of each call when its transaction is at COMMIT, which goes through all the same. The call
// is made again, finds out, and has been done once.
func TestAgain(t *testing.T) {
	t.Parallel()
	pg := server(t)
	for name, test := range map[string]struct {
		table string
		call  func(ctx context.Context, st *pgstore.Store) error
		once  func(t *testing.T, st *pgstore.Store) bool
	}{
		"Append": {
			"entries_0",
			func(ctx context.Context, st *pgstore.Store) error { return st.Append(ctx, views("ann", 2)) },
			func(t *testing.T, st *pgstore.Store) bool { return len(scan(t, st)) == 2 },
		},
		"Forget": {
			"entries_0",
			func(ctx context.Context, st *pgstore.Store) error { return st.Forget(ctx, "ann") },
			func(t *testing.T, st *pgstore.Store) bool {
				all := scan(t, st)
				return len(all) == 1 && all[0].Fact == store.Forgotten && all[0].Interaction.ID == ""
			},
		},
		"PutProfile": {
			"profiles",
			func(ctx context.Context, st *pgstore.Store) error {
				p, err := st.PutProfile(ctx, store.Profile{User: "ann"})
				if err == nil && p.Version != 1 {
					err = fmt.Errorf("version %d", p.Version)
				}
				return err
			},
			func(t *testing.T, st *pgstore.Store) bool {
				p, err := st.Profile(t.Context(), "ann")
				return err == nil && p.Version == 1
			},
		},
		"Acquire": {
			"leases",
			func(ctx context.Context, st *pgstore.Store) error {
				lease, err := st.Acquire(ctx, "train", time.Minute)
				if err == nil && lease.Token != 1 {
					err = fmt.Errorf("token %d", lease.Token)
				}
				return err
			},
			func(t *testing.T, st *pgstore.Store) bool {
				_, err := st.Renew(t.Context(), store.Lease{Name: "train", Token: 1}, time.Minute)
				return err == nil
			},
		},
		"PutModel": {
			"model_versions",
			func(ctx context.Context, st *pgstore.Store) error {
				version, err := st.PutModel(ctx, "als", strings.NewReader("model"))
				if err == nil && version != 1 {
					err = fmt.Errorf("version %d", version)
				}
				return err
			},
			func(t *testing.T, st *pgstore.Store) bool {
				versions, err := st.ModelVersions(t.Context(), "als")
				return err == nil && len(versions) == 1
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy, of := proxy(t, pg), schema()
			st := open(t, servers.PostgresURL(proxy.Addr), pgstore.Options{Schema: of, Partitions: 1})
			defer st.Close()
			in := pgx.Identifier{of}.Sanitize()
			exec(t, pg.URL, fmt.Sprintf(`create function %s.slow() returns trigger language plpgsql as
				'begin perform pg_sleep(0.5); return null; end'`, in))
			exec(t, pg.URL, fmt.Sprintf(`create constraint trigger slow after insert on %s.%s deferrable initially deferred
				for each row execute function %[1]s.slow()`, in, test.table))
			done := make(chan error)
			go func() { done <- test.call(t.Context(), st) }()
			time.Sleep(250 * time.Millisecond)
			proxy.Refuse(true) // nor may the client cancel what it has begun
			proxy.Cut()
			time.Sleep(time.Second)
			proxy.Refuse(false)
			if err := <-done; err != nil {
				t.Errorf("the call failed: %v", err)
			}
			if !test.once(t, st) {
				t.Error("it was not done once")
			}
		})
	}
}

// TestWithoutNotice appends as a replica does whose notifications are lost: who waits looks by itself.
func TestWithoutNotice(t *testing.T) {
	t.Parallel()
	pg := server(t)
	of := schema()
	st := open(t, pg.URL, pgstore.Options{Schema: of, Partitions: 1})
	defer st.Close()
	waiting := make(chan error)
	go func() { waiting <- st.Wait(t.Context(), store.Place{}) }()
	time.Sleep(100 * time.Millisecond)
	exec(t, pg.URL, fmt.Sprintf("insert into %s.entries (position, partition, fact, kind, at, user_id, item) values (1, 0, 0, 1, now(), 'ann', 'tea')",
		pgx.Identifier{of}.Sanitize()))
	select {
	case err := <-waiting:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(8 * time.Second):
		t.Error("Wait has not looked")
	}
}

// TestAbandoned has a client that is gone without a word: the server ends its statement by itself, and with it the locks.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	pg := server(t)
	proxy, of := proxy(t, pg), schema()
	st := open(t, servers.PostgresURL(proxy.Addr)+"&application_name="+strings.ReplaceAll(of, " ", "-"),
		pgstore.Options{Schema: of, Partitions: 1, Timeout: 500 * time.Millisecond})
	conn, err := pgx.Connect(t.Context(), pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, sql := range []string{"begin", "lock table " + pgx.Identifier{of, "entries_0"}.Sanitize() + " in exclusive mode"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	failed := make(chan error)
	go func() { failed <- st.Append(t.Context(), views("ann", 1)) }()
	time.Sleep(200 * time.Millisecond)
	proxy.Stall()
	if err := <-failed; !errors.Is(err, pgstore.ErrUnavailable) {
		t.Errorf("Append: %v", err)
	}
	var waiting int
	for range 100 {
		err := conn.QueryRow(t.Context(), "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and application_name = $1",
			strings.ReplaceAll(of, " ", "-")).Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if waiting != 0 {
		t.Error("the server still waits for a lock on behalf of a client that is gone")
	}
	proxy.Cut()
	proxy.Flow()
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

// TestLeftovers looks for what models leave behind that were not put whole.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	pg := server(t)
	of := schema()
	in := pgx.Identifier{of}.Sanitize()
	st := open(t, pg.URL, pgstore.Options{Schema: of})
	defer st.Close()
	chunks := func(want int) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), pg.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.WithoutCancel(t.Context()))
		var n int
		if err := conn.QueryRow(t.Context(), fmt.Sprintf("select count(*) from %s.model_chunks", in)).Scan(&n); err != nil || n != want {
			t.Errorf("%d chunks, want %d; %v", n, want, err)
		}
	}
	large := strings.Repeat("0123456789abcdef", 1<<16) // four chunks
	broken := io.MultiReader(strings.NewReader(large), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := st.PutModel(t.Context(), "als", broken); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("PutModel: %v, want the reader's error", err)
	}
	chunks(0)

	// Another process has died an hour ago, and one is under way.
	exec(t, pg.URL, fmt.Sprintf(`insert into %s.model_chunks (upload, number, at, data) values
		('00000000-0000-4000-8000-000000000001', 0, now() - interval '2 hours', 'x'),
		('00000000-0000-4000-8000-000000000001', 1, now() - interval '61 minutes', 'x'),
		('00000000-0000-4000-8000-000000000002', 0, now() - interval '2 hours', 'x'),
		('00000000-0000-4000-8000-000000000002', 1, now() - interval '59 minutes', 'x')`, in))
	if version, err := st.PutModel(t.Context(), "als", strings.NewReader(large)); err != nil || version != 1 {
		t.Errorf("version %d, %v", version, err)
	}
	chunks(2 + 4)

	// One of an upload's chunks is swept away before it is whole.
	swept := io.MultiReader(strings.NewReader(large), readerFunc(func([]byte) (int, error) {
		exec(t, pg.URL, fmt.Sprintf("delete from %s.model_chunks where number = 0 and upload not in (select upload from %[1]s.model_versions)", in))
		return 0, io.EOF
	}))
	if _, err := st.PutModel(t.Context(), "als", swept); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("PutModel of what was swept away: %v, want ErrNotFound", err)
	}
	if versions, err := st.ModelVersions(t.Context(), "als"); err != nil || len(versions) != 1 {
		t.Errorf("versions %v, %v", versions, err)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
