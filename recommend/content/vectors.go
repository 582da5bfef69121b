package content

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

const (
	exactMax = 4096 // vectors up to which every one is compared with every other
	probes   = 8    // clusters looked into for each vector when there are more
	rounds   = 2    // of moving the centres
)

// vectors holds the usable vectors at length 1. They are grouped around centres, about √n of them, as an inverted file
// (Jégou, Douze & Schmid, "Product quantization for nearest neighbor search", 2011, without the quantisation).
type vectors struct {
	dim     int
	rows    []float32 // flat
	items   []uint32  // of each row
	row     []int32   // of each item; -1 without a vector
	centres []float32 // flat; none: compare with all
	starts  []int     // the rows of centre c are starts[c] to before starts[c+1]
	counted []uint32  // 0, 1, 2 …: neighbouring rows for a kernel that takes any
}

// newVectors takes the unit vectors of all items, nil for those without one; they are used up.
func newVectors(ctx context.Context, units [][]float32, opt model.TrainOptions) (*vectors, error) {
	v := &vectors{dim: commonDim(units), row: make([]int32, len(units))}
	for i, unit := range units {
		v.row[i] = -1
		if unit != nil && len(unit) == v.dim {
			v.row[i] = int32(len(v.items))
			v.items = append(v.items, uint32(i))
			v.rows = append(v.rows, unit...)
		}
		units[i] = nil
	}
	v.starts = []int{0, len(v.items)}
	if len(v.items) > exactMax {
		if err := v.cluster(ctx, opt); err != nil {
			return nil, err
		}
	}
	v.counted = make([]uint32, min(len(v.items), max(exactMax, walkMax)))
	for i := range v.counted {
		v.counted[i] = uint32(i)
	}
	return v, nil
}

// commonDim is the most frequent dimension of the vectors, the smallest of several; 0 if there is none.
func commonDim(units [][]float32) int {
	counts := map[int]int{}
	for _, unit := range units {
		if unit != nil {
			counts[len(unit)]++
		}
	}
	dim := 0
	for d, n := range counts {
		if n > counts[dim] || n == counts[dim] && d < dim {
			dim = d
		}
	}
	return dim
}

// unit returns the vector at length 1, or nil for one that is not finite, or zero.
func unit(vector []float32) []float32 {
	var square float64
	for _, x := range vector {
		square += float64(x) * float64(x)
	}
	if !(square > 0) || math.IsInf(square, 0) {
		return nil
	}
	scale, vec := 1/math.Sqrt(square), make([]float32, len(vector))
	for i, x := range vector {
		vec[i] = float32(float64(x) * scale)
	}
	return vec
}

func (v *vectors) at(row int32) []float32 { return v.rows[int(row)*v.dim:][:v.dim] }

// cluster picks centres among the vectors and moves them twice to the middle of what is nearest to them.
func (v *vectors) cluster(ctx context.Context, opt model.TrainOptions) error {
	n := len(v.items)
	count := int(math.Sqrt(float64(n)))
	for _, row := range rand.New(rand.NewPCG(opt.Seed, 0xc0)).Perm(n)[:count] {
		v.centres = append(v.centres, v.at(int32(row))...)
	}
	nearest := make([]uint32, n)
	for round := range rounds + 1 {
		err := parallel.For(ctx, opt.Workers, n, func(_, row int) {
			nearest[row] = v.nearestCentre(v.at(int32(row)))
		})
		if err != nil {
			return err
		}
		if round < rounds {
			v.moveCentres(nearest)
		}
	}
	v.group(nearest, count)
	return nil
}

// group puts the rows of each centre side by side.
func (v *vectors) group(nearest []uint32, count int) {
	v.starts = make([]int, count+1)
	for _, c := range nearest {
		v.starts[c+1]++
	}
	for c := range count {
		v.starts[c+1] += v.starts[c]
	}
	rows, items, next := make([]float32, len(v.rows)), make([]uint32, len(v.items)), slices.Clone(v.starts)
	for row, c := range nearest {
		to := next[c]
		next[c]++
		copy(rows[to*v.dim:], v.at(int32(row)))
		items[to] = v.items[row]
		v.row[items[to]] = int32(to)
	}
	v.rows, v.items = rows, items
}

func (v *vectors) nearestCentre(vec []float32) uint32 {
	best, at := float32(math.Inf(-1)), uint32(0)
	for c := range len(v.centres) / v.dim {
		if s := simd.Dot(vec, v.centres[c*v.dim:][:v.dim]); s > best {
			best, at = s, uint32(c)
		}
	}
	return at
}

func (v *vectors) moveCentres(nearest []uint32) {
	sums := make([]float32, len(v.centres))
	for row, c := range nearest {
		simd.Axpy(1, v.at(int32(row)), sums[int(c)*v.dim:][:v.dim])
	}
	for c := 0; c < len(sums); c += v.dim {
		sum := sums[c : c+v.dim]
		if square := simd.Dot(sum, sum); square > 0 {
			clear(v.centres[c : c+v.dim])
			simd.Axpy(1/float32(math.Sqrt(float64(square))), sum, v.centres[c:c+v.dim])
		}
	}
}

// searcher is one worker's scratch memory for search.
type searcher struct {
	centres topk.Selector
	cosines []float32
}

// search pushes up to budget items near the row, with their cosines.
func (v *vectors) search(row int32, budget int, s *searcher, push func(item uint32, cosine float32)) {
	vec := v.at(row)
	if v.centres == nil {
		v.scan(vec, 0, len(v.items), s, push)
		return
	}
	s.centres.Reset(probes)
	for c := range len(v.starts) - 1 {
		s.centres.Push(uint32(c), simd.Dot(vec, v.centres[c*v.dim:][:v.dim]))
	}
	for _, c := range s.centres.Sorted() {
		from, to := v.starts[c.Item], v.starts[c.Item+1]
		to = min(to, from+budget)
		budget -= to - from
		v.scan(vec, from, to, s, push)
	}
}

func (v *vectors) scan(vec []float32, from, to int, s *searcher, push func(item uint32, cosine float32)) {
	s.cosines = slices.Grow(s.cosines[:0], to-from)[:to-from]
	simd.DotIDs(s.cosines, vec, v.rows[from*v.dim:], v.counted[:to-from])
	for i, cosine := range s.cosines {
		push(v.items[from+i], cosine)
	}
}
