package recommend

import (
	"encoding/binary"
	"math"

	"github.com/goldrec/gold/store"
)

// history is a user's newest events in the order of the log, packed: some ten bytes each instead of the 24 that they have as events.
// Histories of one user share their array, of which only the newest may be appended to; user.mu sees to that.
type history struct {
	packed []byte
	newest store.Position
	n      int
}

// historySlack is how many events more than models are shown come before the oldest are taken out.
const historySlack = 50

// Of each event, what it shares with the one before is left out.
const (
	sameVisit = 1 << iota // and kind
	sameWeight
	sameBits = iota
)

// pack makes a history of events in the order of the log.
func pack(events []event) (h history) {
	h.packed = make([]byte, 0, 12*len(events))
	var last event
	for _, ev := range events {
		h.packed = appendEvent(h.packed, last, ev)
		last = ev
	}
	h.packed = append(make([]byte, 0, len(h.packed)), h.packed...)
	h.n, h.newest = len(events), last.position
	return h
}

// with is the history with an event that is newer than last, its newest.
func (h history) with(last, ev event) history {
	var room [32]byte
	more := appendEvent(room[:0], last, ev)
	if len(h.packed)+len(more) > cap(h.packed) {
		h.packed = append(make([]byte, 0, len(h.packed)+max(48, len(h.packed)/4)), h.packed...)
	}
	h.packed = append(h.packed, more...)
	h.n, h.newest = h.n+1, ev.position
	return h
}

// appendEvent packs an event behind the one before it.
func appendEvent(dst []byte, before, ev event) []byte {
	item := uint64(ev.item) << sameBits
	if ev.visit == before.visit {
		item |= sameVisit
	}
	if ev.weight == before.weight {
		item |= sameWeight
	}
	dst = binary.AppendUvarint(dst, item)
	dst = binary.AppendUvarint(dst, uint64(ev.position-before.position))
	dst = binary.AppendVarint(dst, int64(ev.time)-int64(before.time))
	if item&sameVisit == 0 {
		dst = binary.LittleEndian.AppendUint32(dst, ev.visit)
	}
	if item&sameWeight == 0 {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(ev.weight))
	}
	return dst
}

// appendTo appends the events to dst.
func (h history) appendTo(dst []event) []event {
	var ev event
	for rest := h.packed; len(rest) > 0; {
		item, size := binary.Uvarint(rest)
		rest = rest[size:]
		position, size := binary.Uvarint(rest)
		rest = rest[size:]
		time, size := binary.Varint(rest)
		rest = rest[size:]
		if item&sameVisit == 0 {
			ev.visit, rest = binary.LittleEndian.Uint32(rest), rest[4:]
		}
		if item&sameWeight == 0 {
			ev.weight, rest = math.Float32frombits(binary.LittleEndian.Uint32(rest)), rest[4:]
		}
		ev.item, ev.position, ev.time = uint32(item>>sameBits), ev.position+store.Position(position), uint32(int64(ev.time)+time)
		dst = append(dst, ev)
	}
	return dst
}

// packItems packs items in their order, ascending, mostly in two bytes each.
func packItems(items []uint32) []byte {
	dst, last := make([]byte, 0, 5*len(items)), uint32(0)
	for _, item := range items {
		dst = binary.AppendUvarint(dst, uint64(item-last))
		last = item
	}
	return append(make([]byte, 0, len(dst)), dst...)
}

// unpackItems appends to dst what packItems packed.
func unpackItems(dst []uint32, packed []byte) []uint32 {
	last := uint32(0)
	for len(packed) > 0 {
		more, size := binary.Uvarint(packed)
		last, packed = last+uint32(more), packed[size:]
		dst = append(dst, last)
	}
	return dst
}
