package source

import (
	"math"
	"sync"
)

// shard is every shardCount-th item.
type shard struct {
	mu      sync.Mutex
	chunks  []*chunk
	bits    []uint64 // of the items that are in touched
	touched []uint32 // items touched since the last order; when there are touchedMax, others may have been too
	events  int      // since the last order
	_       [64]byte // the next shard's lock is in another line of the cache
}

const chunkLen = 256

type chunk [chunkLen]slot

// slot is what is counted of one item.
type slot struct {
	sum  float64 // as of time; 0: nothing was counted
	time int64   // Unix seconds of its newest event
}

// add takes in a weight of a time; at is what s.time counts as.
func (s *slot) add(weight float64, unix, at int64, halfLife float64) {
	switch {
	case s.sum == 0:
		s.sum, s.time = weight, unix
	case unix >= at:
		s.sum, s.time = s.sum*decay(at, unix, halfLife)+weight, unix
	default:
		s.sum, s.time = s.sum+weight*decay(unix, at, halfLife), at
	}
}

// decay is what is left at the later of two times of what was 1 at the earlier.
func decay(from, to int64, halfLife float64) float64 {
	if from == to {
		return 1
	}
	return math.Exp2((float64(from) - float64(to)) / halfLife)
}

// key is what items are in order of, with the time that s.time counts as.
func (s slot) key(at int64, halfLife float64) float64 {
	return math.Log2(s.sum) + float64(at)/halfLife
}

// place returns the slot of the shard's i-th item, making room when there is none.
func (s *shard) place(i uint32) *slot {
	for int(i/chunkLen) >= len(s.chunks) {
		s.chunks = append(s.chunks, nil)
		s.bits = append(s.bits, make([]uint64, chunkLen/64)...)
	}
	at := &s.chunks[i/chunkLen]
	if *at == nil {
		*at = new(chunk)
	}
	return &(*at)[i%chunkLen]
}

// get returns what is counted of the shard's i-th item.
func (s *shard) get(i uint32) slot {
	if int(i/chunkLen) >= len(s.chunks) || s.chunks[i/chunkLen] == nil {
		return slot{}
	}
	return s.chunks[i/chunkLen][i%chunkLen]
}

// touch notes that an item, which has a place, must be put in order, and reports whether that becomes urgent.
func (s *shard) touch(item uint32) bool {
	s.events++
	i := item / shardCount
	word, bit := &s.bits[i/64], uint64(1)<<(i%64)
	if *word&bit == 0 && len(s.touched) < touchedMax {
		if s.touched == nil {
			s.touched = make([]uint32, 0, touchedMax)
		}
		*word |= bit
		s.touched = append(s.touched, item)
	}
	return s.events >= manyEvents
}

// drain appends the touched items to dst and forgets that they were; all is false when there were too many to tell.
func (s *shard) drain(dst []entry, key func(slot) float64) (_ []entry, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all = len(s.touched) < touchedMax
	for _, item := range s.touched {
		i := item / shardCount
		dst = append(dst, entry{key(s.get(i)), item})
		s.bits[i/64] &^= 1 << (i % 64)
	}
	s.touched, s.events = s.touched[:0], 0
	return dst, all
}

// each calls visit with every item that has something counted. The lock is held for a copy of one chunk at a time.
func (s *shard) each(first uint32, visit func(item uint32, s slot)) {
	var copied chunk
	for n := 0; ; n++ {
		s.mu.Lock()
		if n >= len(s.chunks) {
			s.mu.Unlock()
			return
		}
		there := s.chunks[n] != nil
		if there {
			copied = *s.chunks[n]
		}
		s.mu.Unlock()
		for i := 0; there && i < len(copied); i++ {
			if copied[i].sum != 0 {
				visit((uint32(n)*chunkLen+uint32(i))*shardCount+first, copied[i])
			}
		}
	}
}
