package storetest_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/storetest"
)

// faults are what the suite must catch, and the case that does.
func faults() map[string]string {
	return map[string]string{
		"":                                 "",
		"positions not filled in":          "Append/Order",
		"history without positions":        "Append/Order",
		"history the oldest first":         "History/Limit",
		"good entries of a bad batch":      "Append/Invalid",
		"value cut to the bound":           "Append/Invalid",
		"entry not named":                  "Append/Message",
		"rank lost":                        "Append/Values",
		"source lost":                      "Append/Values",
		"exposures lost":                   "Append/Facts",
		"exposures in the history":         "Append/Facts",
		"batch kept":                       "Append/DoesNotKeepBatch",
		"retry stored":                     "ID/Retry",
		"retry told where it is":           "ID/Retry",
		"ID of anybody":                    "ID/Retry",
		"ID known after Forget":            "ID/Forget",
		"ID known after Trim":              "ID/Trim",
		"ID looked up, then stored":        "ID/Concurrent",
		"since shown again":                "Scan/Since",
		"scan follows":                     "Scan/Calls",
		"scan ahead":                       "Forget/Scan",
		"scan ahead of Trim":               "Trim/Scan",
		"never woken":                      "Follow",
		"not woken by Forget":              "Wait/Wakes",
		"always news":                      "Wait",
		"no news that waits":               "Wait",
		"wait ends well":                   "Wait/Ends",
		"closed to no avail":               "Wait/Ends",
		"woken by what is gone":            "Trim/All",
		"Forgotten not shown":              "Forget",
		"Forgotten twice":                  "Forget",
		"Forgotten without a time":         "Forget",
		"exposures not forgotten":          "Forget/Facts",
		"unknown user not Forgotten":       "Forget/Facts",
		"Forgotten before what is gone":    "Forget/Order",
		"forgotten later":                  "Store/ConcurrentHistories",
		"stale history":                    "Store/ConcurrentHistories",
		"nothing trimmed":                  "Trim",
		"trimmed too much":                 "Trim",
		"profile changes stay":             "Trim",
		"trimmed and not told":             "Trimmed",
		"interactions told as trimmed":     "Trimmed",
		"end goes back":                    "Trim/All",
		"lease for all":                    "Lease",
		"lost lease renewed":               "Lease",
		"token for ever":                   "Lease",
		"released by anybody":              "Lease",
		"lease for nothing":                "Lease/Invalid",
		"lease over too soon":              "Lease/Random",
		"lease looked at, then taken":      "Lease/Concurrent",
		"fence ignored":                    "Model/Fence",
		"fence forgotten by none":          "Model/Fence",
		"newest is current":                "Model/Current",
		"current without a version":        "Model/Current",
		"current deleted":                  "Model/Current",
		"fence looked at, then current":    "Model/CurrentConcurrent",
		"size of something else":           "Model",
		"context ignored":                  "Store/Context",
		"open: IDs forgotten":              "IDs",
		"open: leases forgotten":           "Leases",
		"open: current forgotten":          "Current",
		"open: fence forgotten":            "Current",
		"open: end goes back":              "Trim",
		"open: Trimmed forgotten":          "Trim",
		"open: page of the fact forgotten": "Facts",
		"open: Forgotten forgotten":        "Forget",
	}
}

// broken is a Memory with one fault. The fields after mu are for those faults that need them.
type broken struct {
	*store.Memory
	fault string
	now   func() time.Time
	dir   string // the same for each opening

	mu     sync.Mutex
	opened int
	n      int
	ids    map[string]bool
	leases map[string]store.Lease
	fences map[string]uint64
	stale  map[string][]store.Entry
	gone   []store.Entry
	kept   []store.Entry
	batch  []store.Entry
}

func newBroken(fault string, now func() time.Time) *broken {
	return &broken{
		Memory: store.NewMemory(store.MemoryOptions{Now: now}), fault: fault, now: now, opened: 1, ids: map[string]bool{},
		leases: map[string]store.Lease{}, fences: map[string]uint64{}, stale: map[string][]store.Entry{},
	}
}

