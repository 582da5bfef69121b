package stage

import (
	"math"
	"slices"

	"github.com/goldrec/gold/internal/simd"
)

// diverseScratch holds what is compared of the candidates of a list, by their places in it.
type diverseScratch struct {
	values values
	of     []uint32 // the values of all candidates in the first field, in the next, …
	ends   []int    // where those of field f and candidate i end: at f·candidates + i

	vectors [][]float32 // nil or empty for a candidate without
	lengths []float32

	likest []float32 // the highest similarity to anything on the page
	gone   []bool    // on the page already, or Fixed
	order  []Candidate
}

// read gathers what is compared; false when a field is none.
func (s *diverseScratch) read(d *Diverse, list []Candidate, q *Query) bool {
	fields := d.Fields
	if fields == nil {
		fields = []string{"brand", "category"}
	}
	if !s.values.reset(q.Catalog, fields...) {
		return false
	}
	s.of, s.ends = s.of[:0], s.ends[:0]
	for f := range fields {
		for _, c := range list {
			s.of = s.values.append(s.of, f, c.Item)
			s.ends = append(s.ends, len(s.of))
		}
	}
	s.vectors, s.lengths = s.vectors[:0], s.lengths[:0]
	if d.Vector != nil {
		for _, c := range list {
			v := d.Vector(c.Item)
			s.vectors = append(s.vectors, v)
			s.lengths = append(s.lengths, float32(math.Sqrt(float64(simd.Dot(v, v)))))
		}
	}
	return true
}

// choose fills the places of the page that are not Fixed.
func (s *diverseScratch) choose(list []Candidate, page int, weight float32) {
	s.likest, s.gone, s.order = s.likest[:0], s.gone[:0], s.order[:0]
	places := page
	for _, c := range list {
		s.likest = append(s.likest, 0)
		s.gone = append(s.gone, c.Fixed)
	}
	for i, c := range list[:page] {
		if c.Fixed {
			s.meet(i, len(list))
			places--
		}
	}
	for range places {
		best, highest := -1, float32(0)
		for i, c := range list {
			if s.gone[i] {
				continue
			}
			if v := raised(c.Score, -weight*s.likest[i]); best < 0 || v > highest {
				best, highest = i, v
			}
		}
		if best < 0 {
			break // what is Fixed behind the page comes forward
		}
		c := list[best]
		c.Score = highest
		s.order = append(s.order, c)
		s.gone[best] = true
		s.meet(best, len(list))
	}
	chosen := len(s.order)
	for i, c := range list {
		if !s.gone[i] {
			s.order = append(s.order, c)
		}
	}
	sink(s.order[:chosen], s.order[chosen:])
	arrange(list, s.order)
}

// meet takes in that candidate p is on the page.
func (s *diverseScratch) meet(p, n int) {
	for i := range n {
		if !s.gone[i] {
			s.likest[i] = max(s.likest[i], s.similarity(p, i, n))
		}
	}
}

func (s *diverseScratch) similarity(a, b, n int) float32 {
	var total, parts float32
	for f := 0; f < len(s.ends); f += n {
		x, y := s.has(f+a), s.has(f+b)
		if len(x)+len(y) == 0 {
			continue
		}
		parts++
		if len(x) == 1 && len(y) == 1 {
			if x[0] == y[0] {
				total++
			}
			continue
		}
		total += jaccard(x, y)
	}
	if len(s.vectors) > 0 && len(s.vectors[a]) == len(s.vectors[b]) && s.lengths[a]*s.lengths[b] > 0 {
		parts++
		total += max(0, min(1, simd.Dot(s.vectors[a], s.vectors[b])/(s.lengths[a]*s.lengths[b])))
	}
	if parts == 0 {
		return 0
	}
	return total / parts
}

// has returns the values of a field and candidate.
func (s *diverseScratch) has(at int) []uint32 {
	from := 0
	if at > 0 {
		from = s.ends[at-1]
	}
	return s.of[from:s.ends[at]]
}

// jaccard is how many of the values of both together both have. They are few, and not all nothing.
func jaccard(x, y []uint32) float32 {
	both := 0
	for _, v := range x {
		if slices.Contains(y, v) {
			both++
		}
	}
	return min(1, float32(both)/float32(len(x)+len(y)-both)) // above 1 where an item has a value twice
}
