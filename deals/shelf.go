package deals

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"
)

// stockFor is how long a shelf that says how many units are left may be cached.
const stockFor = time.Second

// Shelf is what a user sees of a board at an instant. Countdowns go from Now, which is the server's, to the Start or End of a
// card.
type Shelf struct {
	Now      time.Time
	Live     []Card // the higher priority first, then the lower ID
	Upcoming []Card // the next turns of deals, also of those that are live, the soonest first
	Ended    []Card // in the last 24 hours, the latest first

	// Until is when the first of all this changes: the answer must not be shown from then on. It is a second after Now at
	// most when Live says how many units are left, which may change at any time. Zero means never.
	Until time.Time
	// ETag is the same for the same answer, Now and Until apart, and usually another for another; it is quoted, as HTTP wants it.
	ETag string
}

// Card is a deal on a shelf.
type Card struct {
	Occurrence
	Limited bool  // whether Left and Claimed mean something
	Left    int64 // units that nobody has taken
	Claimed int   // percent of the units that are taken, rounded down; 100 only when none is left
}

// MaxAge is how long the answer may be cached from an instant on, in whole seconds, so that no cache shows it when it has changed: never
// across Until. It is at most a day.
func (s *Shelf) MaxAge(now time.Time) time.Duration {
	if s.Until.IsZero() {
		return 24 * time.Hour
	}
	return max(0, min(24*time.Hour, s.Until.Sub(now))).Truncate(time.Second)
}

// For returns what a user sees at t, of the deals that are for them, with up to n of what is live, upcoming and ended each. It says
// nothing about units: see Claims.Shelf. It costs what is live, and a quick look at each deal.
func (b *Board) For(u User, t time.Time, n int) Shelf {
	s := Shelf{Now: t}
	set := b.set.Load()
	if set == nil || !inRange(t) {
		s.seal(0)
		return s
	}
	loc := u.Zone
	if loc == nil {
		loc = time.UTC
	}
	allow := func(d *Deal) bool { return d.For(u) }
	line := set.timeline(loc)
	card := func(d dealTurn) Card {
		deal := &set.deals[d.deal]
		return Card{Occurrence: occurrence(deal, d.turn, deal.Window.in(loc))}
	}
	until := never
	for _, d := range line.at(t.Unix()).live {
		if !allow(&set.deals[d.deal]) {
			continue
		}
		until = min(until, d.until)
		if len(s.Live) < n {
			s.Live = append(s.Live, card(d))
		}
	}
	for i, d := range line.coming(t.Unix(), max(n, 1), allow) {
		until = min(until, d.from)
		if i < n {
			s.Upcoming = append(s.Upcoming, card(d))
		}
	}
	for _, d := range line.ended(t.Unix(), n, allow) {
		until = min(until, d.until+endedFor)
		s.Ended = append(s.Ended, card(d))
	}
	if until != never {
		s.Until = time.Unix(until, 0).UTC()
	}
	s.seal(set.number)
	return s
}

// Shelf is Board.For at this moment, with how many units are left of what is live.
func (c *Claims) Shelf(ctx context.Context, u User, n int) (Shelf, error) {
	now := c.now()
	s := c.board.For(u, now, n)
	for i := range s.Live {
		card := &s.Live[i]
		if card.Deal.Limits.Units == 0 {
			continue
		}
		stock, err := c.Stock(ctx, card.Occurrence)
		if err != nil {
			return Shelf{}, err
		}
		card.count(stock)
		if soon := now.Add(stockFor); s.Until.IsZero() || s.Until.After(soon) {
			s.Until = soon
		}
	}
	s.seal(c.board.Version())
	return s, nil
}

// count says how much of a limited deal is left.
func (c *Card) count(s Stock) {
	units := c.Deal.Limits.Units
	taken := min(s.Taken(), units) // more when the deal had more units before
	c.Limited, c.Left = true, units-taken
	if c.Left == 0 {
		c.Claimed = 100
		return
	}
	c.Claimed = int(float64(taken) / float64(units) * 100)
	c.Claimed = min(c.Claimed, 99)
}

// seal sets the ETag, from all that the answer says and the version of the board, on which the deals' words depend.
func (s *Shelf) seal(version uint64) {
	h := fnv.New64a()
	b := binary.AppendUvarint(nil, version)
	for _, list := range [][]Card{s.Live, s.Upcoming, s.Ended} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, c := range list {
			b = append(binary.AppendUvarint(b, uint64(len(c.Deal.ID))), c.Deal.ID...)
			for _, n := range []int64{c.Start.Unix(), c.End.Unix(), c.Left} {
				b = binary.AppendVarint(b, n)
			}
			if c.Limited {
				b = append(b, 1)
			}
		}
	}
	_, _ = h.Write(b) // cannot fail
	s.ETag = fmt.Sprintf("%q", fmt.Sprintf("%016x", h.Sum64()))
}
