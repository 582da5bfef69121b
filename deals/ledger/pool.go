package ledger

import (
	"sync"
	"time"

	"github.com/goldrec/gold/deals"
)

// pool is what has been claimed of a deal. It is a function of what it has noted, in that order.
type pool struct {
	memory *Memory
	deal   string

	mu    sync.Mutex
	turns []*turn           // few
	users map[string]*claim // the newest of each; the others follow
	open  int               // claims that wait or are held
	due   dues              // what is to happen to them, and to some that have been settled
	over  dues              // given back or expired, by when, to be forgotten
}

// turn is an occurrence whose units are claimed. Times are Unix nanoseconds.
type turn struct {
	name       string
	close      int64 // the latest of those who asked
	max        int64
	stock      deals.Stock
	head, tail *claim // those who wait, in their order, through next
	claims     int    // remembered
}

// claim is one that is remembered. All but the fields above mu of its pool are guarded by that.
type claim struct {
	id, user string
	pool     *pool
	turn     *turn
	units    int64
	wait     bool // as asked for
	made     int64
	start    int64 // of the turn, for the user: users' own zones make it another for each
	ttl      int64
	cutoff   int64 // the Close of its request

	state   deals.State
	gone    bool // forgotten
	until   int64
	next    *claim // behind it in the queue
	prev    *claim // before it
	another *claim // of the same user, older
}

func (p *pool) name() string  { return p.deal }
func (c *claim) name() string { return c.id }

func (c *claim) lives() bool { return c.state <= deals.Confirmed }

// public is the claim as callers see it.
func (c *claim) public() deals.Claim {
	out := deals.Claim{ID: c.id, Deal: c.pool.deal, Turn: c.turn.name, User: c.user, Units: c.units, State: c.state, Made: utc(c.made)}
	if c.state <= deals.Held {
		out.Until = utc(c.until)
	}
	return out
}

func utc(ns int64) time.Time { return time.Unix(0, ns).UTC() }

func (p *pool) hold(r *deals.Request) (deals.Claim, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := r.At.UnixNano()
	t := p.turn(r.Turn)
	p.progress(at)
	if t != nil && t.max != r.Max {
		p.resize(t, r.Max, at)
	}
	if r.MaxUser > 0 && r.Units > r.MaxUser-p.used(r) {
		return p.refuse(r, deals.ErrLimit)
	}
	c := &claim{id: r.ID, user: r.User, pool: p, units: r.Units, wait: r.Wait, made: at, start: r.Start.UnixNano(), ttl: int64(r.TTL), cutoff: r.Close.UnixNano()}
	switch {
	case t == nil && (r.Max == 0 || r.Units <= r.Max), t != nil && t.head == nil && t.fits(r.Units):
		c.state, c.until = deals.Held, at+c.ttl
	case r.Wait && r.Units <= r.Max && at < c.cutoff:
		c.state, c.until = deals.Waiting, c.cutoff
	default:
		return p.refuse(r, deals.ErrSoldOut)
	}
	if t == nil {
		t = &turn{name: r.Turn, max: r.Max}
	}
	c.turn = t
	if old := p.memory.enter(c); old != nil {
		return p.again(old, r)
	}
	p.place(c)
	if p.memory.notes != nil {
		p.memory.notes.Note(recordOf(c))
	}
	return c.public(), nil
}

// refuse answers a request that gets nothing, unless it got it before.
func (p *pool) refuse(r *deals.Request, err error) (deals.Claim, error) {
	if old := p.memory.find(r.ID); old != nil {
		return p.again(old, r)
	}
	return deals.Claim{}, err
}

// again answers a request whose ID there is.
func (p *pool) again(c *claim, r *deals.Request) (deals.Claim, error) {
	if c.pool == p && c.user == r.User && c.units == r.Units && c.wait == r.Wait {
		return c.public(), nil
	}
	return deals.Claim{}, deals.ErrIDReused
}

