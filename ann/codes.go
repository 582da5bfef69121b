package ann

import (
	"math"
	"slices"

	"github.com/goldrec/gold/internal/simd"
)

// Walks do not read vectors but short codes of them, since what they wait for is memory. A vector less the graph's centre is
// put into ten bits a component, in steps of a 512th of its own largest one. The upper four of them lie in a record, or six, or
// all; where the storage keeps no vectors, the others lie apart, to be read when the best are scored again. (Two levels of one
// code are from Aguerrebere et al., "Similarity search in the blink of an eye with compressed indices", 2023.)
//
// The inner product of two vectors a and b, whose codes stand for a-c and b-c, is the product of these, plus c·b, which is kept
// with b's code, plus c·(a-c). Under the other metrics codes are compared by distance, the cosine of two vectors of length 1
// being 1-|a-b|²/2: what a code is off by counts there only so far as the two vectors differ. Inside, a score under Cosine is
// without the 1, which would round away what little parts vectors of nearly one direction.

// allBits is how many bits a code has of a component.
const allBits = 10

// rowBits stands for no code: where ten bits do not tell vectors apart, as with tight clusters far apart, walks read the
// vectors themselves, under Quantized too. That is about as slow as other libraries are.
const rowBits = 32

// probe is what walks compare with: a code, or a vector.
type probe struct {
	simd.CodeProbe
	row []float32
}

// numbersOf is how many components a code of dim has: the last up to three stand for nothing.
func numbersOf(dim int) int { return (dim + 3) &^ 3 }

// coder is room for making codes and for reading them.
type coder struct {
	numbers []uint16
	placed  []float32 // a vector as the metric compares it
	centred []float32 // less the centre, with zeros to numbersOf
	full    []float32 // a code as numbers
	taken   []float32 // a vector, read from a graph
	rest    []byte    // of a code that is not kept
}

func newCoder(dim int) *coder {
	n := numbersOf(dim)
	return &coder{
		numbers: make([]uint16, n), placed: make([]float32, dim), centred: make([]float32, n), full: make([]float32, n), taken: make([]float32, 0, dim),
		rest: make([]byte, simd.RestSize(n/2, 4)),
	}
}

// place puts a checked vector and its difference from the centre into the coder.
func (c *coder) place(g *graph, vector []float32) {
	place(c.placed, vector, g.metric)
	c.centre(g)
}

// take does so with a vector that is placed already.
func (c *coder) take(g *graph, vector []float32) {
	copy(c.placed, vector)
	c.centre(g)
}

func (c *coder) centre(g *graph) {
	copy(c.centred, c.placed)
	if g.centre != nil {
		simd.Axpy(-1, g.centre, c.centred[:g.dim])
	}
}

// setVector puts a checked vector in its slot.
func (g *graph) setVector(slot uint32, vector []float32, c *coder) {
	c.place(g, vector)
	if g.rows != nil {
		copy(g.row(slot), c.placed)
	}
	g.setCode(slot, c)
}

// setCode makes the code of what is placed in c.
func (g *graph) setCode(slot uint32, c *coder) {
	if g.norms != nil {
		g.norms[slot] = inverseLength(c.placed)
	}
	if g.byRows() {
		return
	}
	step := simd.Numbers(c.numbers, c.centred[:g.dim])
	rest := c.rest
	if g.rows == nil {
		rest = g.restOf(slot)
	}
	simd.PackCodes(c.numbers, &g.near, slot, rest)
	scale := step * g.stepsOf()
	g.near.SetScale(slot, scale, g.addend(scale, c))
}

func inverseLength(x []float32) float32 {
	return float32(1 / max(math.Sqrt(float64(simd.Dot(x, x))), 0x1p-100))
}

// stepsOf is how many of the steps of ten bits a step of a record's numbers is worth.
func (g *graph) stepsOf() float32 { return float32(int(1) << (allBits - g.near.Bits)) }

// addend is what a row adds to every score: the centre's product with the vector; under Cosine and L2 minus half, or all,
// of the squared length of what the record stands for.
func (g *graph) addend(scale float32, c *coder) float32 {
	if g.metric == InnerProduct {
		if g.centre == nil {
			return 0
		}
		return simd.Dot(g.centre, c.placed)
	}
	shift, middle, sum := allBits-g.near.Bits, 1<<g.near.Bits-1, 0
	for _, u := range c.numbers[:g.dim] {
		v := 2*int(u>>shift) - middle
		sum += v * v
	}
	square := float64(scale) * float64(scale) * float64(sum)
	if g.metric == Cosine {
		square /= 2
	}
	return -float32(square)
}

// restOf is what the slot's record leaves of its code.
func (g *graph) restOf(slot uint32) []byte {
	n := simd.RestSize(g.near.Half, g.near.Bits)
	return g.rest[int(slot)*n:][:n]
}

// expand puts the whole code of the vector in slot, which is less the centre, into c.full, and returns the record's addend.
func (g *graph) expand(slot uint32, c *coder) (add float32) {
	scale, add := g.near.Scale(slot)
	simd.ExpandCodes(c.full, &g.near, slot, g.restOf(slot), scale/g.stepsOf())
	return add
}

