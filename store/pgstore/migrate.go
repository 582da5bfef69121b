package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/goldrec/gold/store"
)

// The migrations, in the order of their names. Each runs once, in a transaction of its own that also says so in the table
// meta. One that was released is never changed; a new version of the tables is one file more.
//
//go:embed migrations/*.sql
var migrations embed.FS

const magic = "gold store"

// migrateMax is how long the migrations may take, which is longer than any call may.
const migrateMax = time.Hour

// migrate brings the schema to the format that this version reads. Whoever finds it there takes no lock.
func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, migrateMax)
	defer cancel()
	for {
		var format int
		err := s.try(ctx, func(ctx context.Context) (err error) {
			format, err = s.format(ctx, s.pool)
			return err
		})
		if err != nil || format == len(files) {
			return err
		}
		if format > len(files) {
			return fmt.Errorf("%w: its tables are of version %d, this program reads up to %d", ErrFormat, format, len(files))
		}
		if err := s.migrateOnce(ctx, files); err != nil {
			return err
		}
	}
}

// migrateOnce runs the next migration, unless somebody else has meanwhile. The lock is the schema's, whatever it holds.
func (s *Store) migrateOnce(ctx context.Context, files []string) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local statement_timeout = 0"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('gold migrates'), hashtext($1))", s.opts.Schema)
		if err != nil {
			return err
		}
		format, err := s.format(ctx, tx)
		if err != nil || format >= len(files) {
			return err
		}
		if format == 0 {
			if err := s.begin(ctx, tx); err != nil {
				return err
			}
		}
		sql, err := migrations.ReadFile(files[format])
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, string(sql), pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("%s: %w", files[format], err)
		}
		_, err = tx.Exec(ctx, "update meta set format = $1", format+1)
		return err
	})
}

// begin makes the schema and the table that says what is in it.
func (s *Store) begin(ctx context.Context, tx pgx.Tx) error {
	var encoding string
	var exists bool
	err := tx.QueryRow(ctx, "select current_setting('server_encoding'), exists (select from pg_namespace where nspname = $1)",
		s.opts.Schema).Scan(&encoding, &exists)
	if err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("%w: a database in %s, not UTF8", ErrFormat, encoding)
	}
	if !exists { // whoever may not make schemas may be given one
		if _, err := tx.Exec(ctx, "create schema "+pgx.Identifier{s.opts.Schema}.Sanitize()); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "create table meta (magic text not null, format int not null, partitions int not null)"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "insert into meta values ($1, 0, $2)", magic, s.opts.Partitions)
	return err
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// format reads which version the tables are of, 0 for none at all, and how many partitions there are. What is not the
// store's own is ErrFormat.
func (s *Store) format(ctx context.Context, db querier) (format int, err error) {
	rows, err := db.Query(ctx, "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "+
		"where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')", s.opts.Schema)
	if err != nil {
		return 0, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, err
	}
	there := make(map[string]bool)
	for _, name := range names {
		there[name] = true
	}
	if !there["meta"] {
		for _, name := range [...]string{"partitions", "entries", "calls", "profiles", "models", "leases", "turns", "claims"} {
			if there[name] {
				return 0, fmt.Errorf("%w: table %s is another program's", ErrFormat, name)
			}
		}
		return 0, nil
	}
	var found string
	err = db.QueryRow(ctx, "select magic::text, format::int, partitions::int from meta").Scan(&found, &format, &s.partitions)
	switch e, ok := errors.AsType[*pgconn.PgError](err); {
	case errors.Is(err, pgx.ErrNoRows), ok && strings.HasPrefix(e.Code, "42"), ok && strings.HasPrefix(e.Code, "22"), err == nil && found != magic:
		return 0, fmt.Errorf("%w: table meta is another program's", ErrFormat)
	case err != nil:
		return 0, err
	case s.partitions < 1 || s.partitions > store.PartitionsMax:
		return 0, fmt.Errorf("%w: %d partitions", ErrFormat, s.partitions)
	}
	return format, nil
}
