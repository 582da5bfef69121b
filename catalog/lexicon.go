package catalog

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync/atomic"
)

// lexicon is the words as they are written, in the order of their bytes, so that those with one beginning lie side by
// side. It is runs in order, of which each is at least twice as long as the next, and a short list of what came last. One
// writer, under Catalog.mu, adds to it while others read; words that have lost their number stay until runs are merged.
type lexicon struct {
	state atomic.Pointer[lexiconState]
	dead  int  // the writer's
	held  bool // nothing is put in order before release
}

type lexiconState struct {
	runs [][]uint32
	tail *numbers
}

const lexiconTail = 256 // words that are kept out of order

func (l *lexicon) read() *lexiconState {
	if s := l.state.Load(); s != nil {
		return s
	}
	return &lexiconState{tail: new(numbers)}
}

// hold begins a time in which many words are added before anybody reads.
func (l *lexicon) hold() { l.held = true }

// release ends it.
func (l *lexicon) release(t *terms) {
	l.held = false
	l.rebuild(t)
}

func (l *lexicon) add(t *terms, number uint32) {
	s := l.read()
	s.tail.append(number)
	if l.state.Load() == nil {
		l.state.Store(s)
	}
	tail := s.tail.read()
	if len(tail) < lexiconTail || l.held {
		return
	}
	runs := append(slices.Clone(s.runs), t.inOrder(tail))
	for n := len(runs); n > 1 && len(runs[n-2]) < 2*len(runs[n-1]); n-- {
		runs = append(runs[:n-2], t.merged(runs[n-2], runs[n-1]))
	}
	l.state.Store(&lexiconState{runs, new(numbers)})
}

// drop says that a word has lost its number.
func (l *lexicon) drop(t *terms) {
	l.dead++
	s := l.read()
	n := len(s.tail.read())
	for _, run := range s.runs {
		n += len(run)
	}
	if !l.held && l.dead*2 > n+lexiconTail {
		l.rebuild(t)
	}
}

// rebuild makes one run of all.
func (l *lexicon) rebuild(t *terms) {
	s := l.read()
	all := slices.Concat(append(slices.Clone(s.runs), s.tail.read())...)
	all = slices.DeleteFunc(all, t.isDead)
	l.dead = 0
	l.state.Store(&lexiconState{[][]uint32{t.inOrder(all)}, new(numbers)})
}

// inOrder returns numbers in the order of their values.
func (t *terms) inOrder(list []uint32) []uint32 {
	type keyed struct {
		first  uint64 // eight bytes of the value, so that most comparisons need no look at it
		number uint32
	}
	all := make([]keyed, len(list))
	for i, number := range list {
		_, v, _ := t.value(number)
		var first [8]byte
		copy(first[:], v)
		all[i] = keyed{binary.BigEndian.Uint64(first[:]), number}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		_, x, _ := t.value(a.number)
		_, y, _ := t.value(b.number)
		return cmp.Or(strings.Compare(x, y), cmp.Compare(a.number, b.number))
	})
	ordered := make([]uint32, len(all))
	for i, k := range all {
		ordered[i] = k.number
	}
	return ordered
}

// merged returns two runs as one, without the words that have lost their number.
func (t *terms) merged(a, b []uint32) []uint32 {
	out := make([]uint32, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		from := &a
		if len(a) == 0 {
			from = &b
		} else if len(b) > 0 {
			_, x, _ := t.value(a[0])
			_, y, _ := t.value(b[0])
			if y < x {
				from = &b
			}
		}
		if number := (*from)[0]; !t.isDead(number) {
			out = append(out, number)
		}
		*from = (*from)[1:]
	}
	return out
}

// begins yields the numbers of the words that begin with a text, run by run.
func (l *lexicon) begins(t *terms, text string, yield func(number uint32, word string)) {
	s := l.read()
	for _, run := range s.runs {
		for _, number := range run[t.search(run, text):] {
			_, v, ok := t.value(number)
			if !ok {
				continue
			}
			if !strings.HasPrefix(v, text) {
				break
			}
			if !t.isDead(number) {
				yield(number, v)
			}
		}
	}
	for _, number := range s.tail.read() {
		if _, v, ok := t.value(number); ok && strings.HasPrefix(v, text) && !t.isDead(number) {
			yield(number, v)
		}
	}
}

// search returns where a run reaches a text. Numbers without a value stand with the one before them.
func (t *terms) search(run []uint32, text string) int {
	low, high := 0, len(run)
	for low < high {
		middle := int(uint(low+high) / 2)
		at, value, ok := middle, "", false
		for ; at < high && !ok; at++ {
			_, value, ok = t.value(run[at])
		}
		switch {
		case !ok:
			high = middle
		case value < text:
			low = at
		default:
			high = middle
		}
	}
	return low
}