// is reports whether the fault is one of these; reopened, whether it shows by now.
func (b *broken) is(faults ...string) bool { return slices.Contains(faults, b.fault) }

func (b *broken) reopened() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.opened > 1
}

func (b *broken) Append(ctx context.Context, batch []store.Entry) error {
	switch b.fault {
	case "context ignored":
		ctx = context.WithoutCancel(ctx)
	case "positions not filled in":
		batch = slices.Clone(batch)
	case "good entries of a bad batch":
		for i := range batch {
			if err := b.Memory.Append(ctx, batch[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	case "entry not named":
		if err := b.Memory.Append(ctx, batch); errors.Is(err, store.ErrInvalid) {
			return store.ErrInvalid
		} else {
			return err
		}
	case "batch kept":
		b.batch = batch
	}
	return b.appendChanged(ctx, batch)
}

// appendChanged stores something else than it is given, and keeps to that in what it fills in.
func (b *broken) appendChanged(ctx context.Context, batch []store.Entry) error {
	var stored []store.Entry
	var from []int
	for i, e := range batch {
		in := &e.Interaction
		if b.lost(e) {
			batch[i].Position = 0
			continue
		}
		switch b.fault {
		case "value cut to the bound":
			in.Value = max(-store.ValueMax, min(in.Value, store.ValueMax))
		case "rank lost":
			in.Rank = 0
		case "source lost":
			in.Source = ""
		}
		if in.ID != "" && len(in.ID) < 100 {
			in.ID += b.suffix()
		}
		stored, from = append(stored, e), append(from, i)
	}
	err := b.Memory.Append(ctx, stored)
	for i, e := range stored {
		to := &batch[from[i]]
		to.Partition, to.Position = e.Partition, e.Position
		if b.fault == "retry told where it is" && e.Position == 0 {
			to.Position = 1
		}
	}
	return err
}

// lost reports whether an entry is not to be stored.
func (b *broken) lost(e store.Entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := e.Interaction.User + "\n" + e.Interaction.ID
	switch {
	case b.is("exposures lost"):
		return e.Fact == store.Exposed
	case e.Interaction.ID == "":
		return false
	case b.is("ID of anybody"):
		id = e.Interaction.ID
	case b.is("ID looked up, then stored"):
		known := b.ids[id]
		b.mu.Unlock()
		time.Sleep(50 * time.Microsecond)
		b.mu.Lock()
		b.ids[id] = true
		return known
	case !b.is("ID known after Forget", "ID known after Trim"):
		return false
	}
	known := b.ids[id]
	b.ids[id] = true
	return known
}

// suffix makes an ID another one.
func (b *broken) suffix() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	switch {
	case b.is("retry stored", "ID looked up, then stored"):
		return fmt.Sprint("#", b.n)
	case b.is("open: IDs forgotten"):
		return fmt.Sprint("#", b.opened)
	}
	return ""
}

func (b *broken) shown(e store.Entry) store.Entry {
	e.Interaction.ID, _, _ = strings.Cut(e.Interaction.ID, "#")
	if b.is("open: page of the fact forgotten") && b.reopened() {
		e.Interaction.Page = ""
	}
	if b.is("Forgotten without a time") && e.Fact == store.Forgotten {
		e.Interaction.Time = time.Unix(0, 0).UTC()
	}
	return e
}

func (b *broken) History(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	history, err := b.Memory.History(ctx, user, limit)
	if b.is("exposures in the history") && limit > 5 {
		for e := range b.Memory.Scan(ctx, store.Place{}) {
			if e.Fact == store.Exposed && e.Interaction.User == user {
				history = append(history, e)
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range history {
		history[i].Interaction.ID, _, _ = strings.Cut(history[i].Interaction.ID, "#")
		if b.is("history without positions") {
			history[i].Position = 0
		}
		if len(b.batch) > 0 && i < len(b.batch) {
			history[len(history)-1-i] = b.batch[i]
		}
	}
	switch {
	case b.is("history the oldest first"):
		slices.Reverse(history)
	case b.is("stale history"):
		if b.n++; b.n%3 == 0 && b.stale[user] != nil {
			return b.stale[user], err
		}
		b.stale[user] = slices.Clone(history)
	}
	return history, err
}

func (b *broken) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	if b.is("since shown again") && since.At(0) > 0 {
		since = since.With(0, since.At(0)-1)
	}
	return func(yield func(store.Entry, error) bool) {
		since := since // it may run again
		var ahead []store.Entry
		for e, err := range b.Memory.Scan(ctx, since) {
			if err != nil {
				yield(e, err)
				return
			}
			if e = b.shown(e); b.hidden(e) {
				continue
			}
			if b.is("scan ahead", "scan ahead of Trim", "Forgotten before what is gone") {
				ahead = append(ahead, e)
			} else if !yield(e, nil) {
				return
			}
			since = since.With(e.Partition, e.Position)
		}
		switch {
		case b.is("Forgotten twice"):
			ahead = b.kept
		case b.is("profile changes stay"):
			ahead = b.gone
		}
		if b.is("Forgotten before what is gone") {
			swapForgotten(ahead)
		}
		for _, e := range ahead {
			if !yield(e, nil) {
				return
			}
		}
		if b.is("scan follows") && b.Memory.Wait(shortly(ctx), since) == nil {
			b.Scan(ctx, since)(yield)
		}
	}
}

// swapForgotten lets a Forgotten entry and the one after it change places.
func swapForgotten(entries []store.Entry) {
	for i := range len(entries) - 1 {
		if a, b := &entries[i], &entries[i+1]; a.Fact == store.Forgotten && b.Interaction.User == a.Interaction.User {
			*a, *b = *b, *a
			a.Position, b.Position = b.Position, a.Position
			return
		}
	}
}

func (b *broken) hidden(e store.Entry) bool {
	switch {
	case e.Fact == store.Forgotten:
		return b.is("Forgotten not shown") || b.is("open: Forgotten forgotten") && b.reopened()
	}
	return false
}

// shortly is a context that does not wait.
func shortly(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	context.AfterFunc(ctx, cancel)
	return ctx
}

func (b *broken) Wait(ctx context.Context, since store.Place) error {
	switch b.fault {
	case "always news":
		return nil
	case "no news that waits":
		if since.IsZero() {
			return b.Memory.Wait(shortly(ctx), store.Place{}.With(0, 1<<40))
		}
	case "never woken":
		if end, err := b.Memory.End(ctx); err == nil && since.Covers(end) {
			return b.Memory.Wait(shortly(ctx), store.Place{}.With(0, math.MaxUint64))
		}
	case "not woken by Forget":
		for {
			if err := b.Memory.Wait(ctx, since); err != nil {
				return err
			}
			for e := range b.Memory.Scan(ctx, since) {
				if e.Fact != store.Forgotten {
					return nil
				}
				since, ctx = since.With(0, e.Position), shortly(ctx)
			}
		}
	case "woken by what is gone":
		if end, err := b.Memory.End(ctx); err == nil && !since.Covers(end) {
			return nil
		}
	}
	err := b.Memory.Wait(ctx, since)
	if b.is("wait ends well") && errors.Is(err, context.Canceled) || b.is("closed to no avail") && errors.Is(err, store.ErrClosed) {
		return nil
	}
	return err
}

func (b *broken) End(ctx context.Context) (store.Place, error) {
	end, err := b.Memory.End(ctx)
	if b.is("end goes back") || b.is("open: end goes back") && b.reopened() {
		end = store.Place{}
		for e := range b.Memory.Scan(ctx, store.Place{}) {
			end = end.With(e.Partition, e.Position)
		}
	}
	return end, err
}

func (b *broken) Forget(ctx context.Context, user string) error {
	var exposures []store.Entry
	known := false
	for e := range b.Memory.Scan(ctx, store.Place{}) {
		if e.Interaction.User != user {
			continue
		}
		known = true
		if e.Fact == store.Exposed {
			exposures = append(exposures, e)
		}
		if e.Fact == store.Forgotten && b.is("Forgotten twice") {
			b.kept = append(b.kept, e)
		}
	}
	if b.is("unknown user not Forgotten") && !known {
		return nil
	}
	if b.is("forgotten later") {
		go func() {
			time.Sleep(time.Millisecond)
			_ = b.Memory.Forget(ctx, user)
		}()
		return nil
	}
	err := b.Memory.Forget(ctx, user)
	if b.is("exposures not forgotten") {
		err = errors.Join(err, b.Memory.Append(ctx, exposures))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.is("ID known after Trim") {
		clear(b.ids)
	}
	return err
}

func (b *broken) Trim(ctx context.Context, before time.Time) error {
	switch b.fault {
	case "nothing trimmed":
		return nil
	case "trimmed too much":
		before = before.Add(time.Microsecond)
	case "profile changes stay":
		b.mu.Lock()
		defer b.mu.Unlock()
		for e := range b.Memory.Scan(ctx, store.Place{}) {
			if e.Fact == store.ProfileChanged {
				b.gone = append(b.gone, e)
			}
		}
	case "ID known after Forget":
		b.mu.Lock()
		clear(b.ids)
		b.mu.Unlock()
	}
	return b.Memory.Trim(ctx, before)
}

func (b *broken) Trimmed(ctx context.Context) (store.Place, error) {
	place, err := b.Memory.Trimmed(ctx)
	switch {
	case b.is("trimmed and not told"), b.is("open: Trimmed forgotten") && b.reopened():
		return store.Place{}, err
	case b.is("interactions told as trimmed"):
		return b.Memory.End(ctx)
	}
	return place, err
}

func (b *broken) Acquire(ctx context.Context, name string, ttl time.Duration) (store.Lease, error) {
	b.mu.Lock()
	last := b.leases[name]
	b.mu.Unlock()
	switch {
	case b.is("lease for all"):
		_ = b.Memory.Release(ctx, last)
	case b.is("lease for nothing"):
		ttl = max(ttl, time.Microsecond)
	case b.is("lease over too soon") && !b.now().Before(last.Expires.Add(-time.Second)):
		_ = b.Memory.Release(ctx, last)
	case b.is("open: leases forgotten") && b.reopened():
		name += "#"
	case b.is("lease looked at, then taken"):
		lease, err := store.AcquireLease(last, name, ttl, b.now())
		if runtime.Gosched(); err == nil {
			time.Sleep(20 * time.Microsecond)
			b.mu.Lock()
			b.leases[name] = lease
			b.mu.Unlock()
		}
		return lease, err
	}
	lease, err := b.Memory.Acquire(ctx, name, ttl)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.leases[name] = lease
	}
	if b.is("token for ever") && err == nil {
		lease.Token = 1
	}
	lease.Name, _, _ = strings.Cut(lease.Name, "#")
	return lease, err
}

func (b *broken) Renew(ctx context.Context, lease store.Lease, ttl time.Duration) (store.Lease, error) {
	renewed, err := b.Memory.Renew(ctx, lease, ttl)
	if b.is("lost lease renewed") && errors.Is(err, store.ErrHeld) {
		if _, err := b.Memory.Acquire(ctx, lease.Name, ttl); err == nil {
			return lease, nil
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.leases[lease.Name] = renewed
	}
	return renewed, err
}

func (b *broken) Release(ctx context.Context, lease store.Lease) error {
	b.mu.Lock()
	last := b.leases[lease.Name]
	if b.is("lease looked at, then taken") {
		b.leases[lease.Name] = store.ReleaseLease(last, lease)
	}
	b.mu.Unlock()
	if b.is("released by anybody", "token for ever") {
		lease = last
	}
	return b.Memory.Release(ctx, lease)
}

func (b *broken) PutModel(ctx context.Context, name string, r io.Reader) (uint64, error) {
	version, err := b.Memory.PutModel(ctx, name, r)
	if b.is("newest is current") && err == nil {
		err = b.Memory.SetCurrent(ctx, name, version, 0)
	}
	return version, err
}

type sized struct{ io.ReadCloser }

func (sized) Size() int64 { return 7 }

func (b *broken) OpenModel(ctx context.Context, name string, version uint64) (io.ReadCloser, uint64, error) {
	r, got, err := b.Memory.OpenModel(ctx, name, version)
	if b.is("size of something else") && err == nil {
		r = sized{r}
	}
	return r, got, err
}

func (b *broken) SetCurrent(ctx context.Context, name string, version, fence uint64) error {
	b.mu.Lock()
	highest := b.fences[name]
	b.fences[name] = max(highest, fence)
	b.mu.Unlock()
	switch {
	case b.is("fence ignored"), b.is("open: fence forgotten") && b.reopened():
		fence = 0
	case b.is("fence looked at, then current"):
		if fence < highest {
			return store.ErrConflict
		}
		if fence%2 == 1 {
			time.Sleep(time.Millisecond)
		}
		fence = 0
	case b.is("fence forgotten by none"):
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.fences[name] = fence; fence != 0 && fence < highest {
			return store.ErrConflict
		}
		fence = 0
	}
	err := b.Memory.SetCurrent(ctx, name, version, fence)
	if b.is("current without a version") && errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func (b *broken) Current(ctx context.Context, name string) (uint64, error) {
	version, err := b.Memory.Current(ctx, name)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.is("current deleted") && name == "als" {
		if err == nil {
			b.n = int(version)
		} else if b.n > 0 {
			return uint64(b.n), nil
		}
	}
	if b.is("open: current forgotten") && b.opened > 1 {
		return 0, store.ErrNotFound
	}
	return version, err
}

// Close of a broken store that lives in a directory keeps what it holds for the next opening.
func (b *broken) Close() error {
	if b.dir != "" {
		return nil
	}
	return b.Memory.Close()
}

// TestCatches runs the suite on stores with one fault each, in a process of their own as they are to fail, and wants the
// case to fail that watches for the fault. Without a fault all cases run, and pass.
func TestCatches(t *testing.T) {
	t.Parallel()
	for fault, test := range faults() {
		t.Run(cmp.Or(fault, "none"), func(t *testing.T) {
			t.Parallel()
			run := "TestBroken"
			if strings.HasPrefix(fault, "open:") {
				run = "TestBrokenDurable"
			}
			pattern := "^" + run + "$"
			for part := range strings.SplitSeq(test, "/") {
				pattern += "/^" + part + "$"
			}
			if fault == "" {
				pattern = "^TestBroken"
			}
			cmd := exec.Command(os.Args[0], "-test.run="+pattern, "-test.v", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), "GOLD_STORETEST_FAULT="+cmp.Or(fault, "none"))
			out, err := cmd.CombinedOutput()
			switch {
			case fault == "" && err != nil:
				t.Errorf("the store without a fault fails: %v\n%s", err, out)
			case fault != "" && (err == nil || !strings.Contains(string(out), fmt.Sprintf("--- FAIL: %s/%s ", run, test))):
				t.Errorf("%s did not fail: %v\n%s", test, err, out)
			}
		})
	}
}

func fault(t *testing.T) string {
	name, ok := os.LookupEnv("GOLD_STORETEST_FAULT")
	if !ok {
		t.Skip("runs in a process of TestCatches")
	}
	return name
}

// TestBroken and TestBrokenDurable are what TestCatches runs.
func TestBroken(t *testing.T) {
	name := fault(t)
	storetest.Run(t, func(_ *testing.T, now func() time.Time) store.Store { return newBroken(name, now) })
}

func TestBrokenDurable(t *testing.T) {
	name := fault(t)
	dirs := make(map[string]*broken)
	storetest.RunDurable(t, func(_ *testing.T, dir string, now func() time.Time) store.Store {
		if b := dirs[dir]; b != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.opened++
			return b
		}
		b := newBroken(name, now)
		b.dir = dir
		dirs[dir] = b
		return b
	})
}
