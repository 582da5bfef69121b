package catalog

import (
	"bytes"
	"slices"
)

// put makes now, or nothing when it is nil, what the handle stands for, and reports whether that is a change. Postings get
// what is new before the record shows it and lose what is old after, so that an item moving between two values is found
// under one of them at any time.
func (c *Catalog) put(handle uint32, now *head) (changed bool) {
	ch, i := c.grown(handle), handle%chunkSize
	var before head
	r := ch.load(i)
	if r != nil {
		before = r.head()
	}
	var exact *byte
	if now != nil {
		record := now.append(c.scratch.record[:0])
		c.scratch.record = kept(record)
		if r != nil && bytes.Equal(r, record) {
			return false
		}
		exact = packed(record)
	} else {
		now = new(head)
	}
	version := c.version.Load() + 1
	gained, lost := c.changed(&before, now)
	ch.version.Add(1)
	for _, number := range gained {
		c.terms.add(number, handle)
	}
	ch.records[i].Store(exact)
	ch.written[i].Store(version)
	ch.latest.Store(version)
	if (exact != nil) != (r != nil) {
		ch.live.set(i, exact != nil)
		c.live.Add(sign(exact != nil))
	}
	if now.has(flagAvailable) != before.has(flagAvailable) {
		ch.available.set(i, now.has(flagAvailable))
		c.shown.Add(sign(now.has(flagAvailable)))
		if now.has(flagAvailable) {
			c.arrivals.Add(1)
		}
	}
	c.indexNumbers(handle, &before, now, exact != nil, gained, lost)
	c.moveWords(handle, &before, now) // while the values are there that they are in
	for _, number := range lost {
		c.removeTerm(number, handle)
	}
	ch.version.Add(1)
	c.version.Store(version)
	c.tell()
	return true
}

// changed returns the facet values that an item gets and those that it loses. They lie in the scratch.
func (c *Catalog) changed(before, now *head) (gained, lost []uint32) {
	if before.brand == now.brand && before.currency == now.currency && before.group == now.group && bytes.Equal(before.lists(), now.lists()) {
		return nil, nil
	}
	c.scratch.before = c.appendTerms(kept(c.scratch.before)[:0], before)
	c.scratch.now = c.appendTerms(kept(c.scratch.now)[:0], now)
	c.scratch.gained = appendMissing(kept(c.scratch.gained)[:0], c.scratch.now, c.scratch.before)
	c.scratch.lost = appendMissing(kept(c.scratch.lost)[:0], c.scratch.before, c.scratch.now)
	return c.scratch.gained, c.scratch.lost
}

// appendTerms appends the facet values of an item, ascending, each once: of a category all that is above it too.
func (c *Catalog) appendTerms(dst []uint32, h *head) []uint32 {
	if h.brand != 0 {
		dst = append(dst, h.brand)
	}
	if h.currency != 0 {
		dst = append(dst, h.currency)
	}
	if h.group != 0 {
		dst = append(dst, h.group)
	}
	b := h.body()
	for p := b.categories; len(p) > 0; {
		number, rest := p.next()
		dst, p = append(dst, number), rest
		facet, path, _ := c.terms.value(number)
		for above := range prefixes(path) {
			if number, ok := c.terms.find(facet, above); ok {
				dst = append(dst, number)
			}
		}
	}
	for p := b.attributes; len(p) > 0; {
		number, rest := p.next()
		dst, p = append(dst, number), rest
	}
	slices.Sort(dst)
	return slices.Compact(dst)
}

// appendMissing appends what a has and b has not. Both ascend.
func appendMissing(dst, a, b []uint32) []uint32 {
	for _, x := range a {
		for len(b) > 0 && b[0] < x {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != x {
			dst = append(dst, x)
		}
	}
	return dst
}

// sign is how a count changes when one more, or one less, is of its kind.
func sign(more bool) int64 {
	if more {
		return 1
	}
	return -1
}
