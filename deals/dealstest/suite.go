// Package dealstest is the suite for every deals.Ledger.
//
//	func TestLedger(t *testing.T) {
//		dealstest.Run(t, dealstest.Suite{Open: func(t testing.TB) deals.Ledger { return open(t, …) }})
//	}
//
// It holds a ledger to its rules call by call, lets crowds loose on it and counts what was sold, and records histories of
// concurrent calls, with crashes where the ledger can have them, each of which must be one that some order explains.
package dealstest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
)

// Suite is a ledger to be tested.
type Suite struct {
	// Open returns an empty ledger, and sees to it that it is closed when the test ends. One that is a deals.Sweeper remembers claims
	// for 48 hours.
	Open func(t testing.TB) deals.Ledger
	// Crash ends a ledger as a kill or a power cut would, while calls are under way, and opens it again; nil for a ledger that
	// does not outlive its process.
	Crash func(t testing.TB, l deals.Ledger) deals.Ledger
	// Calls is how many calls are recorded in histories; 0 means 20,000, and the environment's GOLD_CLAIMS overrides it.
	Calls int
	// Shoppers is how many try at once for 100 units; 0 means 2,000.
	Shoppers int
}

// Run tests a ledger.
func Run(t *testing.T, s Suite) {
	if s.Calls == 0 {
		s.Calls = 20_000
	}
	if n, err := strconv.Atoi(os.Getenv("GOLD_CLAIMS")); err == nil {
		s.Calls = n
	}
	if s.Shoppers == 0 {
		s.Shoppers = 2000
	}
	t.Run("rules", func(t *testing.T) { t.Parallel(); rules(t, s) })
	t.Run("crowd", func(t *testing.T) { t.Parallel(); crowd(t, s) })
	t.Run("queue", func(t *testing.T) { t.Parallel(); queue(t, s) })
	t.Run("sweep", func(t *testing.T) { t.Parallel(); sweep(t, s) })
	t.Run("histories", func(t *testing.T) { t.Parallel(); histories(t, s) })
}

// keep is for how long a ledger that is swept remembers.
const keep = 48 * time.Hour

// base is when tests begin.
var base = time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)

// crowd lets shoppers at 100 units at once. Half of those who get one pay, the others give it back, and those who got none
// try again until nothing is left or in anybody's hands.
func crowd(t *testing.T, s Suite) {
	ctx, l := t.Context(), s.Open(t)
	const units = 100
	var paid, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range s.Shoppers {
		wg.Go(func() {
			r := deals.Request{Deal: "flash", Turn: "2026-11-22", User: fmt.Sprint("user-", i), Units: 1, At: base, TTL: time.Minute,
				Start: base, Close: base.Add(time.Hour), Apart: 20 * time.Hour, Max: units, MaxUser: 1}
			for try := range 50 {
				r.ID = fmt.Sprintf("%d-%d", i, try)
				c, err := l.Hold(ctx, r)
				switch {
				case errors.Is(err, deals.ErrSoldOut):
					refused.Add(1)
					continue
				case err != nil:
					t.Error(err)
					return
				}
				to := deals.Confirmed
				if i%2 == 1 {
					to = deals.Released
				}
				if _, err := l.Settle(ctx, c.ID, to, base); err != nil {
					t.Error(err)
				}
				if to == deals.Confirmed {
					paid.Add(1)
				}
				return
			}
		})
	}
	wg.Wait()
	got, err := l.Stock(ctx, "flash", "2026-11-22", base)
	if err != nil || got.Confirmed != paid.Load() || got.Held != 0 || paid.Load() > units {
		t.Errorf("%d were paid for of %d, %d refused; stock %+v, %v", paid.Load(), units, refused.Load(), got, err)
	}
	// No false sold out: what is left can be had.
	r := deals.Request{ID: "rest", Deal: "flash", Turn: "2026-11-22", User: "last", Units: units - got.Confirmed, At: base, TTL: time.Minute,
		Start: base, Close: base.Add(time.Hour), Max: units}
	if _, err := l.Hold(ctx, r); r.Units > 0 && err != nil {
		t.Errorf("%d units are left, and cannot be had: %v", r.Units, err)
	}
	if r.ID, r.Units = "one more", 1; err == nil {
		if _, err := l.Hold(ctx, r); !errors.Is(err, deals.ErrSoldOut) {
			t.Errorf("one more than all: %v", err)
		}
	}
}

