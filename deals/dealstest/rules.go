package dealstest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
)

// step is a call, and what it answers: the state of the claim, or an error.
type step struct {
	do    func(l deals.Ledger) (deals.Claim, error)
	what  string
	state deals.State
	err   error
}

// rules tries what deals.Ledger says, one rule after the other, each on a deal of its own.
func rules(t *testing.T, s Suite) {
	l := s.Open(t)
	ctx := t.Context()
	for name, steps := range map[string]func(b *script){
		"hold and confirm": func(b *script) {
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.confirm("a", 1).is(deals.Confirmed)
			b.confirm("a", 2).is(deals.Confirmed)
			b.release("a", 3).fails(deals.ErrSettled)
			b.confirm("a", 1000).is(deals.Confirmed)
		},
		"release": func(b *script) {
			b.max = 1
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.hold("b", "ben", 1, 1).fails(deals.ErrSoldOut)
			b.release("a", 2).is(deals.Released)
			b.release("a", 3).is(deals.Released)
			b.confirm("a", 4).fails(deals.ErrSettled)
			b.hold("b", "ben", 1, 5).is(deals.Held)
		},
		"expire at the instant": func(b *script) {
			b.max = 1
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.look("a", 59).is(deals.Held)
			b.hold("b", "ben", 1, 59).fails(deals.ErrSoldOut)
			b.hold("b", "ben", 1, 60).is(deals.Held)
			b.look("a", 60).is(deals.Expired)
			b.look("a", 0).is(deals.Expired) // whatever clocks do then
			b.confirm("a", 0).fails(deals.ErrExpired)
			b.release("a", 61).is(deals.Expired)
		},
		"confirmed does not expire": func(b *script) {
			b.max = 1
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.confirm("a", 59).is(deals.Confirmed)
			b.hold("b", "ben", 1, 3000).fails(deals.ErrSoldOut)
		},
		"an id twice": func(b *script) {
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.hold("a", "ann", 1, 30).is(deals.Held)
			b.hold("a", "ann", 2, 30).fails(deals.ErrIDReused)
			b.hold("a", "ben", 1, 30).fails(deals.ErrIDReused)
			b.queue("a", "ann", 1, 30).fails(deals.ErrIDReused)
			b.confirm("a", 31).is(deals.Confirmed)
			b.hold("a", "ann", 1, 200).is(deals.Confirmed)
			b.turn = "tomorrow"
			b.hold("a", "ann", 1, 200).is(deals.Confirmed)
			b.deal += "'"
			b.hold("a", "ann", 1, 200).fails(deals.ErrIDReused)
		},
		"no such claim": func(b *script) {
			b.look("a", 0).fails(deals.ErrUnknownClaim)
			b.confirm("a", 0).fails(deals.ErrUnknownClaim)
			b.max = 1
			b.hold("a", "ann", 2, 0).fails(deals.ErrSoldOut)
			b.look("a", 0).fails(deals.ErrUnknownClaim)
			b.hold("a", "ann", 1, 0).is(deals.Held) // a refusal takes no id
		},
		"limit of a user": func(b *script) {
			b.maxUser = 2
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.hold("b", "ann", 2, 0).fails(deals.ErrLimit)
			b.hold("c", "ann", 1, 0).is(deals.Held)
			b.hold("d", "ann", 1, 0).fails(deals.ErrLimit)
			b.hold("e", "ben", 2, 0).is(deals.Held)
			b.confirm("a", 1).is(deals.Confirmed)
			b.release("c", 1).is(deals.Released)
			b.hold("d", "ann", 1, 2).is(deals.Held)
			b.hold("f", "ann", 1, 2).fails(deals.ErrLimit)
			b.hold("f", "ann", 1, 62).is(deals.Held) // d has expired
		},
		"limit of a user across turns": func(b *script) {
			b.maxUser = 1
			b.turn, b.start = "2026-11-22", 0
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.confirm("a", 1).is(deals.Confirmed)
			b.turn, b.start = "2026-11-23", 7*3600 // in a zone further east
			b.hold("b", "ann", 1, 10).fails(deals.ErrLimit)
			b.start = 20*3600 - 1
			b.hold("b", "ann", 1, 10).fails(deals.ErrLimit)
			b.start = 20 * 3600
			b.hold("b", "ann", 1, 10).is(deals.Held)
			b.release("b", 10).is(deals.Released)
			b.turn, b.start = "2026-11-22", 25*3600 // the same date far in the west
			b.hold("c", "ann", 1, 10).fails(deals.ErrLimit)
		},
		"turns have units of their own": func(b *script) {
			b.max = 1
			b.turn = "one"
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.turn = "two"
			b.hold("b", "ben", 1, 0).is(deals.Held)
			b.hold("c", "cat", 1, 0).fails(deals.ErrSoldOut)
		},
		"who waits comes first": func(b *script) {
			b.max = 3
			b.hold("a", "ann", 3, 0).is(deals.Held)
			b.queue("b", "ben", 2, 1).is(deals.Waiting)
			b.queue("c", "cat", 1, 2).is(deals.Waiting)
			b.confirm("b", 3).fails(deals.ErrWaiting)
			b.release("a", 4).is(deals.Released)
			b.look("b", 4).is(deals.Held)
			b.look("c", 4).is(deals.Held)
			b.confirm("b", 63).is(deals.Confirmed) // a minute from when it was its turn
			b.look("c", 64).is(deals.Expired)
		},
		"nobody overtakes": func(b *script) {
			b.max = 3
			b.hold("a", "ann", 2, 0).is(deals.Held)
			b.queue("b", "ben", 3, 1).is(deals.Waiting)
			b.hold("c", "cat", 1, 2).fails(deals.ErrSoldOut)
			b.queue("c", "cat", 1, 2).is(deals.Waiting)
			b.release("b", 3).is(deals.Released)
			b.look("c", 3).is(deals.Held) // the one who stopped it is gone
		},
		"a wait ends": func(b *script) {
			b.max = 1
			b.hold("a", "ann", 1, 3550).is(deals.Held)
			b.queue("b", "ben", 1, 3551).is(deals.Waiting)
			b.queue("c", "cat", 2, 3551).fails(deals.ErrSoldOut) // more than there will ever be
			b.look("b", 3599).is(deals.Waiting)
			b.look("b", 3600).is(deals.Expired)
			b.queue("d", "dan", 1, 3600).fails(deals.ErrSoldOut)
			b.confirm("a", 3601).is(deals.Confirmed) // held beyond the end of the window
		},
		"other units": func(b *script) {
			b.max = 1
			b.hold("a", "ann", 1, 0).is(deals.Held)
			b.queue("b", "ben", 1, 1).is(deals.Waiting)
			b.max = 3
			b.hold("c", "cat", 1, 2).is(deals.Held)
			b.look("b", 2).is(deals.Held)
			b.max = 2
			b.hold("d", "dan", 1, 3).fails(deals.ErrSoldOut)
			b.release("a", 4).is(deals.Released)
			b.hold("d", "dan", 1, 5).fails(deals.ErrSoldOut)
			b.max = 0
			b.hold("d", "dan", 1000, 6).is(deals.Held)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := &script{deal: name, turn: "today"}
			steps(b)
			for i, s := range b.steps {
				c, err := s.do(l)
				if !errors.Is(err, s.err) || c.State != s.state && s.err == nil {
					t.Fatalf("step %d, %s: %v, %v, want %v, %v", i, s.what, c.State, err, s.state, s.err)
				}
			}
		})
	}
	t.Run("ended context", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := l.Stock(ended, "x", "", base); !errors.Is(err, ended.Err()) {
			t.Errorf("%v", err)
		}
	})
}

