package pebblestore

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/goldrec/gold/store"
)

// slowDisk is a disk whose syncs of the write-ahead log wait until they may go on.
type slowDisk struct {
	fs      vfs.FS
	slow    atomic.Bool
	syncing chan struct{} // gets one for each sync that waits
	goOn    chan struct{} // gives one for each sync that may go on; closed: all
}

func newSlowDisk() *slowDisk {
	d := &slowDisk{syncing: make(chan struct{}, 100), goOn: make(chan struct{})}
	d.fs = errorfs.Wrap(vfs.NewCrashableMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		sync := op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
		if sync && strings.HasSuffix(op.Path, ".log") && d.slow.Load() {
			d.syncing <- struct{}{}
			<-d.goOn
		}
		return nil
	}))
	return d
}

// TestAppendWaits ends the context of an Append that the committer has: the call waits for the outcome and tells it.
func TestAppendWaits(t *testing.T) {
	d := newSlowDisk()
	s, err := open(d.fs, "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d.slow.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	batch := []store.Entry{{Interaction: event("ann", 1)}}
	done := make(chan error, 1)
	go func() { done <- s.Append(ctx, batch) }()
	<-d.syncing
	cancel()
	select {
	case err := <-done:
		t.Errorf("Append returned %v before its sync", err)
		done <- err
	case <-time.After(20 * time.Millisecond):
	}
	close(d.goOn)
	if err := <-done; err != nil || batch[0].Position != 1 {
		t.Errorf("Append: %v, position %d", err, batch[0].Position)
	}
	if history, err := s.History(t.Context(), "ann", 9); err != nil || len(history) != 1 {
		t.Errorf("%d interactions, %v", len(history), err)
	}
}

// TestRetryWaits tries an entry again whose first Append is still waiting for its sync: the second call must not say that
// it is there before it is durable.
func TestRetryWaits(t *testing.T) {
	d := newSlowDisk()
	s, err := open(d.fs, "db", Options{}, memTableBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d.slow.Store(true)
	in := event("ann", 1)
	in.ID = "1"
	first, again := []store.Entry{{Interaction: in}}, []store.Entry{{Interaction: in}}
	done, retried := make(chan error, 1), make(chan error, 1)
	go func() { done <- s.Append(t.Context(), first) }()
	<-d.syncing
	for range 100 { // until the database shows what is not durable yet
		if _, found, err := s.get(entryIDKey(&in)); err != nil || found {
			break
		}
		time.Sleep(time.Millisecond)
	}
	go func() { retried <- s.Append(t.Context(), again) }()
	select {
	case err := <-retried:
		t.Errorf("the retry returned %v before the sync", err)
	case <-time.After(20 * time.Millisecond):
	}
	if _, found, err := s.look(t.Context(), 0); err != nil || found {
		t.Errorf("Wait sees what is not durable: %v, %v", found, err)
	}
	close(d.goOn)
	if err := <-done; err != nil || first[0].Position != 1 {
		t.Errorf("Append: %v, position %d", err, first[0].Position)
	}
	if t.Failed() {
		return
	}
	if err := <-retried; err != nil || again[0].Position != 0 {
		t.Errorf("retry: %v, position %d", err, again[0].Position)
	}
}
