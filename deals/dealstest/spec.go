package dealstest

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/goldrec/gold/deals"
)

// spec is a Ledger of one deal, one call after the other: the rules of deals.Ledger, as plain as can be. Claims and turns are
// numbered by the history that is explained, so that a state is a few short slices.
type spec struct {
	claims []specClaim // by number; State 0: there is none
	queue  []uint16    // those that wait, in their order
	max    []int64     // of each turn; -1: not asked for yet
}

type specClaim struct {
	turn    uint16
	request uint16 // index of the op that made it
	state   deals.State
	until   int64
}

func (s *spec) clone() *spec {
	return &spec{slices.Clone(s.claims), slices.Clone(s.queue), slices.Clone(s.max)}
}

// key is the same for equal states only.
func (s *spec) key(b []byte) []byte {
	for _, c := range s.claims {
		b = append(b, byte(c.state))
		if c.state != 0 {
			b = binary.LittleEndian.AppendUint16(b, c.request)
			b = binary.AppendVarint(b, c.until)
		}
	}
	for _, q := range s.queue {
		b = binary.LittleEndian.AppendUint16(b, q)
	}
	for _, m := range s.max {
		b = binary.AppendVarint(b, m)
	}
	return b
}

// history is what is explained: calls, with claims and turns as numbers.
type history struct {
	ops   []Op
	claim []int // number of the claim of each op; -1 for Stock
	turn  []int // number of the turn of a Hold or Stock
	ids   int
	turns []string
}

func newHistory(ops []Op) *history {
	h := &history{ops: ops}
	ids := map[string]int{}
	for i := range ops {
		o := &ops[i]
		id, turn := o.ID, o.Turn
		if o.Request != nil {
			id, turn = o.Request.ID, o.Request.Turn
		}
		n := -1
		if id != "" {
			if _, ok := ids[id]; !ok {
				ids[id] = len(ids)
			}
			n = ids[id]
		}
		if !slices.Contains(h.turns, turn) {
			h.turns = append(h.turns, turn)
		}
		h.claim, h.turn = append(h.claim, n), append(h.turn, slices.Index(h.turns, turn))
	}
	h.ids = len(ids)
	return h
}

func (h *history) start() *spec {
	s := &spec{claims: make([]specClaim, h.ids), max: make([]int64, len(h.turns))}
	for i := range s.max {
		s.max[i] = -1
	}
	return s
}

func (h *history) request(c *specClaim) *deals.Request { return h.ops[c.request].Request }

// units counts a turn's units in some states.
func (h *history) units(s *spec, turn int, states ...deals.State) int64 {
	var sum int64
	for i := range s.claims {
		if c := &s.claims[i]; int(c.turn) == turn && slices.Contains(states, c.state) {
			sum += h.request(c).Units
		}
	}
	return sum
}

// due settles what is due at an instant, and serves those who wait.
func (h *history) due(s *spec, at int64) {
	settled := false
	for i := range s.claims {
		if c := &s.claims[i]; (c.state == deals.Held || c.state == deals.Waiting) && c.until <= at {
			c.state, c.until = deals.Expired, 0
			settled = true
		}
	}
	if settled {
		s.queue = slices.DeleteFunc(s.queue, func(n uint16) bool { return s.claims[n].state != deals.Waiting })
		h.serve(s, at)
	}
}

func (h *history) serve(s *spec, at int64) {
	stopped := make([]bool, len(h.turns))
	s.queue = slices.DeleteFunc(s.queue, func(n uint16) bool {
		c := &s.claims[n]
		r := h.request(c)
		max := s.max[c.turn]
		if stopped[c.turn] || max != 0 && h.units(s, int(c.turn), deals.Held, deals.Confirmed)+r.Units > max {
			stopped[c.turn] = true
			return false
		}
		c.state, c.until = deals.Held, at+int64(r.TTL)
		return true
	})
}

