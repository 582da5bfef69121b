package ann

import "slices"

// A vector that is deleted stays in the graph for a while, to be walked through but not found. When one in deadShare of the
// vectors is like that, all are taken out, after Singh et al., "FreshDiskANN: A Fast and Accurate Graph-Based ANN
// Index for Streaming Similarity Search", 2021: whoever links to dead vectors keeps its living neighbours and replaces the
// others by neighbours of theirs. The slots are given out again when no search can meet them any more.
//
// That takes a pass over the graph, 8 µs a vector, which no one write may take: at 116,000 vectors one Delete had 970 ms. So every
// write does repairSlice slots for each vector that it stores or deletes, half of a millisecond's worth, until all are done.
const deadShare = 8

// deadLeast is how many vectors must have died before taking them out is worth a pass over the graph.
const deadLeast = 32

// repairSlice is how many slots of a pass go with a write of one vector. A pass is over when a 64th of the vectors was written,
// long before the next one is due.
const repairSlice = 64

// repairing is a pass under way over the slots below end, of which those below at are done. What dies meanwhile is left to the
// next pass; what is stored meanwhile does not link to the doomed.
type repairing struct {
	dead    []uint32 // to be taken out; none when no pass is under way
	doomed  []uint64 // a bit a slot: those
	at, end int
}

// has tells whether a slot is to be taken out.
func (r *repairing) has(slot uint32) bool {
	return int(slot/64) < len(r.doomed) && r.doomed[slot/64]>>(slot%64)&1 != 0
}

// retired are slots that nothing links to since an epoch.
type retired struct {
	epoch uint64
	slots []uint32
}

// repairIfDue goes on with a pass by as much as a write of so many vectors is to do. It begins one when the dead have become many, or
// when as much was done since the last time that another pass does not show: dead vectors take up room in every pool. Every slot
// that is linked to is alive or dead by then.
func (h *HNSW) repairIfDue(g *graph, written int) {
	if h.Len() == 0 {
		h.dropAll(g)
		return
	}
	many := max(deadLeast, h.Len()/deadShare)
	if len(h.repairing.dead) == 0 && (len(h.dead) > many || len(h.dead) > 0 && h.linked > many) {
		h.beginRepair(g)
	}
	if len(h.repairing.dead) > 0 {
		h.repair(g, repairSlice*written)
	}
}

// dropAll takes all out of a graph in which nothing lives.
func (h *HNSW) dropAll(g *graph) {
	g.entry.Store(noEntry)
	h.retire(slices.Concat(h.repairing.dead, h.dead))
	h.repairing, h.dead, h.linked = repairing{}, nil, 0
}

// retire gives slots out again once no search can meet them.
func (h *HNSW) retire(slots []uint32) {
	if len(slots) > 0 {
		h.retired = append(h.retired, retired{h.readers.epoch.Load(), slots})
	}
}

// beginRepair dooms those dead by now.
func (h *HNSW) beginRepair(g *graph) {
	h.repairEntry(g)
	h.repairing = repairing{dead: h.dead, doomed: make([]uint64, (h.used+63)/64), end: h.used}
	for _, slot := range h.dead {
		h.repairing.doomed[slot/64] |= 1 << (slot % 64)
	}
	h.dead, h.linked = nil, 0
}

// repair does the next n slots of a pass. The living only read lists of the dead, so that any number of workers may do them;
// those that died since it began are read from as well, and done one after the other.
func (h *HNSW) repair(g *graph, n int) {
	r := &h.repairing
	from := r.at
	r.at = min(r.at+n, r.end)
	each(h.workers(r.at-from), r.at-from, func(w, i int) {
		if slot := uint32(from + i); g.isAlive(slot) {
			g.relink(h.writers[w], slot)
		}
	})
	for slot := uint32(from); slot < uint32(r.at); slot++ {
		if !g.isAlive(slot) && !r.has(slot) {
			g.relink(h.writer(), slot)
		}
	}
	h.adoptOrphans(g)
	if r.at == r.end {
		h.retire(r.dead)
		h.repairing = repairing{}
	}
}

