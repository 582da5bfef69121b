// Package database opens the SQL tables of a shop: SQLite in a file of its own, without cgo, or a PostgreSQL by URL. The
// same statements run on both.
//
//	//go:embed migrations/*.sql
//	var files embed.FS
//
//	db, err := database.Open(ctx, "shop.db", database.Migrations{Name: "orders", Files: files})
//	err = db.Tx(ctx, func(tx *database.Tx) error {
//		_, err := tx.Exec(ctx, `UPDATE stock SET free = free - $1 WHERE item = $2`, 1, "tea")
//		return err
//	})
//
// # The SQL that both speak
//
// Arguments are $1, $2 and so on. Instants are BIGINT, as [Nanos] makes them; money is BIGINT of minor units; names are TEXT; truths are
// BIGINT, 0 or 1. INSERT … ON CONFLICT … DO, RETURNING and common table expressions exist in both. SELECT … FOR UPDATE does not,
// and is not needed: a transaction of Tx is serialisable.
//
// # Cost
//
// A transaction that writes waits for the disk: some milliseconds on SQLite, where one writes at a time.
//
// # Caveats
//
// The function that is given to Tx may run several times, and so does nothing but talk to its transaction.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver" // registers "sqlite3"
)

const (
	attempts    = 50                     // of a transaction that others come in the way of
	patienceMax = 100 * time.Millisecond // between two of them
	connections = 16
)

// DB is an open database. It is safe for concurrent use, and several processes may have one open at the same place.
type DB struct {
	db       *sql.DB
	postgres bool
}

// Open opens a database and brings its tables up to date. The place is postgres://… or the path of a file, which is made if
// there is none. Several may open it at once: one migrates, the others wait.
func Open(ctx context.Context, place string, migrations ...Migrations) (*DB, error) {
	driver, source, postgres := "sqlite3", place, strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
	if postgres {
		driver = "pgx"
	} else {
		path, err := filepath.Abs(place)
		if err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
		source = (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(20000)&_pragma=journal_mode(wal)" +
			"&_pragma=synchronous(full)&_pragma=foreign_keys(on)"}).String()
	}
	pool, err := sql.Open(driver, source)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	db := &DB{db: pool, postgres: postgres}
	if err := db.migrate(ctx, migrations); err != nil {
		return nil, fmt.Errorf("database: %w", errors.Join(err, pool.Close()))
	}
	return db, nil
}

// Close closes the database, after the statements under way.
func (db *DB) Close() error { return db.db.Close() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.db.PingContext(ctx) }

// Exec runs a statement by itself.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return db.db.ExecContext(ctx, db.bind(query), args...)
}

// Query asks by itself. The rows are to be closed.
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return db.db.QueryContext(ctx, db.bind(query), args...)
}

// QueryRow asks for one row by itself.
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return db.db.QueryRowContext(ctx, db.bind(query), args...)
}

// bind writes arguments as the database numbers them. To SQLite $2 would be a name, numbered by where it stands.
func (db *DB) bind(query string) string {
	if db.postgres {
		return query
	}
	return strings.ReplaceAll(query, "$", "?")
}

// Tx is a transaction under way, for one goroutine.
type Tx struct {
	tx *sql.Tx
	db *DB
}

// Exec runs a statement.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.tx.ExecContext(ctx, tx.db.bind(query), args...)
}

// Query asks. The rows are to be closed before the next statement.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.tx.QueryContext(ctx, tx.db.bind(query), args...)
}

// QueryRow asks for one row.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return tx.tx.QueryRowContext(ctx, tx.db.bind(query), args...)
}

// Tx runs f in a serialisable transaction, which is committed when f returns nil and else leaves nothing. When another
// transaction came in the way, f runs again, up to fifty times in all. An error of the commit other than that leaves open whether it
// took place.
func (db *DB) Tx(ctx context.Context, f func(*Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, f)
		if err == nil || attempt == attempts || !inTheWay(err) {
			return err
		}
		wait := rand.N(min(patienceMax, time.Duration(attempt)*5*time.Millisecond)) + time.Millisecond
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

func (db *DB) once(ctx context.Context, f func(*Tx) error) error {
	tx, err := db.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing after a commit
	if err := f(&Tx{tx, db}); err != nil {
		return err
	}
	return tx.Commit()
}

// inTheWay reports whether a transaction failed, as a whole, for others that ran beside it.
func inTheWay(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "40001" || pg.Code == "40P01" // serialisation, deadlock
	}
	return errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED)
}

// IsDuplicate reports whether a statement failed because there is such a row.
func IsDuplicate(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505"
	}
	return errors.Is(err, sqlite3.CONSTRAINT_UNIQUE) || errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY)
}

// Nanos is an instant as a column keeps it: nanoseconds since 1970, or 0 for the zero time.
func Nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// Time is the instant that Nanos made into a number, in UTC.
func Time(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

// Migrations are the tables of a package, by the steps in which they came to be: files 0001_orders.sql, 0002_… in any
// directory of Files, of statements that both databases speak. A step that has been shipped is never changed.
type Migrations struct {
	Name  string // of the package; the steps of each are counted by themselves
	Files fs.FS
}
