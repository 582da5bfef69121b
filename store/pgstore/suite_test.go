package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
	"github.com/goldrec/gold/store/storetest"
)

// shared is the server of all tests that do it no harm; each has a schema of its own.
var shared struct {
	once    sync.Once
	pg      *servers.Postgres
	err     error
	schemas atomic.Int64
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.pg != nil {
		if err := shared.pg.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// server starts the server, or skips the test where there is none.
func server(t testing.TB) *servers.Postgres {
	t.Helper()
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		shared.pg, shared.err = servers.StartPostgres(ctx, servers.PostgresOptions{Settings: map[string]string{"max_connections": "200", "fsync": "off"}})
	})
	return have(t, shared.pg, shared.err)
}

func have(t testing.TB, pg *servers.Postgres, err error) *servers.Postgres {
	t.Helper()
	if errors.Is(err, servers.ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pg
}

// schema is a name that no other test has.
func schema() string { return fmt.Sprintf("test %d", shared.schemas.Add(1)) }

func open(t testing.TB, url string, opts pgstore.Options) *pgstore.Store {
	t.Helper()
	st, err := pgstore.Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// exec runs a statement as another program would.
func exec(t testing.TB, url, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestStore(t *testing.T) {
	pg := server(t)
	storetest.Run(t, func(t *testing.T, now func() time.Time) store.Store {
		return open(t, pg.URL, pgstore.Options{Schema: schema(), Partitions: 3, Now: now})
	})
}

func TestStoreDurable(t *testing.T) {
	pg := server(t)
	schemas := make(map[string]string)
	storetest.RunDurable(t, func(t *testing.T, dir string, now func() time.Time) store.Store {
		if schemas[dir] == "" {
			schemas[dir] = schema()
		}
		return open(t, pg.URL, pgstore.Options{Schema: schemas[dir], Partitions: 3, Now: now})
	})
}

func BenchmarkStore(b *testing.B) {
	pg := server(b)
	storetest.RunBenchmarks(b, func(b *testing.B) store.Store {
		return open(b, pg.URL, pgstore.Options{Schema: schema()})
	})
}
