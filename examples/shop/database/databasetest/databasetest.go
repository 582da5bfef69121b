// Package databasetest runs a test on each database that a shop may stand on.
//
//	var server databasetest.Server // and server.Close() at the end of TestMain
//
//	func TestPlace(t *testing.T) {
//		server.Each(t, func(t *testing.T, place string) {
//			db, err := database.Open(t.Context(), place, orders.Migrations)
//			…
//		})
//	}
package databasetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"

	"github.com/goldrec/gold/internal/servers"
)

// Server starts a PostgreSQL when it is first needed. Close it at the end of TestMain.
type Server struct {
	once  sync.Once
	pg    *servers.Postgres
	err   error
	count atomic.Int64
}

// Each runs a test on SQLite and on PostgreSQL, each time in an empty database of its own, side by side. Without a
// PostgreSQL on the machine, or with -short, that half is skipped, and says why.
func (s *Server) Each(t *testing.T, test func(t *testing.T, place string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, filepath.Join(t.TempDir(), "test.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, s.Postgres(t))
	})
}

// Postgres makes an empty database and returns its URL.
func (s *Server) Postgres(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("no server with -short")
	}
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		s.pg, s.err = servers.StartPostgres(ctx, servers.PostgresOptions{Settings: map[string]string{"max_connections": "300", "fsync": "off"}})
	})
	if errors.Is(s.err, servers.ErrAbsent) {
		t.Skip(s.err)
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	admin, err := sql.Open("pgx", s.pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := fmt.Sprintf("test%d", s.count.Add(1))
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	place, err := url.Parse(s.pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	place.Path = "/" + name
	return place.String()
}

// Close ends the server, if it was started.
func (s *Server) Close() error {
	if s.pg == nil {
		return nil
	}
	return s.pg.Close()
}
