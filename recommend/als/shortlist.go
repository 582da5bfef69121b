package als

import (
	"math"
	"slices"
	"sync"

	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/recommend/model"
)

// shortlist is the vectors of some items in a row, in six bits a component: of 64 factors a cache line each. Where the vectors
// themselves lie all over memory, looking through them waits for every one.
type shortlist struct {
	factors int
	items   []uint32
	codes   simd.Codes
	memory  sync.Pool // of *serving
}

// codeBits is how many bits a code has of a component; PackCodes takes them from ten.
const codeBits = 6

// Shortlist implements model.Shortlister. It takes about a byte for each component of each item.
func (m *Model) Shortlist(items []uint32) model.Shortlist {
	l := &shortlist{factors: m.factors, items: make([]uint32, 0, len(items))}
	for _, item := range items {
		if int(m.row(item)) < len(m.items) {
			l.items = append(l.items, item)
		}
	}
	l.memory.New = func() any { return new(serving) }
	half := (m.factors + 3) &^ 3 / 2
	l.codes = simd.NewCodes(half, codeBits, len(l.items), func(size int) []byte { return make([]byte, size) })
	numbers := make([]uint16, 2*half)
	rest := make([]byte, simd.RestSize(half, codeBits))
	for i, item := range l.items {
		vector := m.vector(m.row(item))
		most := largest(vector)
		step := most / 1024
		for j, v := range vector {
			numbers[j] = 512
			if step > 0 {
				numbers[j] = uint16(min(max(int(float64(v)/float64(most)*512+512), 0), 1023))
			}
		}
		simd.PackCodes(numbers, &l.codes, uint32(i), rest)
		l.codes.SetScale(uint32(i), step*(1<<(10-codeBits)), 0)
	}
	return l
}

func largest(vector []float32) (most float32) {
	for _, v := range vector {
		most = max(most, v, -v)
	}
	return most
}

// spare is how many more than asked for are taken by their codes, which are off by about a hundredth of what vectors are long.
const spare = 32

// Best implements model.Shortlist.
func (l *shortlist) Best(dst []uint32, u *model.User, n int, allow model.Allow) []uint32 {
	if len(u.Vector) != l.factors {
		return dst
	}
	s := l.memory.Get().(*serving)
	defer l.memory.Put(s)
	probe := simd.CodeProbe{Code: s.probed(u.Vector, 2*l.codes.Half)}
	if probe.Factor = s.step; probe.Factor == 0 {
		return dst
	}
	s.best.Reset(n + spare)
	for from := 0; from < len(l.items); from += scanBlock {
		items := l.items[from:min(from+scanBlock, len(l.items))]
		rows, scores := s.rows[:len(items)], s.scores[:len(items)]
		for i := range rows {
			rows[i] = uint32(from + i)
		}
		simd.DotCodes(scores, &probe, &l.codes, rows)
		for i, score := range scores {
			if s.best.Wants(score) && (allow == nil || allow.Contains(items[i])) {
				s.best.Push(items[i], score)
			}
		}
	}
	for _, e := range s.best.Kept() {
		dst = append(dst, e.Item)
	}
	return dst
}

// probed returns the vector in n whole numbers of s.step each; a step of 0 where it is zero.
func (s *serving) probed(vector []float32, n int) []int8 {
	s.code = slices.Grow(s.code[:0], n)[:n]
	clear(s.code)
	most := largest(vector)
	if s.step = most / 127; s.step > 0 {
		for i, v := range vector {
			s.code[i] = int8(math.RoundToEven(float64(v) / float64(most) * 127))
		}
	}
	return s.code
}
