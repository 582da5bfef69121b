package database_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/database/databasetest"
)

var server databasetest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Close()
	os.Exit(code)
}

func migrations(name string, files ...string) database.Migrations {
	m := fstest.MapFS{}
	for i, text := range files {
		m[fmt.Sprintf("migrations/%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return database.Migrations{Name: name, Files: m}
}

const (
	one = `CREATE TABLE counter (name TEXT PRIMARY KEY, n BIGINT NOT NULL CHECK (n >= 0)); CREATE TABLE other (x BIGINT);`
	two = `INSERT INTO counter (name, n) VALUES ('a', 0);`
)

// TestSeveralStartAtOnce opens one place many times at the same moment: each step is taken once.
func TestSeveralStartAtOnce(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				db, err := database.Open(t.Context(), place, migrations("m", one, two), migrations("n", `CREATE TABLE n (x BIGINT)`))
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				for range 5 {
					if err := add(t.Context(), db); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		db, err := database.Open(t.Context(), place, migrations("m", one, two))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var n int
		if err := db.QueryRow(t.Context(), `SELECT n FROM counter WHERE name = $1`, "a").Scan(&n); err != nil || n != 30 {
			t.Errorf("%d, %v; want 30: a lost update", n, err)
		}
	})
}

// add reads and then writes, which loses updates unless transactions are serialised.
func add(ctx context.Context, db *database.DB) error {
	return db.Tx(ctx, func(tx *database.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT n FROM counter WHERE name = $1`, "a").Scan(&n); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE counter SET n = $2 WHERE name = $1`, "a", n+1) // $2 stands first
		return err
	})
}

func TestMigrations(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		open := func(m ...database.Migrations) error {
			db, err := database.Open(t.Context(), place, m...)
			if err == nil {
				err = db.Close()
			}
			return err
		}
		if err := open(migrations("m", one)); err != nil {
			t.Fatal(err)
		}
		if err := open(migrations("m", one, two)); err != nil {
			t.Fatalf("a second step: %v", err)
		}
		if err := open(migrations("m", one)); !errors.Is(err, database.ErrMigration) {
			t.Errorf("a program that is too old: %v", err)
		}
		if err := open(migrations("m", one+" ", two)); !errors.Is(err, database.ErrMigration) {
			t.Errorf("a changed step: %v", err)
		}
		if err := open(migrations("half", `CREATE TABLE half (x BIGINT)`, `nonsense`)); err == nil {
			t.Error("nonsense was taken")
		}
		if err := open(migrations("half", `CREATE TABLE half (x BIGINT)`)); err != nil {
			t.Errorf("the steps before nonsense have stayed: %v", err)
		}
		gap := migrations("gap", `CREATE TABLE gap (x BIGINT)`)
		gap.Files.(fstest.MapFS)["3_gap.sql"] = &fstest.MapFile{Data: []byte(two)}
		if err := open(gap); err == nil {
			t.Error("a gap in the numbers")
		}
	})
}

func TestTx(t *testing.T) {
	server.Each(t, func(t *testing.T, place string) {
		db, err := database.Open(t.Context(), place, migrations("m", one, two))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		ctx, mine := t.Context(), errors.New("mine")
		if err := db.Tx(ctx, func(tx *database.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE counter SET n = 7`); err != nil {
				t.Error(err)
			}
			return mine
		}); err != mine {
			t.Errorf("%v, want the function's error as it is", err)
		}
		var n int
		if err := db.QueryRow(ctx, `SELECT n FROM counter`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d, %v: a failed transaction has left something", n, err)
		}
		if _, err := db.Exec(ctx, two); !database.IsDuplicate(err) {
			t.Errorf("a second row of the name: %v", err)
		}
		if _, err := db.Exec(ctx, `UPDATE counter SET n = -1`); err == nil || database.IsDuplicate(err) {
			t.Errorf("below zero: %v", err)
		}
		now := time.Date(2026, 7, 1, 12, 0, 0, 5, time.UTC)
		if got := database.Time(database.Nanos(now)); got != now || !database.Time(database.Nanos(time.Time{})).IsZero() {
			t.Errorf("%v, want %v", got, now)
		}
	})
}
