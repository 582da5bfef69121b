package linalg

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/internal/simd"
	"gonum.org/v1/gonum/mat"
)

// Operator multiplies n rows of width numbers each by a symmetric positive semidefinite n × n matrix: it sets dst to the
// product with src.
type Operator func(ctx context.Context, dst, src []float32, width int) error

const (
	krylovSteps = 8 // blocks of the basis, the first of which is drawn
	// krylovSpare is how many more vectors the basis has than are wanted, as a part of these.
	krylovSpare = 1.0
)

var errNotFinite = errors.New("linalg: the operator's products are not finite")

// Eigen returns approximations of the k greatest eigenvalues of an n × n operator, the greatest first, and the eigenvectors
// as columns of an n × k matrix. There are fewer of them when the operator's rank, or n, is lower.
//
// It is a block Krylov method from a drawn block (Musco and Musco, Randomized block Krylov methods for stronger and faster
// approximate singular value decomposition, 2015): the basis of twice k vectors is orthonormalised against
// itself twice, and the operator restricted to it diagonalised. It costs some 16·n·k² operations and twice k
// products of the operator with a vector, and holds 4·n·k numbers. The same seed gives the same.
func Eigen(ctx context.Context, apply Operator, n, k int, seed uint64) (values, vectors []float32, err error) {
	k = min(k, n)
	if k <= 0 {
		return nil, nil, ctx.Err()
	}
	b := &basis{n: n, width: max(1, int(math.Ceil(float64(k)*(1+krylovSpare)/krylovSteps)))}
	rng := rand.New(rand.NewPCG(seed, 0x6b72796c))
	block := make([]float32, n*b.width)
	for i := range block {
		block[i] = float32(rng.NormFloat64())
	}
	for range krylovSteps {
		if block = b.add(block); block == nil {
			break // an invariant subspace: all that there is
		}
		next := make([]float32, n*b.width)
		if err := apply(ctx, next, block, b.width); err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(next, func(v float32) bool { return v-v != 0 }) {
			return nil, nil, errNotFinite
		}
		b.project(next)
		block = next
	}
	return b.ritz(k)
}

// basis is blocks of orthonormal vectors, n rows of width, and the operator's restriction to them. Columns that were
// dependent on others are zero.
type basis struct {
	n, width  int
	blocks    [][]float32
	projected [][]float32 // of block q and each block p up to q: pᵀ·A·q, width × width
}

// add makes a block orthonormal, against what there is and in itself, and takes it into the basis; nil when nothing is left
// of it.
func (b *basis) add(block []float32) []float32 {
	scales := columnNorms(block, b.width)
	for range 2 {
		for _, q := range b.blocks {
			takeOffBasis(block, q, b.n, b.width)
		}
		if !orthonormalise(block, scales, b.n, b.width) {
			return nil
		}
		scales = columnNorms(block, b.width)
	}
	b.blocks = append(b.blocks, block)
	return block
}

// takeOffBasis subtracts from the block its part in the span of q's columns: y −= q·(qᵀ·y).
func takeOffBasis(block, q []float32, n, width int) {
	c := make([]float32, width*width)
	TMul(c, block, q, n, width, width) // (qᵀ·y)ᵀ
	for i := range c {
		c[i] = -c[i]
	}
	MulT(block, q, c, n, width, width)
}

func columnNorms(block []float32, width int) []float64 {
	norms := make([]float64, width)
	for i, v := range block {
		norms[i%width] += float64(v) * float64(v)
	}
	for i := range norms {
		norms[i] = math.Sqrt(norms[i])
	}
	return norms
}

// dependent is the part of a column's length below which what is left of it is rounding.
const dependent = 1e-4

// orthonormalise makes the columns of a block orthonormal, one after the other (Gram and Schmidt, modified); one that
// depends on others becomes zero. Scales are the lengths that they had before anything was taken off. It reports whether
// anything is left.
func orthonormalise(block []float32, scales []float64, n, width int) bool {
	columns := make([]float32, n*width) // transposed, so that columns lie together
	for i := range n {
		for j := range width {
			columns[j*n+i] = block[i*width+j]
		}
	}
	some := false
	for j := range width {
		column := columns[j*n : (j+1)*n]
		for p := range j {
			before := columns[p*n : (p+1)*n]
			simd.Axpy(-simd.Dot(before, column), before, column)
		}
		norm := 0.0
		for _, v := range column {
			norm += float64(v) * float64(v)
		}
		norm = math.Sqrt(norm)
		if !(norm > dependent*scales[j]) {
			clear(column)
			continue
		}
		some = true
		scale(column, float32(1/norm))
	}
	for i := range n {
		for j := range width {
			block[i*width+j] = columns[j*n+i]
		}
	}
	return some
}

// project keeps of the operator's product with the newest block what lies in the basis.
func (b *basis) project(product []float32) {
	for _, block := range b.blocks {
		c := make([]float32, b.width*b.width)
		TMul(c, block, product, b.n, b.width, b.width)
		b.projected = append(b.projected, c)
	}
}

// ritz diagonalises the operator on the basis.
func (b *basis) ritz(k int) (values, vectors []float32, err error) {
	w, m := b.width, len(b.blocks)*b.width
	small := mat.NewSymDense(max(1, m), nil)
	next := 0
	for q := range b.blocks {
		for p := range q + 1 {
			for i := range w {
				for j := range w {
					if p < q || i <= j {
						small.SetSym(p*w+i, q*w+j, float64(b.projected[next][i*w+j]))
					}
				}
			}
			next++
		}
	}
	var eigen mat.EigenSym
	if m == 0 || !eigen.Factorize(small, true) {
		return nil, nil, nil
	}
	var z mat.Dense
	eigen.VectorsTo(&z)
	all := eigen.Values(nil) // ascending
	for k = min(k, m); k > 0 && !(all[m-k] > dependent*all[m-1]); k-- {
	}
	vectors = make([]float32, b.n*k)
	for p, block := range b.blocks {
		turned := make([]float32, k*w)
		for e := range k {
			for i := range w {
				turned[e*w+i] = float32(z.At(p*w+i, m-1-e))
			}
		}
		MulT(vectors, block, turned, b.n, k, w)
	}
	for e := range k {
		values = append(values, float32(all[m-1-e]))
	}
	return values, vectors, nil
}
