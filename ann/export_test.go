package ann

import "fmt"

// Repaired is how many slots the pass that takes the dead out has done; 0 without one.
func Repaired(h *HNSW) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.repairing.at
}

// Rehashed is how many slots are in the table that is being made; 0 without one.
func Rehashed(h *HNSW) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rehashing.at
}

// EntryKey is the key of the vector where walks begin, dead or alive.
func EntryKey(h *HNSW) uint32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.graph.Load()
	return g.keys[uint32(g.entry.Load())]
}

// CheckLinks wants every list of a vector that is linked to lead to such vectors only.
func CheckLinks(h *HNSW) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	g, gone := h.graph.Load(), make(map[uint32]bool)
	for _, slot := range h.free {
		gone[slot] = true
	}
	for _, r := range h.retired {
		for _, slot := range r.slots {
			gone[slot] = true
		}
	}
	if entry := g.entry.Load(); entry != noEntry && gone[uint32(entry)] {
		return fmt.Errorf("walks begin at %d, which is gone", uint32(entry))
	}
	for slot := range uint32(h.used) {
		if gone[slot] {
			continue
		}
		for l := range g.level(slot) + 1 {
			for _, to := range appendList(nil, g.list(l, slot)) {
				if gone[to] || int(to) >= h.used {
					return fmt.Errorf("slot %d leads to %d, which is gone", slot, to)
				}
			}
		}
	}
	return nil
}

// CopiedAtOnce is how often a graph of some size was copied in one go.
func CopiedAtOnce(h *HNSW) int { return h.copied }
