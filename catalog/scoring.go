package catalog

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/goldrec/gold/internal/topk"
)

// scoring scores what a plan finds, a segment at a time.
type scoring struct {
	plan  *plan
	text  *textIndex
	order []int         // slots, those that fewest items have first
	need  int           // how many of them: what is found has one of the first need; 0: it has all
	sets  [][]levelSets // by slot and level
	part  [1 << fieldCount][256]float32
	some  segment
}

// levelSets are the items of a segment that have a level's words, by field.
type levelSets struct {
	fields [fieldCount]segment
	some   bool // whether there is any
}

func (c *Catalog) newScoring(p *plan) *scoring {
	sc := &scoring{plan: p, text: c.index()}
	sc.sets = make([][]levelSets, len(p.slots))
	for i := range p.slots {
		sc.sets[i] = make([]levelSets, len(p.slots[i].levels))
		sc.order = append(sc.order, i)
	}
	slices.SortStableFunc(sc.order, func(a, b int) int { return cmp.Compare(p.slots[a].df, p.slots[b].df) })
	sc.part = parts(sc.text)
	if p.least > 0 {
		sc.need = p.need(sc.order)
	}
	return sc
}

// need is how many of the rarest slots there are, one of which all that is found must have: the others do not weigh
// enough.
func (p *plan) need(order []int) int {
	left := 0.0
	for _, s := range p.slots {
		left += s.weight
	}
	for n, i := range order {
		if left < p.least {
			return n
		}
		left -= p.slots[i].weight
	}
	return len(order)
}

// parts returns what a word counts for, by the fields that have it and the lengths of the texts.
func parts(t *textIndex) (parts [1 << fieldCount][256]float32) {
	const k1 = 1.2
	titles, texts := titleLevels(), textLevels()
	for fields := range parts {
		for length := range parts[fields] {
			tf := 0.0
			if fields&1 != 0 {
				tf += 3 / (0.5 + 0.5*float64(titles[length>>4])/t.titles.average())
			}
			if fields&2 != 0 {
				tf += 2
			}
			if fields&4 != 0 {
				tf += 1 / max(1, 0.25+0.75*float64(texts[length&15])/t.texts.average())
			}
			parts[fields][length] = float32(tf * (k1 + 1) / (tf + k1))
		}
	}
	return parts
}

// restrict keeps of a segment what has every slot, or one of those that are needed, and reports whether that is any.
func (sc *scoring) restrict(c *Catalog, key uint32, s *segment) bool {
	if sc.need > 0 {
		return sc.restrictSome(key, s)
	}
	for _, i := range sc.order {
		if !sc.load(key, i) {
			return false
		}
		sc.unite(i)
		if !s.andAny(&sc.some) {
			return false
		}
	}
	return true
}

func (sc *scoring) restrictSome(key uint32, s *segment) bool {
	var any segment
	for at, i := range sc.order {
		if sc.load(key, i) && at < sc.need {
			sc.unite(i)
			for j, w := range sc.some {
				any[j] |= w
			}
		}
	}
	return s.andAny(&any)
}

// unite sets some to what has a slot.
func (sc *scoring) unite(i int) {
	clear(sc.some[:])
	for l := range sc.sets[i] {
		if set := &sc.sets[i][l]; set.some {
			for j := range sc.some {
				sc.some[j] |= set.fields[0][j] | set.fields[1][j] | set.fields[2][j]
			}
		}
	}
}

// andAny keeps of s what t has too, and reports whether that is any.
func (s *segment) andAny(t *segment) bool {
	some := uint64(0)
	for i, w := range t {
		s[i] &= w
		some |= s[i]
	}
	return some != 0
}

// load finds what has a slot's words in a segment, and reports whether that is any.
func (sc *scoring) load(key uint32, i int) bool {
	found := false
	for l := range sc.plan.slots[i].levels {
		set := &sc.sets[i][l]
		set.load(key, sc.plan.slots[i].levels[l].all)
		found = found || set.some
	}
	return found
}

func (set *levelSets) load(key uint32, all []fieldSets) {
	set.some = set.loadWord(key, &all[0])
	for i := 1; i < len(all) && set.some; i++ {
		var more levelSets
		if set.some = more.loadWord(key, &all[i]); !set.some {
			break
		}
		// Where the title has both it is the title that has them; else some other field.
		some := uint64(0)
		for j := range set.fields[0] {
			both := (set.fields[0][j] | set.fields[1][j] | set.fields[2][j]) &
				(more.fields[0][j] | more.fields[1][j] | more.fields[2][j])
			title := set.fields[0][j] & more.fields[0][j]
			set.fields[0][j], set.fields[1][j], set.fields[2][j] = title, 0, both&^title
			some |= both
		}
		set.some = some != 0
	}
}

func (set *levelSets) loadWord(key uint32, sets *fieldSets) (some bool) {
	for f, u := range sets {
		clear(set.fields[f][:])
		some = u.addTo(key, &set.fields[f]) || some
	}
	return some
}

// score scores the handles of a segment and offers them to top, unless that is nil. It drops those that do not weigh
// enough, and returns how many are left.
func (sc *scoring) score(c *Catalog, key uint32, s *segment, top *topk.Selector) (n int) {
	if top == nil && sc.plan.least == 0 {
		return s.len()
	}
	var scores, weights [64]float32
	for i, w := range s {
		if w == 0 {
			continue
		}
		clear(scores[:])
		clear(weights[:])
		base := key<<segmentBits + uint32(i)<<6
		lengths := sc.text.lengths.get(int(base >> chunkBits))
		if lengths == nil {
			lengths = new(lengthBlock)
		}
		for slot := range sc.sets {
			sc.scoreSlot(slot, i, w, base, lengths, &scores, &weights)
		}
		for rest := w; rest != 0; rest &= rest - 1 {
			j := bits.TrailingZeros64(rest)
			if sc.plan.least > 0 && (weights[j] == 0 || float64(weights[j]) < sc.plan.least-1e-6) {
				s[i] &^= 1 << j
				continue
			}
			n++
			if top != nil {
				top.Push(base+uint32(j), scores[j])
			}
		}
	}
	return n
}

// scoreSlot adds what one slot counts for 64 handles: for each its best level.
func (sc *scoring) scoreSlot(slot, i int, w uint64, base uint32, lengths *lengthBlock, scores, weights *[64]float32) {
	relaxed := sc.plan.least > 0
	for l := range sc.sets[slot] {
		set := &sc.sets[slot][l]
		if !set.some {
			continue
		}
		title, label, text := set.fields[0][i], set.fields[1][i], set.fields[2][i]
		hit := w & (title | label | text)
		w &^= hit
		gain := sc.plan.slots[slot].levels[l].gain
		for ; hit != 0; hit &= hit - 1 {
			j := bits.TrailingZeros64(hit)
			fields := title>>j&1 | label>>j&1<<1 | text>>j&1<<2
			scores[j] += gain * sc.part[fields][lengths.of((base+uint32(j))%chunkSize)]
			if relaxed {
				weights[j] += gain
			}
		}
		if w == 0 {
			return
		}
	}
}

func lowestBit(w uint64) int { return bits.TrailingZeros64(w) }
