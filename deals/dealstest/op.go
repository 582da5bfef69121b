package dealstest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/deals"
)

// Op is a call to a Ledger and what it answered. Calls and returns are numbered in the order in which they happened.
type Op struct {
	Request *deals.Request // of a Hold; nil for the others
	ID      string         // of a Settle or Claim
	To      deals.State    // of a Settle
	Deal    string         // of a Stock
	Turn    string
	At      time.Time

	Call, Return int64
	Claim        deals.Claim
	Stock        deals.Stock
	Err          error
}

// unknown reports whether the outcome is not known: the call may have done what it should, or nothing.
func (o *Op) unknown() bool { return unknown(o.Err) }

func unknown(err error) bool {
	known := []error{nil, deals.ErrSoldOut, deals.ErrLimit, deals.ErrIDReused, deals.ErrUnknownClaim, deals.ErrWaiting, deals.ErrExpired, deals.ErrSettled}
	return !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) })
}

// Recorder is a Ledger that records what passes through it to another, which may be replaced. It is safe for concurrent use.
type Recorder struct {
	ledger atomic.Pointer[deals.Ledger]
	clock  atomic.Int64

	mu  sync.Mutex
	ops []Op
}

// NewRecorder records what passes through to a ledger.
func NewRecorder(l deals.Ledger) *Recorder {
	r := new(Recorder)
	r.Replace(l)
	return r
}

// Replace passes later calls to another ledger.
func (r *Recorder) Replace(l deals.Ledger) { r.ledger.Store(&l) }

// Take returns what has been recorded, and forgets it.
func (r *Recorder) Take() []Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	ops := r.ops
	r.ops = nil
	return ops
}

func (r *Recorder) record(o Op, call func(l deals.Ledger, o *Op)) Op {
	o.Call = r.clock.Add(1)
	call(*r.ledger.Load(), &o)
	o.Return = r.clock.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, o)
	return o
}

// Hold implements deals.Ledger.
func (r *Recorder) Hold(ctx context.Context, q deals.Request) (deals.Claim, error) {
	o := r.record(Op{Request: &q, Deal: q.Deal, At: q.At}, func(l deals.Ledger, o *Op) { o.Claim, o.Err = l.Hold(ctx, q) })
	return o.Claim, o.Err
}

// Settle implements deals.Ledger.
func (r *Recorder) Settle(ctx context.Context, id string, to deals.State, at time.Time) (deals.Claim, error) {
	o := r.record(Op{ID: id, To: to, At: at}, func(l deals.Ledger, o *Op) { o.Claim, o.Err = l.Settle(ctx, id, to, at) })
	return o.Claim, o.Err
}

// Claim implements deals.Ledger.
func (r *Recorder) Claim(ctx context.Context, id string, at time.Time) (deals.Claim, error) {
	o := r.record(Op{ID: id, At: at}, func(l deals.Ledger, o *Op) { o.Claim, o.Err = l.Claim(ctx, id, at) })
	return o.Claim, o.Err
}

// Stock implements deals.Ledger.
func (r *Recorder) Stock(ctx context.Context, deal, turn string, at time.Time) (deals.Stock, error) {
	o := r.record(Op{Deal: deal, Turn: turn, At: at}, func(l deals.Ledger, o *Op) { o.Stock, o.Err = l.Stock(ctx, deal, turn, at) })
	return o.Stock, o.Err
}