// apply makes the call of an op, and returns what it should answer.
func (h *history) apply(s *spec, op int) (deals.Claim, deals.Stock, error) {
	o := &h.ops[op]
	at := o.At.UnixNano()
	n := h.claim[op]
	if n >= 0 && o.Request == nil && s.claims[n].state == 0 {
		return deals.Claim{}, deals.Stock{}, deals.ErrUnknownClaim // which names no deal
	}
	h.due(s, at)
	if n < 0 {
		t := h.turn[op]
		return deals.Claim{}, deals.Stock{Held: h.units(s, t, deals.Held), Confirmed: h.units(s, t, deals.Confirmed), Waiting: h.units(s, t, deals.Waiting)}, nil
	} else if o.Request != nil {
		c, err := h.hold(s, op, n, at)
		return c, deals.Stock{}, err
	} else {
		c, err := h.settle(s, n, o.To, at)
		return c, deals.Stock{}, err
	}
}

func (h *history) hold(s *spec, op, n int, at int64) (deals.Claim, error) {
	r, t := h.ops[op].Request, h.turn[op]
	if s.max[t] >= 0 && s.max[t] != r.Max {
		s.max[t] = r.Max
		h.serve(s, at)
	}
	if old := &s.claims[n]; old.state != 0 {
		if h.request(old).Same(r) {
			return h.public(s, n), nil
		}
		return deals.Claim{}, deals.ErrIDReused
	}
	if r.MaxUser > 0 && h.of(s, r)+r.Units > r.MaxUser {
		return deals.Claim{}, deals.ErrLimit
	}
	c := specClaim{turn: uint16(t), request: uint16(op)}
	waits := slices.ContainsFunc(s.queue, func(q uint16) bool { return int(s.claims[q].turn) == t })
	switch {
	case !waits && (r.Max == 0 || h.units(s, t, deals.Held, deals.Confirmed)+r.Units <= r.Max):
		c.state, c.until = deals.Held, at+int64(r.TTL)
	case r.Wait && r.Units <= r.Max && at < r.Close.UnixNano():
		c.state, c.until = deals.Waiting, r.Close.UnixNano()
		s.queue = append(s.queue, uint16(n))
	default:
		return deals.Claim{}, deals.ErrSoldOut
	}
	s.claims[n], s.max[t] = c, r.Max
	return h.public(s, n), nil
}

// of is how many units a user has that count together with a request.
func (h *history) of(s *spec, r *deals.Request) int64 {
	var sum int64
	for i := range s.claims {
		c := &s.claims[i]
		if c.state == 0 || c.state > deals.Confirmed {
			continue
		}
		q := h.request(c)
		if q.User == r.User && (q.Turn == r.Turn || q.Start.Sub(r.Start).Abs() < r.Apart) {
			sum += q.Units
		}
	}
	return sum
}

func (h *history) settle(s *spec, n int, to deals.State, at int64) (deals.Claim, error) {
	c := &s.claims[n]
	switch {
	case to == 0, c.state == to, to == deals.Released && c.state == deals.Expired:
		return h.public(s, n), nil
	case to == deals.Confirmed && c.state == deals.Waiting:
		return deals.Claim{}, deals.ErrWaiting
	case to == deals.Confirmed && c.state == deals.Expired:
		return deals.Claim{}, deals.ErrExpired
	case c.state != deals.Held && c.state != deals.Waiting:
		return deals.Claim{}, deals.ErrSettled
	}
	c.state, c.until = to, 0
	s.queue = slices.DeleteFunc(s.queue, func(q uint16) bool { return int(q) == n })
	if to == deals.Released {
		h.serve(s, at)
	}
	return h.public(s, n), nil
}

func (h *history) public(s *spec, n int) deals.Claim {
	c := &s.claims[n]
	r := h.request(c)
	out := deals.Claim{ID: r.ID, Deal: r.Deal, Turn: r.Turn, User: r.User, Units: r.Units, State: c.state, Made: r.At.UTC()}
	if c.state <= deals.Held {
		out.Until = time.Unix(0, c.until).UTC()
	}
	return out
}
