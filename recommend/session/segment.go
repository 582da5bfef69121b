package session

import (
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// segment is some visits in a row, the oldest first, and where each item is in them: immutable.
type segment struct {
	offsets []uint32 // of each visit's first item; one more than visits
	items   []uint32 // each once in a visit; NoItem for one that is gone
	keys    []uint32 // the items that there are, ascending
	starts  []uint32 // of each key's visits, one more than keys
	visits  []uint32 // numbers of visits, the newest first, of each key no more than are ever looked at
	places  []uint32 // by item, one more than its place in keys; nil where that would be mostly zeros
}

// newSegment makes a segment of visits, which become its own, and keeps up to most of each item.
func newSegment(offsets, items []uint32, most int) *segment {
	s := &segment{offsets: offsets, items: items}
	pairs := make([]uint64, 0, len(items)) // the item, and behind it the visit, the newest first
	for visit := range s.len() {
		for _, item := range s.of(visit) {
			if item != model.NoItem {
				pairs = append(pairs, uint64(item)<<32|uint64(^uint32(visit)))
			}
		}
	}
	slices.Sort(pairs)
	count := 0
	for _, p := range pairs {
		item := uint32(p >> 32)
		if n := len(s.keys); n == 0 || s.keys[n-1] != item {
			s.keys, s.starts, count = append(s.keys, item), append(s.starts, uint32(len(s.visits))), 0
		}
		if count++; count <= most {
			s.visits = append(s.visits, ^uint32(p))
		}
	}
	s.starts = append(s.starts, uint32(len(s.visits)))
	s.keys, s.starts, s.visits = slices.Clip(s.keys), slices.Clip(s.starts), slices.Clip(s.visits)
	if n := len(s.keys); n > 0 && uint64(s.keys[n-1]) < 8*uint64(n) {
		s.places = make([]uint32, s.keys[n-1]+1)
		for place, item := range s.keys {
			s.places[item] = uint32(place) + 1
		}
	}
	return s
}

// len is the number of visits.
func (s *segment) len() int { return len(s.offsets) - 1 }

// of returns the items of a visit.
func (s *segment) of(visit int) []uint32 { return s.items[s.offsets[visit]:s.offsets[visit+1]] }

// with returns the visits that an item is in, the newest first.
func (s *segment) with(item uint32) []uint32 {
	var place int
	if s.places != nil {
		if uint64(item) >= uint64(len(s.places)) || s.places[item] == 0 {
			return nil
		}
		place = int(s.places[item]) - 1
	} else {
		var ok bool
		if place, ok = slices.BinarySearch(s.keys, item); !ok {
			return nil
		}
	}
	return s.visits[s.starts[place]:s.starts[place+1]]
}

// joined is one segment of two that lie side by side.
func joined(older, newer *segment, most int) *segment {
	offsets := slices.Grow(slices.Clone(older.offsets), newer.len())
	for _, end := range newer.offsets[1:] {
		offsets = append(offsets, uint32(len(older.items))+end)
	}
	return newSegment(offsets, slices.Concat(older.items, newer.items), most)
}
