package recommend

import (
	"cmp"
	"slices"
	"sync"

	"github.com/goldrec/gold/store"
)

// applied is which entries of the log are in memory, in every partition: all up to a position, and some spans beyond it. Those come
// about because calls that append at once end in any order, and because other engines append in between, of which this one hears later.
type applied struct {
	mu         sync.Mutex
	partitions []partition // by number
}

type partition struct {
	settled store.Position // all up to here are in memory, or there are none
	spans   []span         // beyond it, ascending, none touching another
}

type span struct{ from, to store.Position } // both included

// spansMax is how many spans a partition may have before the log is read to close the gaps between them.
const spansMax = 4096

// begin makes memory that of somebody who has applied all entries up to a place.
func (a *applied) begin(since store.Place) {
	for partition := range store.PartitionsMax {
		if at := since.At(partition); at > 0 {
			a.settle(partition, at)
		}
	}
}

// add says that an entry is in memory from now on, and reports whether it was not before: whoever hears true puts it
// there.
func (a *applied) add(number int, at store.Position) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.partition(number)
	if at <= p.settled {
		return false
	}
	i, found := slices.BinarySearchFunc(p.spans, at, func(s span, at store.Position) int {
		if s.from <= at && at <= s.to {
			return 0
		}
		return cmp.Compare(s.from, at)
	})
	if found {
		return false
	}
	p.insert(i, at)
	return true
}

// insert puts a position between the spans before i and from i on.
func (p *partition) insert(i int, at store.Position) {
	left := i > 0 && p.spans[i-1].to+1 == at
	right := i < len(p.spans) && at+1 == p.spans[i].from
	switch {
	case i == 0 && at == p.settled+1 && right:
		p.settled = p.spans[0].to
		p.spans = slices.Delete(p.spans, 0, 1)
	case i == 0 && at == p.settled+1:
		p.settled = at
	case left && right:
		p.spans[i-1].to = p.spans[i].to
		p.spans = slices.Delete(p.spans, i, i+1)
	case left:
		p.spans[i-1].to = at
	case right:
		p.spans[i].from = at
	default:
		p.spans = slices.Insert(p.spans, i, span{at, at})
	}
}

// settle says that the log has no entry up to here that is not in memory.
func (a *applied) settle(number int, at store.Position) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.partition(number)
	if at <= p.settled {
		return
	}
	p.settled = at
	for len(p.spans) > 0 && p.spans[0].from <= p.settled+1 {
		p.settled = max(p.settled, p.spans[0].to)
		p.spans = slices.Delete(p.spans, 0, 1)
	}
}

// place is from where on the log may hold what is not in memory.
func (a *applied) place() store.Place {
	a.mu.Lock()
	defer a.mu.Unlock()
	var place store.Place
	for i := range a.partitions {
		place = place.With(i, a.partitions[i].settled)
	}
	return place
}

// scattered reports whether a partition has more spans than it should.
func (a *applied) scattered() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.partitions, func(p partition) bool { return len(p.spans) > spansMax })
}

// partition returns the one of a number. Under a.mu.
func (a *applied) partition(number int) *partition {
	for len(a.partitions) <= number {
		a.partitions = append(a.partitions, partition{})
	}
	return &a.partitions[number]
}
