package ann

import (
	"cmp"
	"fmt"
	"runtime"
)

// Storage says how an HNSW keeps its vectors. Walks read short codes of them: 4, 6 or 10 bits a component, as fill a cache
// line, and more where the index finds that its vectors need them. Where ten do not tell them apart, it walks by the vectors, and
// keeps them under Quantized too.
type Storage uint8

const (
	Float32   Storage = iota // as they are, besides the codes: 4.5 to 5.25 bytes a component, exact scores
	Quantized                // in ten bits a component, of a share of its largest each: 1.25 bytes, scores off by about a part in a thousand
)

// Options make an HNSW. Only Dim must be set.
type Options struct {
	Dim    int    // floats in a vector, 1 to DimMax
	Metric Metric // what near means

	Storage Storage // how vectors are kept

	// M is how many neighbours a new vector chooses on each level; it may come to have M of them above the bottom and
	// 2·M there. More finds more at the same Ef and takes 8·M bytes a vector. 2 to 128; 0 is 16.
	M int
	// EfConstruction is the Ef of the walk that looks for a new vector's neighbours. More makes a better graph and
	// takes longer, nearly in proportion. 1 to 65536; 0 is 200.
	EfConstruction int
	// Capacity is how many vectors to make room for at once. The index grows past it by copying itself.
	Capacity int
	// Workers is how many goroutines AddBatch uses; 0 is GOMAXPROCS. The graph does not depend on it.
	Workers int
	// Seed chooses the levels of the vectors. The same vectors in the same calls with the same seed make the same
	// graph.
	Seed uint64
	// Progress, if not nil, is called during AddBatch from its own goroutine with how many of the batch are stored.
	Progress func(done, total int)
}

// slotsMax keeps the top bit of a slot free for walks, and two values for tables.
const slotsMax = 1<<31 - 2

// withDefaults checks the options and fills in what was left at zero.
func (o Options) withDefaults() (Options, error) {
	o.M = cmp.Or(o.M, 16)
	o.EfConstruction = cmp.Or(o.EfConstruction, 200)
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	for _, f := range []struct {
		name              string
		value, least, max int
	}{
		{"Dim", o.Dim, 1, DimMax},
		{"Metric", int(o.Metric), 0, int(InnerProduct)},
		{"Storage", int(o.Storage), 0, int(Quantized)},
		{"M", o.M, 2, 128},
		{"EfConstruction", o.EfConstruction, 1, 1 << 16},
		{"Capacity", o.Capacity, 0, slotsMax},
		{"Workers", o.Workers, 1, 1 << 12},
	} {
		if f.value < f.least || f.value > f.max {
			return o, fmt.Errorf("%w: %s %d is outside %d to %d", ErrOptions, f.name, f.value, f.least, f.max)
		}
	}
	return o, nil
}
