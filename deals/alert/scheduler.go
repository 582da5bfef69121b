package alert

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/goldrec/gold/deals"
)

const (
	recheck = 12 * time.Hour // at least so often a follower is looked at
	retry   = time.Minute    // after an error
)

// Scheduler sends alerts to followers of the deals of a board. It is safe for concurrent use. It holds about 300 bytes a
// follower; a tick costs what is due, a microsecond or so for each deal of each follower it looks at.
type Scheduler struct {
	board  *deals.Board
	sender Sender
	log    Log

	ticking sync.Mutex // held by Tick, also while it sends; before mu

	mu      sync.Mutex
	byUser  map[string]*follower
	queue   queue                // of followers, by when they wake
	stocked map[string]time.Time // deals that can be had again, until when
	version uint64               // of the board
	last    time.Time            // of the last tick
}

// NewScheduler sends alerts of the board's deals through the sender, and notes them in the log.
func NewScheduler(b *deals.Board, s Sender, l Log) *Scheduler {
	return &Scheduler{board: b, sender: s, log: l, byUser: map[string]*follower{}, stocked: map[string]time.Time{}}
}

// Follow makes a follower, or changes the one of that user. The error wraps ErrFollower.
func (s *Scheduler) Follow(f Follower) error {
	f.Deals = slices.Clone(f.Deals)
	made, err := newFollower(f)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unfollow(f.User.ID)
	s.byUser[f.User.ID] = made
	heap.Push(&s.queue, made)
	return nil
}

// Unfollow ends the alerts of a user.
func (s *Scheduler) Unfollow(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unfollow(user)
}

func (s *Scheduler) unfollow(user string) {
	if f := s.byUser[user]; f != nil {
		heap.Remove(&s.queue, f.index)
		delete(s.byUser, user)
	}
}

// Tell takes what Claims.Watch yields: followers are told when a deal is back in stock, at the next Tick, while its turn lasts and it has
// not sold out again.
func (s *Scheduler) Tell(e deals.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case deals.BackInStock:
		s.stocked[e.Deal.ID] = e.End
		s.wakeAll()
	case deals.SoldOut, deals.Closed:
		delete(s.stocked, e.Deal.ID)
	}
}

func (s *Scheduler) wakeAll() {
	for _, f := range s.queue {
		f.wake = time.Time{}
	}
	heap.Init(&s.queue)
}

// Tick sends what is due at an instant, and returns the next one at which anything may be. Instants may go back, which sends
// nothing twice. The error joins those of the sender and the log; what they concern is tried again a minute later.
func (s *Scheduler) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	var errs []error
	for {
		f, again := s.pop(now)
		if f == nil {
			return again, errors.Join(errs...)
		}
		wake, err := s.serve(ctx, f, now)
		if err != nil {
			errs = append(errs, err)
			wake = now.Add(retry)
		}
		s.push(f, wake)
		if err := ctx.Err(); err != nil {
			return now, errors.Join(append(errs, err)...)
		}
	}
}

// pop returns a copy of a follower who is awake, or nil and when the first one will be.
func (s *Scheduler) pop(now time.Time) (*follower, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.board.Version(); v != s.version || now.Before(s.last) {
		s.version = v
		s.wakeAll() // hours may be others now, or it is earlier than followers were put to sleep at
	}
	s.last = now
	if len(s.queue) == 0 {
		return nil, now.Add(recheck)
	}
	if f := s.queue[0]; !f.wake.After(now) {
		return f, now
	}
	return nil, s.queue[0].wake
}

// push puts a follower to sleep, unless they have gone or changed meanwhile.
func (s *Scheduler) push(f *follower, wake time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byUser[f.User.ID] == f {
		f.wake = wake
		heap.Fix(&s.queue, f.index)
	}
}

// serve sends what is due to a follower, the soonest turn first, and returns when to look again.
func (s *Scheduler) serve(ctx context.Context, f *follower, now time.Time) (wake time.Time, err error) {
	wake = now.Add(recheck)
	later := func(t time.Time) {
		if t.After(now) && t.Before(wake) {
			wake = t
		}
	}
	var due []Alert
	for _, id := range f.Deals {
		for o := range s.board.Turns(id, f.User, now, now.Add(2*24*time.Hour)) {
			if !o.Deal.For(f.User) {
				break
			}
			add := func(k Kind) { due = append(due, Alert{key(f.User.ID, &o, k), f.User.ID, k, o}) }
			if opens := o.Start.Add(-f.StartsIn); f.StartsIn > 0 && now.Before(o.Start) && !now.Before(opens) {
				add(StartsSoon)
			} else if f.StartsIn > 0 {
				later(opens)
			}
			if ends := o.End.Add(-f.EndsIn); f.EndsIn > 0 && !now.Before(o.Start) && !now.Before(ends) {
				add(EndsSoon)
			} else if f.EndsIn > 0 {
				later(ends)
				later(o.Start)
			}
			if f.BackInStock && s.inStock(id, now) && !now.Before(o.Start) {
				add(BackInStock)
			}
		}
	}
	slices.SortStableFunc(due, func(a, b Alert) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Key, b.Key)) })
	held, err := s.send(ctx, f, due, now)
	later(held)
	return wake, err
}

// inStock reports whether a deal can be had again in a turn that lasts.
func (s *Scheduler) inStock(deal string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.stocked[deal]
	if ok && !now.Before(until) {
		delete(s.stocked, deal)
		ok = false
	}
	return ok
}

// send sends what was not sent, unless it is quiet or the day is full; then it returns until when.
func (s *Scheduler) send(ctx context.Context, f *follower, due []Alert, now time.Time) (held time.Time, err error) {
	local := now.In(f.User.Zone)
	date := local.Format(time.DateOnly)
	for _, a := range due {
		sent, err := s.log.Sent(ctx, f.User.ID, a.Key)
		if err != nil {
			return held, fmt.Errorf("alert: log of %q: %w", a.Key, err)
		}
		if sent {
			continue
		}
		if _, end, quiet := f.quiet.Current(now); quiet {
			return end, nil
		}
		n, err := s.log.Count(ctx, f.User.ID, date)
		if err != nil {
			return held, fmt.Errorf("alert: log of %q: %w", a.Key, err)
		}
		if n >= f.MaxADay {
			return now.Add(30 * time.Minute), nil // and not at midnight, which some days do not have
		}
		if err := s.sender.Send(ctx, a); err != nil {
			return held, fmt.Errorf("alert: send %q: %w", a.Key, err)
		}
		if err := s.log.Note(ctx, f.User.ID, date, a.Key); err != nil {
			return held, fmt.Errorf("alert: note %q: %w", a.Key, err)
		}
	}
	return held, nil
}

// Run ticks until ctx is done, at the instants that matter and at least once a minute, and returns ctx's error. An error of
// a tick is given to report, which may be nil.
func (s *Scheduler) Run(ctx context.Context, now func() time.Time, report func(error)) error {
	for {
		at := now()
		next, err := s.Tick(ctx, at)
		if err != nil && ctx.Err() == nil && report != nil {
			report(err)
		}
		timer := time.NewTimer(min(time.Minute, max(next.Sub(at), 10*time.Millisecond)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// queue is a heap of followers by when they wake, then by user.
type queue []*follower

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return cmp.Or(q[i].wake.Compare(q[j].wake), cmp.Compare(q[i].User.ID, q[j].User.ID)) < 0
}
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *queue) Push(x any) {
	f := x.(*follower)
	f.index = len(*q)
	*q = append(*q, f)
}
func (q *queue) Pop() any {
	f := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return f
}
