package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// calls is one call of every method that takes a context.
func calls(st store.Store) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"Append":      func(ctx context.Context) error { return st.Append(ctx, entries(view("ann", 1))) },
		"AppendEmpty": func(ctx context.Context) error { return st.Append(ctx, nil) },
		"End":         func(ctx context.Context) error { _, err := st.End(ctx); return err },
		"Wait":        func(ctx context.Context) error { return st.Wait(ctx, store.Place{}) },
		"Trim":        func(ctx context.Context) error { return st.Trim(ctx, base.Add(-time.Hour)) },
		"Trimmed":     func(ctx context.Context) error { _, err := st.Trimmed(ctx); return err },
		"History":     func(ctx context.Context) error { _, err := st.History(ctx, "ann", 1); return err },
		"Scan":        func(ctx context.Context) error { return lastError(st.Scan(ctx, store.Place{})) },
		"Forget":      func(ctx context.Context) error { return st.Forget(ctx, "bob") },
		"Profile": func(ctx context.Context) error {
			_, err := st.Profile(ctx, "ann")
			return ignore(err, store.ErrNotFound)
		},
		"PutProfile": func(ctx context.Context) error {
			_, err := st.PutProfile(ctx, store.Profile{User: "ann"})
			return ignore(err, store.ErrConflict)
		},
		"DeleteProfile": func(ctx context.Context) error { return st.DeleteProfile(ctx, "bob") },
		"Segment":       func(ctx context.Context) error { return lastError(st.Segment(ctx, "vip")) },
		"PutModel": func(ctx context.Context) error {
			_, err := st.PutModel(ctx, "als", strings.NewReader("x"))
			return err
		},
		"OpenModel": func(ctx context.Context) error {
			r, _, err := st.OpenModel(ctx, "als", 0)
			if err == nil {
				err = r.Close()
			}
			return ignore(err, store.ErrNotFound)
		},
		"ModelVersions": func(ctx context.Context) error { _, err := st.ModelVersions(ctx, "als"); return err },
		"DeleteModel":   func(ctx context.Context) error { return st.DeleteModel(ctx, "als", 99) },
		"Current": func(ctx context.Context) error {
			_, err := st.Current(ctx, "als")
			return ignore(err, store.ErrNotFound)
		},
		"SetCurrent": func(ctx context.Context) error {
			return ignore(st.SetCurrent(ctx, "als", 99, 0), store.ErrNotFound)
		},
		"Acquire": func(ctx context.Context) error {
			_, err := st.Acquire(ctx, "train", time.Hour)
			return ignore(err, store.ErrHeld)
		},
		"Renew": func(ctx context.Context) error {
			_, err := st.Renew(ctx, store.Lease{Name: "train", Token: 99}, time.Hour)
			return ignore(err, store.ErrHeld)
		},
		"Release": func(ctx context.Context) error {
			return st.Release(ctx, store.Lease{Name: "train", Token: 99})
		},
	}
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

func lastError[T any](seq func(yield func(T, error) bool)) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
}

func testClosed(t *testing.T, f *fixture) {
	f.append(t, views("ann", 3000)...)
	f.putModel(t, "als", strings.Repeat("x", 3<<20))
	for _, user := range []string{"ann", "bob"} {
		f.put(t, store.Profile{User: user, Segments: []string{"vip"}})
	}
	n := 0
	var last error
	for _, err := range f.Scan(t.Context(), store.Place{}) {
		if n == 0 {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		n, last = n+1, err
	}
	wantErr(t, "scan after Close", store.ErrClosed, last)
	if n > 2000 {
		t.Errorf("a scan showed %d entries after Close", n)
	}
	for name, call := range calls(f) {
		wantErr(t, name, store.ErrClosed, call(t.Context()))
	}
	if err := f.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

// testCloseWhileUsed closes a store that is in use from all sides: every call works or says ErrClosed, and none hangs.
func testCloseWhileUsed(t *testing.T, f *fixture) {
	f.append(t, views("ann", 100)...)
	f.putModel(t, "als", strings.Repeat("x", 3<<20))
	r, _, err := f.OpenModel(t.Context(), "als", 0)
	if err != nil {
		t.Fatal(err)
	}
	var wg, started sync.WaitGroup
	for name, call := range calls(f) {
		started.Add(1)
		wg.Go(func() {
			for i := 0; ; i++ {
				err := call(t.Context())
				if i == 0 {
					started.Done()
				}
				if err != nil {
					wantErr(t, name, store.ErrClosed, err)
					return
				}
			}
		})
	}
	started.Wait()
	if err := f.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
	if _, err := io.Copy(io.Discard, r); err != nil {
		wantErr(t, "model read after Close", store.ErrClosed, err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("close a model after the store: %v", err)
	}
}

func testContext(t *testing.T, f *fixture) {
	f.append(t, views("ann", 3000)...)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for name, call := range calls(f) {
		wantErr(t, name, context.Canceled, call(cancelled))
		wantErr(t, name, context.DeadlineExceeded, call(late))
		if err := call(t.Context()); err != nil {
			t.Errorf("%s after a call whose context was over: %v", name, err)
		}
	}
	equal(t, "interactions", 3001, len(interactions(f.scan(t, store.Place{}))))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range f.Scan(ctx, store.Place{}) {
		if n++; n == 10 {
			cancel()
		}
		last = err
	}
	wantErr(t, fmt.Sprintf("scan cancelled at 10 of 3001, ended after %d", n), context.Canceled, last)
}