// script writes steps. Times are seconds after base; a claim is held for a minute, and turns close an hour after base.
type script struct {
	deal, turn   string
	start        int64
	max, maxUser int64
	steps        []*step
}

func (b *script) add(what string, do func(l deals.Ledger) (deals.Claim, error)) *step {
	s := &step{do: do, what: what}
	b.steps = append(b.steps, s)
	return s
}

func (s *step) is(state deals.State) { s.state = state }
func (s *step) fails(err error)      { s.err = err }

func seconds(n int64) time.Time { return base.Add(time.Duration(n) * time.Second) }

func (b *script) hold(id, user string, units, at int64) *step {
	return b.claim(id, user, units, at, false)
}
func (b *script) queue(id, user string, units, at int64) *step {
	return b.claim(id, user, units, at, true)
}

func (b *script) claim(id, user string, units, at int64, wait bool) *step {
	r := deals.Request{ID: b.name(id), Deal: b.deal, Turn: b.turn, User: user, Units: units, Wait: wait, At: seconds(at), TTL: time.Minute,
		Start: seconds(b.start), Close: seconds(3600), Apart: 20 * time.Hour, Max: b.max, MaxUser: b.maxUser}
	return b.add(fmt.Sprintf("%+v", r), func(l deals.Ledger) (deals.Claim, error) { return l.Hold(context.Background(), r) })
}

// name keeps the claims of scripts apart; a script keeps its first deal's names.
func (b *script) name(id string) string {
	if n := len(b.deal); n > 0 && b.deal[n-1] == '\'' {
		return b.deal[:n-1] + " " + id
	}
	return b.deal + " " + id
}

func (b *script) settle(id string, to deals.State, at int64) *step {
	id = b.name(id)
	return b.add(fmt.Sprint(to, " ", id, " at ", at), func(l deals.Ledger) (deals.Claim, error) { return l.Settle(context.Background(), id, to, seconds(at)) })
}

func (b *script) confirm(id string, at int64) *step { return b.settle(id, deals.Confirmed, at) }
func (b *script) release(id string, at int64) *step { return b.settle(id, deals.Released, at) }

func (b *script) look(id string, at int64) *step {
	id = b.name(id)
	return b.add(fmt.Sprint("look at ", id, " at ", at), func(l deals.Ledger) (deals.Claim, error) { return l.Claim(context.Background(), id, seconds(at)) })
}
