package ledger

import (
	"encoding/binary"
	"fmt"

	"github.com/goldrec/gold/deals"
)

// A record says what has changed. It is a byte for its kind, and then texts, as their lengths and bytes, and numbers, both
// as varints:
//
//	claimed  id, deal, turn, user; units, wait, made, ttl, cutoff, state, until, start; max of the turn
//	settled  id; state, at
//	ticked   deal; at
//	resized  deal, turn; max, at
type kind byte

const (
	claimed kind = iota + 1
	settled
	ticked
	resized
)

// record has the fields of all kinds.
type record struct {
	kind                 kind
	id, deal, turn, user string

	units, made, ttl, cutoff, until, start, max, at int64

	wait  bool
	state deals.State
}

func recordOf(c *claim) *record {
	return &record{
		kind: claimed, id: c.id, deal: c.pool.deal, turn: c.turn.name, user: c.user, units: c.units, wait: c.wait, made: c.made,
		ttl: c.ttl, cutoff: c.cutoff, state: c.state, until: c.until, start: c.start, max: c.turn.max,
	}
}

// fields calls text and number for each field of the kind, in their order.
func (r *record) fields(text func(*string), number func(*int64)) error {
	wait, state := int64(0), int64(r.state)
	if r.wait {
		wait = 1
	}
	switch r.kind {
	case claimed:
		text(&r.id)
		text(&r.deal)
		text(&r.turn)
		text(&r.user)
		for _, n := range []*int64{&r.units, &wait, &r.made, &r.ttl, &r.cutoff, &state, &r.until, &r.start, &r.max} {
			number(n)
		}
	case settled:
		text(&r.id)
		number(&state)
		number(&r.at)
	case ticked:
		text(&r.deal)
		number(&r.at)
	case resized:
		text(&r.deal)
		text(&r.turn)
		number(&r.max)
		number(&r.at)
	default:
		return fmt.Errorf("%w: record of kind %d", ErrDamaged, r.kind)
	}
	r.wait, r.state = wait != 0, deals.State(state)
	return nil
}

// appendRecord appends the record.
func appendRecord(b []byte, r *record) []byte {
	b = append(b, byte(r.kind))
	_ = r.fields(func(s *string) {
		b = append(binary.AppendUvarint(b, uint64(len(*s))), *s...)
	}, func(n *int64) {
		b = binary.AppendVarint(b, *n)
	})
	return b
}

// readRecord reads a record and returns what follows it.
func readRecord(b []byte) (r record, rest []byte, err error) {
	if len(b) == 0 {
		return r, nil, fmt.Errorf("%w: no record", ErrDamaged)
	}
	r.kind, b = kind(b[0]), b[1:]
	short := false
	err = r.fields(func(s *string) {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			short, b = true, nil
			return
		}
		*s, b = string(b[n:n+int(size)]), b[n+int(size):]
	}, func(to *int64) {
		value, n := binary.Varint(b)
		if n <= 0 {
			short, b = true, nil
			return
		}
		*to, b = value, b[n:]
	})
	if err == nil && short {
		err = fmt.Errorf("%w: short record", ErrDamaged)
	}
	return r, b, err
}

// replay makes the change that a record says.
func (m *Memory) replay(r *record) error {
	switch r.kind {
	case claimed:
		return m.replayClaim(r)
	case settled:
		c := m.find(r.id)
		if c == nil || c.state > deals.Held || r.state != deals.Confirmed && r.state != deals.Released {
			return fmt.Errorf("%w: claim %q cannot become %v", ErrDamaged, r.id, r.state)
		}
		c.pool.finish(c, r.state, r.at)
	case ticked:
		m.pool(r.deal).expire(r.at)
	case resized:
		p := m.pool(r.deal)
		t := p.turn(r.turn)
		if t == nil {
			return fmt.Errorf("%w: turn %q of deal %q has no claims", ErrDamaged, r.turn, r.deal)
		}
		t.max = r.max
		p.serve(t, r.at)
	}
	return nil
}

func (m *Memory) replayClaim(r *record) error {
	p := m.pool(r.deal)
	c := &claim{id: r.id, user: r.user, pool: p, units: r.units, wait: r.wait, made: r.made, start: r.start, ttl: r.ttl, cutoff: r.cutoff, state: r.state, until: r.until}
	if c.state < deals.Waiting || c.state > deals.Expired || c.units < 1 {
		return fmt.Errorf("%w: claim %q of %d units is %v", ErrDamaged, r.id, r.units, r.state)
	}
	if c.turn = p.turn(r.turn); c.turn == nil {
		c.turn = &turn{name: r.turn, max: r.max}
	}
	if m.enter(c) != nil {
		return fmt.Errorf("%w: claim %q twice", ErrDamaged, r.id)
	}
	p.place(c)
	return nil
}