func (p *pool) turn(name string) *turn {
	for _, t := range p.turns {
		if t.name == name {
			return t
		}
	}
	return nil
}

// fits reports whether units may be taken.
func (t *turn) fits(units int64) bool { return t.max == 0 || units <= t.max-t.stock.Taken() }

// used is how many units count against the user's limit for a request. It drops from the user's list what counts no longer.
func (p *pool) used(r *deals.Request) int64 {
	var sum int64
	start := r.Start.UnixNano()
	link := p.users[r.User]
	for prev := (*claim)(nil); link != nil; link = link.another {
		if !link.lives() {
			if prev == nil {
				p.users[r.User] = link.another
			} else {
				prev.another = link.another
			}
			continue
		}
		prev = link
		if d := link.start - start; link.turn.name == r.Turn || d < int64(r.Apart) && -d < int64(r.Apart) {
			sum += link.units
		}
	}
	return sum
}

// place enters a claim with all that refers to it, but not its ID.
func (p *pool) place(c *claim) {
	t := c.turn
	if t.claims == 0 && p.turn(t.name) == nil {
		p.turns = append(p.turns, t)
	}
	t.claims++
	t.close = max(t.close, c.cutoff)
	if p.users == nil {
		p.users = map[string]*claim{}
	}
	if c.lives() {
		c.another = p.users[c.user]
		p.users[c.user] = c
	}
	switch c.state {
	case deals.Waiting:
		t.stock.Waiting += c.units
		t.enqueue(c)
		p.open++
		p.due.push(due{c.until, c})
	case deals.Held:
		t.stock.Held += c.units
		p.open++
		p.due.push(due{c.until, c})
	case deals.Confirmed:
		t.stock.Confirmed += c.units
	default:
		p.over.push(due{c.until, c}) // until is when it was settled
	}
}

func (t *turn) enqueue(c *claim) {
	if t.head == nil {
		t.head = c
	} else {
		t.tail.next, c.prev = c, t.tail
	}
	t.tail = c
}

func (t *turn) dequeue(c *claim) {
	if c.prev == nil {
		t.head = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		t.tail = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.next, c.prev = nil, nil
}

// leave takes a claim's units out of what the state that it has counts them in.
func (t *turn) leave(c *claim) {
	switch c.state {
	case deals.Waiting:
		t.stock.Waiting -= c.units
		t.dequeue(c)
	case deals.Held:
		t.stock.Held -= c.units
	}
}

func (p *pool) settle(c *claim, to deals.State, at int64) (deals.Claim, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.gone {
		return deals.Claim{}, deals.ErrUnknownClaim
	}
	p.progress(at)
	switch {
	case c.state == to, to == deals.Released && c.state == deals.Expired:
		return c.public(), nil
	case to == deals.Confirmed && c.state == deals.Waiting:
		return deals.Claim{}, deals.ErrWaiting
	case to == deals.Confirmed && c.state == deals.Expired:
		return deals.Claim{}, deals.ErrExpired
	case c.state > deals.Held:
		return deals.Claim{}, deals.ErrSettled
	}
	p.finish(c, to, at)
	if p.memory.notes != nil {
		p.memory.notes.Note(&record{kind: settled, id: c.id, state: to, at: at})
	}
	return c.public(), nil
}

// finish settles a claim, and gives what it gives back to those who wait.
func (p *pool) finish(c *claim, to deals.State, at int64) {
	c.turn.leave(c)
	p.open--
	c.state = to
	if to == deals.Confirmed {
		c.turn.stock.Confirmed += c.units
		return
	}
	c.until = at
	p.over.push(due{at, c})
	p.serve(c.turn, at)
}

func (p *pool) look(c *claim, at int64) (deals.Claim, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.gone {
		return deals.Claim{}, deals.ErrUnknownClaim
	}
	p.progress(at)
	return c.public(), nil
}

func (p *pool) stock(name string, at int64) deals.Stock {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress(at)
	if t := p.turn(name); t != nil {
		return t.stock
	}
	return deals.Stock{}
}
