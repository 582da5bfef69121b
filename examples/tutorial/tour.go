package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// step is a part of the tour. What it prints stands in docs/tutorial.md behind its title.
type step struct {
	title string
	take  func(context.Context, io.Writer, *shop) error
}

func take(ctx context.Context, out io.Writer, s *shop, steps ...step) error {
	for _, next := range steps {
		fmt.Fprintln(out, "==", next.title)
		if err := next.take(ctx, out, s); err != nil {
			return fmt.Errorf("%s: %w", next.title, err)
		}
	}
	return nil
}

// tour takes the steps of docs/tutorial.md, one after another.
func tour(ctx context.Context, out, progress io.Writer, data, dir string) error {
	s, err := begin(ctx, out, progress, data, dir)
	if err != nil {
		return err
	}
	err = take(ctx, out, s, step{"Train", train}, step{"A page", personal}, step{"What goes with what", related},
		step{"Filters", filtered}, step{"Strangers", stranger}, step{"Preferences", preferences})
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	opts, err := fullOptions(s.catalog, progress)
	if err != nil {
		return err
	}
	if s, err = open(ctx, dir, opts); err != nil {
		return err
	}
	return serve(ctx, s, func(ctx context.Context) error {
		return take(ctx, out, s, step{"Open again", reopened}, step{"Measure", evaluate}, step{"Export", exporter(dir)},
			step{"Experiment", compare}, step{"Keep house", tidy})
	})
}

// serve runs the engine beside what the program does, and closes the shop when that is done.
func serve(ctx context.Context, s *shop, work func(context.Context) error) error {
	running, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var failed error
	wg.Go(func() { failed = s.engine.Run(running) }) // until it is stopped
	err := work(ctx)
	stop()
	wg.Wait()
	return errors.Join(err, failed, s.Close())
}

// begin reads the movies, opens a shop on them, and imports the ratings.
func begin(ctx context.Context, out, progress io.Writer, data, dir string) (*shop, error) {
	movies, err := os.Open(filepath.Join(data, "u.item"))
	if err != nil {
		return nil, err
	}
	defer movies.Close()
	cat, err := readMovies(movies)
	if err != nil {
		return nil, err
	}
	ratings, err := os.Open(filepath.Join(data, "u.data"))
	if err != nil {
		return nil, err
	}
	defer ratings.Close()
	s, err := open(ctx, dir, simpleOptions(cat, progress))
	if err != nil {
		return nil, err
	}
	n, err := importRatings(ctx, s.engine, ratings)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	fmt.Fprintf(out, "== Import\n%d movies, %d ratings\n", cat.Len(), n)
	return s, nil
}

func reopened(ctx context.Context, out io.Writer, s *shop) error {
	status := s.engine.Status()
	fmt.Fprintf(out, "version %d is in service again, trained on %d ratings\n", status.Version, status.Report.Interactions)
	return home(ctx, out, s)
}

// tidy trains on what has come meanwhile and takes it back, drops what is old from the log, and forgets a user.
func tidy(ctx context.Context, out io.Writer, s *shop) error {
	report, err := s.engine.Train(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "trained again: published %t\n", report.Published)
	if report.Published {
		version, err := s.engine.Rollback(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "back to version %d\n", version)
	}
	if err := s.store.Trim(ctx, today().Add(-90*24*time.Hour)); err != nil {
		return err
	}
	if err := s.engine.Forget(ctx, "new"); err != nil {
		return err
	}
	history, err := s.store.History(ctx, "new", 10)
	if err != nil {
		return err
	}
	left := 0
	for _, err := range s.store.Scan(ctx, store.Place{}) {
		if err != nil {
			return err
		}
		left++
	}
	fmt.Fprintf(out, "%d entries are left in the log, %d of the user forgotten\n", left, len(history))
	if _, err := s.engine.Rollback(ctx); !errors.Is(err, recommend.ErrNoRollback) {
		return fmt.Errorf("rolled back behind a forgotten user: %w", err)
	}
	return nil
}
