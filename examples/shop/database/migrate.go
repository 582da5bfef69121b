package database

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ErrMigration says that the tables of the database were not made by these steps: by another, or by a newer program.
var ErrMigration = errors.New("database: its tables were made otherwise")

// lock is the number of the lock in PostgreSQL under which one process migrates.
const lock = 0x676f6c64 // "gold"

type step struct {
	number int
	name   string
	sql    string
	sum    string
}

// migrate takes all steps that are missing, in one transaction, which is alone.
func (db *DB) migrate(ctx context.Context, list []Migrations) error {
	tx, err := db.db.BeginTx(ctx, nil) // in SQLite it is immediate: it waits for the others here
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if db.postgres {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, lock); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS migrations (
		package TEXT NOT NULL, number BIGINT NOT NULL, sum TEXT NOT NULL, PRIMARY KEY (package, number))`); err != nil {
		return err
	}
	for _, m := range list {
		if err := m.apply(ctx, &Tx{tx, db}); err != nil {
			return fmt.Errorf("migrations of %q: %w", m.Name, err)
		}
	}
	return tx.Commit()
}

func (m *Migrations) apply(ctx context.Context, tx *Tx) error {
	steps, err := m.steps()
	if err != nil {
		return err
	}
	done, err := m.done(ctx, tx)
	if err != nil {
		return err
	}
	if len(done) > len(steps) {
		return fmt.Errorf("%w: %d steps were taken, and %d are known", ErrMigration, len(done), len(steps))
	}
	for i, s := range steps {
		if i < len(done) {
			if done[i] != s.sum {
				return fmt.Errorf("%w: %s is not what it was", ErrMigration, s.name)
			}
			continue
		}
		if _, err := tx.Exec(ctx, s.sql); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO migrations (package, number, sum) VALUES ($1, $2, $3)`, m.Name, s.number, s.sum); err != nil {
			return err
		}
	}
	return nil
}

// done lists the sums of the steps that were taken, in order.
func (m *Migrations) done(ctx context.Context, tx *Tx) (sums []string, err error) {
	rows, err := tx.Query(ctx, `SELECT sum FROM migrations WHERE package = $1 ORDER BY number`, m.Name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			return nil, err
		}
		sums = append(sums, sum)
	}
	return sums, rows.Err()
}

// steps reads the files, which must be numbered from 1 on without a gap.
func (m *Migrations) steps() (steps []step, err error) {
	err = fs.WalkDir(m.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		digits, _, _ := strings.Cut(path.Base(name), "_")
		number, err := strconv.Atoi(digits)
		if err != nil {
			return fmt.Errorf("%s: its name does not begin with a number", name)
		}
		text, err := fs.ReadFile(m.Files, name)
		sum := sha256.Sum256(text)
		steps = append(steps, step{number, name, string(text), hex.EncodeToString(sum[:])})
		return err
	})
	slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.number, b.number) })
	for i, s := range steps {
		if s.number != i+1 {
			return nil, fmt.Errorf("%s: it should be number %d", s.name, i+1)
		}
	}
	return steps, err
}
