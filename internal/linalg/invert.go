package linalg

import (
	"cmp"
	"context"
	"math"

	"github.com/goldrec/gold/internal/parallel"
)

// sweepSize is how many pivots Invert takes at once: as many as a kernel call contracts.
const sweepSize = depth

// Invert replaces the symmetric positive definite n × n matrix a by its inverse. It takes nothing from below the diagonal
// and leaves all of the inverse. It returns false, with a spoilt, if a is not positive definite to the precision of
// float32, and ctx's error when that ends first. It panics if a is too short.
//
// It sweeps a block of pivots after the other (Goodnight, A tutorial on the sweep operator, 1979), above the diagonal
// only: n³ operations, in place but for 2·256·n numbers. The inverse does not depend on the number of workers.
func Invert(ctx context.Context, workers int, a []float32, n int) (bool, error) {
	a = a[:n*n]
	s := &sweeper{
		a: a, n: n, left: make([]float32, sweepSize*(n+tileRows)), right: make([]float32, sweepSize*(n+tileCols)),
		block: make([]float64, sweepSize*sweepSize), inverse: make([]float32, sweepSize*sweepSize),
		rooms: make([]sweepRoom, parallel.Workers(workers, bands(n))),
	}
	for from := 0; from < n; from += sweepSize {
		s.from, s.to = from, min(from+sweepSize, n)
		if !s.pivot() {
			return false, ctx.Err()
		}
		if err := cmp.Or(s.fill(ctx, workers), s.spread(ctx, workers)); err != nil {
			return false, err
		}
		s.settle()
	}
	for i := range n {
		for j := i; j < n; j++ {
			v := -a[i*n+j]
			a[i*n+j], a[j*n+i] = v, v
		}
	}
	return true, ctx.Err()
}

// sweeper sweeps the pivots from up to to. Its panels have the columns of the pivots in the form in which the kernel takes
// them: left in strips of tileRows rows of a, right, which is divided by the pivots, in strips of tileCols.
type sweeper struct {
	a           []float32
	n, from, to int
	left, right []float32
	block       []float64 // of the pivots
	inverse     []float32 // of the block
	rooms       []sweepRoom
}

// sweepRoom is one worker's memory: a band of the pivots' columns, as they are and divided by the pivots.
type sweepRoom struct{ columns, divided [band * sweepSize]float32 }

// pivot inverts the pivots' block.
func (s *sweeper) pivot() bool {
	size := s.to - s.from
	block := s.block[:size*size]
	for p := range size {
		for q := range size {
			block[p*size+q] = float64(s.at(s.from+p, s.from+q))
		}
	}
	if !invertSmall(block, size) {
		return false
	}
	for i, v := range block {
		s.inverse[i] = float32(v)
	}
	return true
}

// fill makes the panels.
func (s *sweeper) fill(ctx context.Context, workers int) error {
	size := s.to - s.from
	return parallel.For(ctx, workers, bands(s.n), func(worker, b int) {
		top := b * band
		rows := min(band, s.n-top)
		columns, divided := s.rooms[worker].columns[:rows*size], s.rooms[worker].divided[:rows*size]
		clear(columns)
		clear(divided)
		for r := range rows {
			if i := top + r; i < s.from || i >= s.to { // else no update, of what is swept
				for p := range size {
					columns[r*size+p] = s.at(i, s.from+p)
				}
			}
		}
		MulT(divided, columns, s.inverse, rows, size, size)
		for r := range rows {
			for p := range size {
				s.left[s.leftAt(top+r, p)] = -columns[r*size+p]
				s.right[s.rightAt(top+r, p)] = divided[r*size+p]
			}
		}
	})
}

func (s *sweeper) at(i, j int) float32 { return s.a[min(i, j)*s.n+max(i, j)] }

func (s *sweeper) leftAt(i, p int) int {
	return i/tileRows*tileRows*sweepSize + p*tileRows + i%tileRows
}

func (s *sweeper) rightAt(i, p int) int {
	return i/tileCols*tileCols*sweepSize + p*tileCols + i%tileCols
}

// band is how many rows a worker takes at a time, so that a strip of the right panel serves several tiles.
const band = 4 * tileRows

func bands(n int) int { return (n + band - 1) / band }

// spread takes off from the rest of a, above the diagonal, what the pivots explain.
func (s *sweeper) spread(ctx context.Context, workers int) error {
	size, n := s.to-s.from, s.n
	return parallel.For(ctx, workers, bands(n), func(_, b int) {
		top := b * band
		for j := top / tileCols * tileCols; j < n; j += tileCols {
			for i := top; i < min(top+band, n); i += tileRows {
				addTile(s.a, n, i, j, min(tileRows, n-i), min(tileCols, n-j), size,
					s.left[i*sweepSize:], tileRows, s.right[j*sweepSize:], tileCols)
			}
		}
	})
}

// settle puts the pivots' rows, divided, and their inverse in their places.
func (s *sweeper) settle() {
	size := s.to - s.from
	for i := range s.n {
		if i >= s.from && i < s.to {
			continue
		}
		for p := range size {
			j := s.from + p
			s.a[min(i, j)*s.n+max(i, j)] = s.right[s.rightAt(i, p)]
		}
	}
	for p := range size {
		for q := p; q < size; q++ {
			s.a[(s.from+p)*s.n+s.from+q] = -s.inverse[p*size+q]
		}
	}
}

// invertSmall inverts a symmetric positive definite matrix by Gauss and Jordan, in place.
func invertSmall(a []float64, n int) bool {
	for k := range n {
		pivot := a[k*n+k]
		if !(pivot > 0) || math.IsInf(pivot, 1) {
			return false
		}
		row := a[k*n : (k+1)*n]
		row[k] = 1
		for j := range row {
			row[j] /= pivot
		}
		for i := range n {
			if i == k {
				continue
			}
			other := a[i*n : (i+1)*n]
			f := other[k]
			other[k] = 0
			for j, v := range row {
				other[j] -= f * v
			}
		}
	}
	return true
}