// queue lets a hundred wait for one unit, which each in turn gets, and lets go in one of three ways.
func queue(t *testing.T, s Suite) {
	ctx, l := t.Context(), s.Open(t)
	r := deals.Request{Deal: "one", Units: 1, Wait: true, TTL: time.Minute, Start: base, Close: base.Add(1000 * time.Hour), Max: 1}
	const n = 100
	for i := range n {
		r.ID, r.User, r.At = fmt.Sprint("c", i), fmt.Sprint("u", i), base
		if c, err := l.Hold(ctx, r); err != nil || c.State != deals.Held && i == 0 || c.State != deals.Waiting && i > 0 {
			t.Fatalf("%d: %+v, %v", i, c, err)
		}
	}
	at := base
	for i := range n {
		c, err := l.Claim(ctx, fmt.Sprint("c", i), at)
		if err != nil || c.State != deals.Held || !c.Until.Equal(at.Add(time.Minute)) {
			t.Fatalf("%d: %+v, %v, at %v", i, c, err, at)
		}
		if i+1 < n {
			if c, err := l.Claim(ctx, fmt.Sprint("c", i+1), at); err != nil || c.State != deals.Waiting {
				t.Fatalf("%d: %+v, %v", i+1, c, err)
			}
		}
		switch i % 2 {
		case 0:
			_, err = l.Settle(ctx, c.ID, deals.Released, at)
		default:
			at = at.Add(time.Minute)
			_, err = l.Stock(ctx, "one", "", at)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// histories records calls of a few clients to one deal after another, and explains each history.
func histories(t *testing.T, s Suite) {
	const seed = 11
	l := s.Open(t)
	rec := NewRecorder(l)
	for n := 0; s.Calls > 0; n++ {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		h := &hour{deal: fmt.Sprint("deal-", n), units: 1 + r.Int64N(6), perUser: r.Int64N(4), seed: r.Uint64()}
		if s.Crash != nil && n%4 == 0 {
			h.crashAt = 1 + r.Int64N(h.calls())
			h.crash, h.again = make(chan struct{}), make(chan struct{})
		}
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				if err := h.client(t.Context(), rec, c); err != nil {
					t.Errorf("seed %d, history %d: %v", seed, n, err)
				}
			})
		}
		if h.crash != nil {
			<-h.crash
			l = s.Crash(t, l)
			rec.Replace(l)
			close(h.again)
		}
		wg.Wait()
		ops := rec.Take()
		s.Calls -= len(ops)
		if err := Explain(ops); err != nil {
			t.Fatalf("seed %d, history %d: %v", seed, n, err)
		}
	}
}

const clients = 5

// hour is what clients do to a deal.
type hour struct {
	deal           string
	units, perUser int64
	seed           uint64
	now, done      atomic.Int64

	crashAt      int64         // the number of the call before which the ledger is to crash; 0: it does not
	crash, again chan struct{} // closed when it is to, and when it is there again; nil when it does not
}

func (h *hour) calls() int64 { return clients * 16 }

// client makes calls one after the other, also about what others claim, at times that go on and back. A call whose outcome is
// not known is an error unless the ledger crashes; then the client waits until it is there again.
func (h *hour) client(ctx context.Context, l deals.Ledger, c int) error {
	r := rand.New(rand.NewPCG(h.seed, uint64(c)))
	for range h.calls() / clients {
		if h.done.Add(1) == h.crashAt {
			close(h.crash)
		}
		at := base.Add(time.Duration(h.now.Add(r.Int64N(6))-r.Int64N(4)) * time.Second)
		err := h.call(ctx, l, r, at)
		switch {
		case !unknown(err):
		case h.again == nil:
			return err
		default:
			<-h.again
		}
	}
	return nil
}

func (h *hour) call(ctx context.Context, l deals.Ledger, r *rand.Rand, at time.Time) (err error) {
	id := fmt.Sprintf("%s/%d", h.deal, r.IntN(12))
	switch r.IntN(8) {
	case 0, 1, 2:
		_, err = l.Hold(ctx, h.request(id, r, at))
	case 3, 4:
		_, err = l.Settle(ctx, id, deals.Confirmed, at)
	case 5:
		_, err = l.Settle(ctx, id, deals.Released, at)
	case 6:
		_, err = l.Claim(ctx, id, at)
	default:
		_, err = l.Stock(ctx, h.deal, "monday", at)
	}
	return err
}

func (h *hour) request(id string, r *rand.Rand, at time.Time) deals.Request {
	q := deals.Request{
		ID: id, Deal: h.deal, Turn: "monday", User: fmt.Sprint("user-", r.IntN(3)), Units: 1 + r.Int64N(3), Wait: r.IntN(2) == 0, At: at,
		TTL: 20 * time.Second, Start: base, Close: base.Add(2 * time.Minute), Apart: 20 * time.Hour, Max: h.units, MaxUser: h.perUser,
	}
	if r.IntN(3) == 0 {
		q.Turn, q.Start = "tuesday", base.Add(time.Duration(19+2*r.IntN(2))*time.Hour) // near enough to share the limit, or not
	}
	if r.IntN(10) == 0 {
		q.Max += r.Int64N(3)
	}
	return q
}
