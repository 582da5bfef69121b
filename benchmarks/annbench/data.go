package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/goldrec/gold/ann"
)

// vectors are rows of dim floats.
type vectors struct {
	dim  int
	data []float32
}

func (v vectors) len() int            { return len(v.data) / v.dim }
func (v vectors) row(i int) []float32 { return v.data[i*v.dim:][:v.dim] }

// readVecs reads a file of rows, each a 32-bit count and as many 32-bit values.
func readVecs(path string, each func(row []uint32)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	var head [4]byte
	for {
		if _, err := io.ReadFull(r, head[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		n := binary.LittleEndian.Uint32(head[:])
		if n == 0 || n > 1<<16 {
			return fmt.Errorf("%s: a row of %d values", path, n)
		}
		row := make([]uint32, n)
		if err := binary.Read(r, binary.LittleEndian, row); err != nil {
			return err
		}
		each(row)
	}
}

func readFloats(path string) (vectors, error) {
	var v vectors
	err := readVecs(path, func(row []uint32) {
		v.dim = len(row)
		for _, x := range row {
			v.data = append(v.data, math.Float32frombits(x))
		}
	})
	if err == nil && (v.dim == 0 || len(v.data)%v.dim != 0) {
		err = fmt.Errorf("%s: no rows of one length", path)
	}
	return v, err
}

func writeFloats(path string, v vectors) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range v.len() {
		var head [4]byte
		binary.LittleEndian.PutUint32(head[:], uint32(v.dim))
		w.Write(head[:])
		binary.Write(w, binary.LittleEndian, v.row(i))
	}
	return errors.Join(w.Flush(), f.Close())
}

// generate makes n items around clusters whose sizes fall as one over their rank, with log-normal norms, and queries like
// users: a mixture of three clusters each.
func generate(n, dim, queries int, seed uint64) (base, query vectors) {
	rng := rand.New(rand.NewPCG(seed, 9))
	clusters := max(10, n/100)
	centers := make([]float32, clusters*dim)
	for i := range centers {
		centers[i] = float32(rng.NormFloat64())
	}
	pick := func() []float32 {
		c := min(int(math.Pow(float64(clusters), rng.Float64()))-1, clusters-1)
		return centers[c*dim:][:dim]
	}
	base, query = vectors{dim: dim}, vectors{dim: dim}
	for range n {
		c := pick()
		norm := math.Exp(0.4*rng.NormFloat64()) / 8
		for j := range dim {
			base.data = append(base.data, float32((float64(c[j])+0.7*rng.NormFloat64())*norm))
		}
	}
	for range queries {
		a, b, c := pick(), pick(), pick()
		for j := range dim {
			query.data = append(query.data, 0.6*a[j]+0.3*b[j]+0.2*c[j]+0.5*float32(rng.NormFloat64()))
		}
	}
	return base, query
}

func metricOf(name string) (ann.Metric, error) {
	for _, m := range []ann.Metric{ann.Cosine, ann.L2, ann.InnerProduct} {
		if m.String() == name {
			return m, nil
		}
	}
	return 0, fmt.Errorf("no metric %q", name)
}

// allowed is the random filter of a selectivity over keys below n, the same in every process: a bitmap, or a predicate.
func allowed(c *config, n int) ann.Filter {
	if c.Selectivity <= 0 || c.Selectivity >= 1 {
		return nil
	}
	limit := uint32(c.Selectivity * (1 << 32))
	allows := func(key uint32) bool { return key*2654435761 < limit }
	if c.Predicate {
		return ann.FilterFunc(allows)
	}
	set := roaring.New()
	for key := range uint32(n) {
		if allows(key) {
			set.Add(key)
		}
	}
	return set
}

// prepare sees that the files are there and returns the true k nearest of each query.
func prepare(c *config, dir string) (*answers, error) {
	if c.Generate != "" {
		var n, dim int
		if _, err := fmt.Sscanf(c.Generate, "%dx%d", &n, &dim); err != nil || n < 1 || dim < 1 || dim > ann.DimMax {
			return nil, fmt.Errorf("-generate %s is not NxDIM", c.Generate)
		}
		base, query := generate(n, dim, 500, c.Seed)
		c.Base, c.Query = filepath.Join(dir, "base.fvecs"), filepath.Join(dir, "query.fvecs")
		if err := errors.Join(writeFloats(c.Base, base), writeFloats(c.Query, query)); err != nil {
			return nil, err
		}
	}
	return newAnswers(c)
}

func sequence(n int) []uint32 {
	keys := make([]uint32, n)
	for i := range keys {
		keys[i] = uint32(i)
	}
	return keys
}
