package ann

import (
	"math"
	"slices"
	"unsafe"

	"github.com/goldrec/gold/internal/simd"
)

// probe is a vector as a graph compares it with those it holds.
type probe struct {
	row   []float32 // placed; nil where the graph has only codes
	code  []int8
	scale float32 // of code
	norm  float32 // squared length of scale·code
}

// quantize sets code to round(x/scale) with the scale that uses all of ±127, and returns it; 0 for a zero vector.
func quantize(code []int8, x []float32) (scale float32) {
	var most float32
	for _, v := range x {
		most = max(most, v, -v)
	}
	scale = most / 127
	if scale == 0 { // or so small that its inverse overflows
		clear(code)
		return 0
	}
	inv := 127 / float64(most)
	for i, v := range x {
		code[i] = int8(math.RoundToEven(float64(v) * inv))
	}
	return scale
}

// setRow puts a checked vector in its slot. room is Dim floats.
func (g *graph) setRow(slot uint32, vector, room []float32) {
	place(room, vector, g.metric)
	if g.rows != nil {
		copy(g.row(slot), room)
	}
	if g.codes != nil {
		g.scale[slot] = quantize(g.code(slot), room)
	}
	g.setNorms(slot)
}

// setNorms fills in what follows from a slot's row or code.
func (g *graph) setNorms(slot uint32) {
	if g.norms == nil {
		return
	}
	var n float32
	if g.codes != nil {
		c := g.code(slot)
		n = g.scale[slot] * g.scale[slot] * float32(simd.DotInt8(c, c))
	} else {
		row := g.row(slot)
		n = simd.Dot(row, row)
	}
	if g.metric == InnerProduct {
		n = float32(1 / max(math.Sqrt(float64(n)), 0x1p-100))
	}
	g.norms[slot] = n
}

func (g *graph) row(slot uint32) []float32 { return g.rows[int(slot)*g.dim:][:g.dim] }

func (g *graph) code(slot uint32) []int8 { return g.codes[int(slot)*g.dim:][:g.dim] }

// vector appends the vector in slot to dst.
func (g *graph) vector(dst []float32, slot uint32) []float32 {
	if g.rows != nil {
		return append(dst, g.row(slot)...)
	}
	for _, c := range g.code(slot) {
		dst = append(dst, float32(c)*g.scale[slot])
	}
	return dst
}

// probe is the vector in slot.
func (g *graph) probe(slot uint32) probe {
	if g.codes == nil {
		return probe{row: g.row(slot)}
	}
	p := probe{code: g.code(slot), scale: g.scale[slot]}
	if g.metric == L2 {
		p.norm = g.norms[slot]
	}
	return p
}

// scores sets dst[i] to the score of p and the vector in slot ids[i], by codes where the graph has them.
func (g *graph) scores(dst []float32, p *probe, ids []uint32) {
	if g.codes == nil {
		scores(dst, p.row, g.rows, ids, g.metric)
		return
	}
	dst = dst[:len(ids)]
	simd.DotInt8IDs(dst, p.code, g.codes, g.scale, ids)
	if g.metric == L2 {
		for i, v := range dst {
			dst[i] = 2*p.scale*v - p.norm - g.norms[ids[i]]
		}
		return
	}
	for i, v := range dst {
		dst[i] = p.scale * v
	}
}

// walked is what a walk reads of each vector: the array and the bytes of a row, to be fetched ahead.
func (g *graph) walked() (rows unsafe.Pointer, size int) {
	if g.codes != nil {
		return unsafe.Pointer(unsafe.SliceData(g.codes)), g.dim
	}
	return unsafe.Pointer(unsafe.SliceData(g.rows)), 4 * g.dim
}

// setQuery makes the scratch's probe of a checked query.
func (s *scratch) setQuery(g *graph, query []float32) {
	place(s.query, query, g.metric)
	s.probe = probe{row: s.query}
	if g.codes == nil {
		return
	}
	s.probe.code = s.code[:g.dim]
	s.probe.scale = quantize(s.probe.code, s.query)
	s.probe.norm = s.probe.scale * s.probe.scale * float32(simd.DotInt8(s.probe.code, s.probe.code))
	if g.rows != nil {
		return
	}
	// What rounding left of the query, as a second code: the two together are exact to about 16 bits.
	s.left.code = s.code[g.dim:]
	for i, v := range s.query {
		s.query[i] = v - s.probe.scale*float32(s.probe.code[i])
	}
	s.left.scale = quantize(s.left.code, s.query)
	s.norm = simd.Dot(query, query)
}

// rerank scores the best n of the pool anew, as exactly as the graph can, and drops the rest.
func (s *scratch) rerank(g *graph, n int) {
	if g.codes == nil {
		return
	}
	s.pool = s.pool[:min(n, len(s.pool))]
	s.ids = s.ids[:0]
	for _, c := range s.pool {
		s.ids = append(s.ids, c.slot&^expanded)
	}
	for i, v := range s.exact(g, s.ids) {
		s.pool[i].score = v
	}
	slices.SortFunc(s.pool, candidate.compare)
}

// exact returns the scores of ids, by rows where the graph has them, and otherwise by codes with the whole query.
func (s *scratch) exact(g *graph, ids []uint32) []float32 {
	dst := s.room(len(ids))
	if g.rows != nil {
		scores(dst, s.query, g.rows, ids, g.metric)
		return dst
	}
	g.scores(dst, &s.probe, ids)
	s.rest = append(s.rest[:0], dst...) // for its length
	simd.DotInt8IDs(s.rest, s.left.code, g.codes, g.scale, ids)
	twice := s.left.scale
	if g.metric == L2 {
		twice *= 2
	}
	for i, v := range s.rest {
		dst[i] += twice * v
	}
	if g.metric == L2 {
		for i := range dst {
			dst[i] = min(dst[i]+s.probe.norm-s.norm, 0)
		}
	}
	return dst
}