// repairAll takes all dead out at once, for writes that cost as much themselves.
func (h *HNSW) repairAll(g *graph) {
	if len(h.repairing.dead) > 0 {
		h.repair(g, h.used)
	}
	if len(h.dead) > 0 {
		h.beginRepair(g)
		h.repair(g, h.used)
	}
}

// adoptOrphans links anew the vectors around which everything died.
func (h *HNSW) adoptOrphans(g *graph) {
	var orphans []uint32
	for _, s := range h.writers {
		for _, slot := range s.insert.orphans {
			if g.isAlive(slot) {
				orphans = append(orphans, slot)
			}
		}
		s.insert.orphans = s.insert.orphans[:0]
	}
	if len(orphans) > 0 && h.Len() > 1 {
		slices.Sort(orphans)
		h.linkBatch(g, orphans)
	}
}

// repairEntry moves the entry, if it died, to the first of the highest living vectors.
func (h *HNSW) repairEntry(g *graph) {
	if g.isAlive(uint32(g.entry.Load())) {
		return
	}
	best, top := uint32(0), -1
	for slot := range uint32(h.used) {
		if g.isAlive(slot) && g.level(slot) > top {
			best, top = slot, g.level(slot)
		}
	}
	g.entry.Store(uint64(top)<<32 | uint64(best))
}

// relink rids the lists of a living vector of the dead.
func (g *graph) relink(s *scratch, slot uint32) {
	for l := range g.level(slot) + 1 {
		list := g.list(l, slot)
		s.ids = appendList(s.ids[:0], list)
		if !slices.ContainsFunc(s.ids, func(id uint32) bool { return !g.isAlive(id) }) {
			continue
		}
		g.touch(s, slot)
		g.replaceDead(s, slot, l, list)
	}
}

// replaceDead keeps the living neighbours in s.ids and fills their list up, as far as the heuristic lets it, with the best
// of the living neighbours of the dead ones.
func (g *graph) replaceDead(s *scratch, slot uint32, level int, list []uint32) {
	kept, others := s.insert.chosen[:0], s.insert.ids[:0]
	for _, id := range s.ids {
		if g.isAlive(id) {
			kept = append(kept, id)
		} else {
			others = appendList(others, g.list(level, id))
		}
	}
	slices.Sort(others)
	others = slices.DeleteFunc(slices.Compact(others), func(id uint32) bool {
		return id == slot || !g.isAlive(id) || slices.Contains(kept, id)
	})
	if g.metric == InnerProduct { // where lists are filled up, with what depends on all of them
		others = append(others, kept...)
		s.insert.ids = others
		if level == 0 && len(others) == 0 {
			s.insert.orphans = append(s.insert.orphans, slot)
		}
		setList(list, g.prune(s, slot, g.ranked(s, slot, others), len(list)))
		return
	}
	for _, c := range g.ranked(s, slot, others) {
		if len(kept) == len(list) {
			break
		}
		if !g.covered(s, kept, c.slot(), slot, c.score(), false) {
			kept = append(kept, c.slot())
		}
	}
	if level == 0 && len(kept) == 0 {
		s.insert.orphans = append(s.insert.orphans, slot)
	}
	s.insert.chosen, s.insert.ids = kept, others
	setList(list, kept)
}

// ranked is ids as candidates for the neighbours of the vector in slot, best first.
func (g *graph) ranked(s *scratch, slot uint32, ids []uint32) []candidate {
	g.setProbe(&s.probe, slot)
	s.insert.candidates = s.insert.candidates[:0]
	for i, v := range s.score(g, ids) {
		s.insert.candidates = append(s.insert.candidates, newCandidate(v, ids[i]))
	}
	slices.SortFunc(s.insert.candidates, betterFirst)
	return s.insert.candidates
}

// reclaim makes the slots free that no search can meet any more.
func (h *HNSW) reclaim() {
	for len(h.retired) > 0 {
		if h.readers.epoch.Load() < h.retired[0].epoch+2 {
			h.readers.advance()
			h.readers.advance()
		}
		if h.readers.epoch.Load() < h.retired[0].epoch+2 {
			return
		}
		h.free = append(h.free, h.retired[0].slots...)
		h.retired = h.retired[1:]
	}
}