func (g *graph) row(slot uint32) []float32 { return g.rows[int(slot)*g.dim:][:g.dim] }

// vector appends the vector in slot to dst, as well as the graph knows it.
func (g *graph) vector(dst []float32, slot uint32, c *coder) []float32 {
	if g.rows != nil {
		return append(dst, g.row(slot)...)
	}
	g.expand(slot, c)
	if g.centre != nil {
		simd.Axpy(1, g.centre, c.full[:g.dim])
	}
	return append(dst, c.full[:g.dim]...)
}

// setProbe makes p a probe of the vector in slot.
func (g *graph) setProbe(p *probe, slot uint32) {
	if g.byRows() {
		p.row = g.row(slot)
		return
	}
	scale, add := g.near.Scale(slot)
	scale *= simd.UnpackCodes(p.Code, &g.near, slot)
	clear(p.Code[g.dim:])
	p.Factor, p.Base = scale, add
	switch g.metric {
	case L2:
		p.Factor = 2 * scale
	case InnerProduct:
		p.Base = add - g.centreSquare
	}
}

// setQuery makes the scratch's probe of a checked query.
func (s *scratch) setQuery(g *graph, query []float32) {
	s.coder.place(g, query)
	if g.byRows() {
		s.probe.row = s.coder.placed
		return
	}
	x := s.coder.centred[:g.dim]
	scale := simd.Quantize(s.probe.Code, x)
	clear(s.probe.Code[g.dim:])
	s.probe.Factor, s.probe.Base = scale, 0
	switch {
	case g.metric == Cosine:
		s.probe.Base = -simd.Dot(x, x) / 2
	case g.metric == L2:
		s.probe.Factor, s.probe.Base = 2*scale, -simd.Dot(x, x)
	case g.centre != nil:
		s.probe.Base = simd.Dot(g.centre, x)
	}
}

// score returns the scores of ids by their records.
func (s *scratch) score(g *graph, ids []uint32) []float32 {
	dst := s.room(len(ids))
	g.compare(dst, &s.probe, ids)
	return dst
}

// compare sets dst to the scores of ids by what walks read.
func (g *graph) compare(dst []float32, p *probe, ids []uint32) {
	if g.byRows() {
		g.byVectors(dst, p.row, ids)
		return
	}
	simd.DotCodes(dst, &p.CodeProbe, &g.near, ids)
}

// byVectors sets dst to the scores of q, which is placed, and of ids.
func (g *graph) byVectors(dst, q []float32, ids []uint32) {
	scores(dst, q, g.rows, ids, g.inner())
	if g.metric == Cosine {
		for i := range ids {
			dst[i] /= 2
		}
	}
}

// inner is the metric by which placed vectors are compared.
func (g *graph) inner() Metric {
	if g.metric == Cosine {
		return L2
	}
	return g.metric
}

// shown is a score as a Result has it.
func (g *graph) shown(score float32) float32 {
	if g.metric == Cosine {
		return 1 + score
	}
	return score
}

// exactBlock is how many vectors are fetched ahead while as many are compared.
const exactBlock = 4

// exact returns the scores of ids as exactly as the graph can give them: by vectors, or by whole codes.
func (s *scratch) exact(g *graph, ids []uint32) []float32 {
	dst := s.room(len(ids))
	g.fetch(ids[:min(exactBlock, len(ids))])
	for at := 0; at < len(ids); at += exactBlock {
		end := min(at+exactBlock, len(ids))
		g.fetch(ids[end:min(end+exactBlock, len(ids))])
		if g.rows != nil {
			g.byVectors(dst[at:end], s.coder.placed, ids[at:end])
			continue
		}
		for i, id := range ids[at:end] {
			dst[at+i] = s.whole(g, id)
		}
	}
	return dst
}

func (g *graph) fetch(ids []uint32) {
	for _, id := range ids {
		if g.rows != nil {
			simd.Prefetch(g.row(id))
		} else {
			simd.Prefetch(g.restOf(id))
		}
	}
}

// whole is the score of the query and the whole code of the vector in slot.
func (s *scratch) whole(g *graph, slot uint32) float32 {
	c := s.coder
	add := g.expand(slot, c)
	switch g.metric {
	case Cosine:
		return -simd.L2(c.centred[:g.dim], c.full[:g.dim]) / 2
	case L2:
		return -simd.L2(c.centred[:g.dim], c.full[:g.dim])
	}
	return simd.Dot(c.centred[:g.dim], c.full[:g.dim]) + (add + s.probe.Base)
}

// Of the best of a walk as many are scored again: k and rerankFine more, or rerankCoarse more where records have four bits, among
// whose best hundred the ten best are.
const (
	rerankFine   = 30
	rerankCoarse = 90
)

// rerank scores the best of the pool anew, as exactly as the graph can, and drops the rest.
func (s *scratch) rerank(g *graph, k int) {
	n := max(2*k, k+rerankFine)
	if g.near.Bits == 4 {
		n = max(2*k, k+rerankCoarse)
	}
	s.pool = s.pool[:min(n, len(s.pool))]
	for i, v := range s.exact(g, s.poolSlots()) {
		s.pool[i] = newCandidate(v, s.ids[i])
	}
	slices.SortFunc(s.pool, betterFirst)
}
