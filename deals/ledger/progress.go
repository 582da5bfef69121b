package ledger

import (
	"slices"

	"github.com/goldrec/gold/deals"
)

// due is when something is to happen to a claim.
type due struct {
	at    int64
	claim *claim
}

// dues is a heap by time. Claims mostly come in the order of their times, which costs nothing.
type dues []due

func (d *dues) push(x due) {
	h := append(*d, x)
	i := len(h) - 1
	for i > 0 && h[(i-1)/2].at > x.at {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = x
	*d = h
}

func (d *dues) pop() due {
	h := *d
	first, last := h[0], h[len(h)-1]
	h[len(h)-1] = due{}
	h = h[:len(h)-1]
	if len(h) > 0 {
		h.sink(last)
	}
	*d = h
	return first
}

// sink puts x in the place of the first, and down from there.
func (d dues) sink(x due) {
	i := 0
	for {
		child := 2*i + 1
		if child >= len(d) {
			break
		}
		if child+1 < len(d) && d[child+1].at < d[child].at {
			child++
		}
		if x.at <= d[child].at {
			break
		}
		d[i] = d[child]
		i = child
	}
	d[i] = x
}

// pending reports whether the entry still says what is to happen to its claim.
func (d due) pending() bool {
	return d.claim.state <= deals.Held && d.claim.until == d.at && !d.claim.gone
}

// progress settles what is due at an instant, and notes that when it was anything.
func (p *pool) progress(at int64) {
	p.tidy()
	if len(p.due) == 0 || p.due[0].at > at {
		return
	}
	if p.expire(at) && p.memory.notes != nil {
		p.memory.notes.Note(&record{kind: ticked, deal: p.deal, at: at})
	}
}

// expire settles what is due, and then serves those who wait. It reports whether it settled anything.
func (p *pool) expire(at int64) bool {
	any := false
	for len(p.due) > 0 && p.due[0].at <= at {
		d := p.due.pop()
		if !d.pending() {
			continue
		}
		any = true
		d.claim.turn.leave(d.claim)
		p.open--
		d.claim.state, d.claim.until = deals.Expired, at
		p.over.push(due{at, d.claim})
	}
	if any {
		for _, t := range p.turns {
			p.serve(t, at)
		}
	}
	return any
}

// serve gives units to those who wait, in their order.
func (p *pool) serve(t *turn, at int64) {
	for t.head != nil && t.fits(t.head.units) {
		c := t.head
		t.leave(c)
		t.stock.Held += c.units
		c.state, c.until = deals.Held, at+c.ttl
		p.due.push(due{c.until, c})
	}
}

// resize gives a turn another number of units.
func (p *pool) resize(t *turn, units, at int64) {
	t.max = units
	p.serve(t, at)
	if p.memory.notes != nil {
		p.memory.notes.Note(&record{kind: resized, deal: p.deal, turn: t.name, max: units, at: at})
	}
}

// tidy drops entries of what has been settled before it was due when they are most of the heap, so that it does not grow
// with claims that come and go.
func (p *pool) tidy() {
	if len(p.due) < 64 || len(p.due) < 3*p.open {
		return
	}
	kept := p.due[:0]
	for _, d := range p.due {
		if d.pending() {
			kept.push(d)
		}
	}
	clear(p.due[len(kept):])
	p.due = kept
}

// sweep settles what is due and forgets what is over.
func (p *pool) sweep(at int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress(at)
	p.forget(at)
}

// forget drops what was given back, or had expired, Options.Keep ago, and all of turns that closed as long ago.
func (p *pool) forget(at int64) {
	before := at - p.memory.keep
	for len(p.over) > 0 && p.over[0].at <= before {
		p.drop(p.over.pop().claim)
	}
	closed := func(t *turn) bool { return t.close <= before && t.stock.Held+t.stock.Waiting == 0 }
	if !slices.ContainsFunc(p.turns, closed) {
		return
	}
	for user, c := range p.users {
		for ; c != nil; c = c.another {
			if closed(c.turn) {
				p.drop(c)
			}
		}
		p.unlink(user)
	}
	p.turns = slices.DeleteFunc(p.turns, func(t *turn) bool { return t.claims == 0 && closed(t) })
}

// drop forgets a claim.
func (p *pool) drop(c *claim) {
	if !c.gone {
		c.gone = true
		c.turn.claims--
		p.memory.remove(c)
	}
}

// unlink takes what has been forgotten, or counts no longer, out of the user's list.
func (p *pool) unlink(user string) {
	var first, last *claim
	for c := p.users[user]; c != nil; c = c.another {
		if c.gone || !c.lives() {
			continue
		}
		if first == nil {
			first = c
		} else {
			last.another = c
		}
		last = c
	}
	if first == nil {
		delete(p.users, user)
		return
	}
	last.another = nil
	p.users[user] = first
}
