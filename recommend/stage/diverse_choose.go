package stage

import (
	"math"
	"slices"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/internal/simd"
)

// diverseScratch holds what is compared of the candidates of a list, by their places in it.
type diverseScratch struct {
	of    []uint32 // the values of all candidates in the first field, in the next, …
	ends  []int    // where those of field f and candidate i end: at f·candidates + i
	value []uint32 // the only one of field f and candidate i; none or several where there is not one

	vectors [][]float32 // nil or empty for a candidate without
	lengths []float32

	total, parts []float32 // of the similarity to the candidate that comes to the page
	likest       []float32 // the highest similarity to anything on the page
	gone         []bool    // on the page already, or Fixed
	order        []Candidate
}

// What stands in for a value, of which none is 0 and few are so high.
const (
	none    = 0
	several = math.MaxUint32
)

// read gathers what is compared.
func (s *diverseScratch) read(d *Diverse, list []Candidate, by []*catalog.Column) {
	s.of, s.ends, s.value = s.of[:0], s.ends[:0], s.value[:0]
	for _, column := range by {
		for _, c := range list {
			from := len(s.of)
			s.of = column.Values(s.of, c.Item)
			s.ends = append(s.ends, len(s.of))
			switch values := s.of[from:]; len(values) {
			case 0:
				s.value = append(s.value, none)
			case 1:
				s.value = append(s.value, values[0])
			default:
				s.value = append(s.value, several)
			}
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
	s.total, s.parts = append(s.total[:0], s.likest...), append(s.parts[:0], s.likest...)
	clear(s.total)
	clear(s.parts)
	for from := 0; from < len(s.value); from += n {
		s.compareValues(from, p, n)
	}
	if len(s.vectors) > 0 {
		s.compareVectors(p)
	}
	for i, parts := range s.parts {
		if parts > 0 && !s.gone[i] {
			s.likest[i] = max(s.likest[i], s.total[i]/parts)
		}
	}
}

// compareValues adds how much of the field that begins at from all have in common with candidate p.
func (s *diverseScratch) compareValues(from, p, n int) {
	value := s.value[from+p]
	for i, v := range s.value[from : from+n] {
		switch {
		case v == several || value == several:
			s.parts[i]++
			s.total[i] += jaccard(s.has(from+p), s.has(from+i))
		case v == value && v != none:
			s.parts[i]++
			s.total[i]++
		case v != value:
			s.parts[i]++
		}
	}
}

func (s *diverseScratch) compareVectors(p int) {
	for i, v := range s.vectors {
		if len(v) == len(s.vectors[p]) && s.lengths[i]*s.lengths[p] > 0 {
			s.parts[i]++
			s.total[i] += max(0, min(1, simd.Dot(v, s.vectors[p])/(s.lengths[i]*s.lengths[p])))
		}
	}
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
