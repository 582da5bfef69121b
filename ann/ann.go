package ann

import (
	"context"
	"errors"
	"fmt"
)

// Metric says which vectors are near.
type Metric uint8

const (
	Cosine       Metric = iota // the cosine of the angle; vectors of length zero are refused
	L2                         // Euclidean distance
	InnerProduct               // the largest inner product, of vectors as they are: long ones win, and none is its own nearest by right
)

// String returns the metric's name as the field writes it.
func (m Metric) String() string {
	switch m {
	case Cosine:
		return "cosine"
	case L2:
		return "l2"
	case InnerProduct:
		return "ip"
	}
	return fmt.Sprintf("Metric(%d)", uint8(m))
}

// DimMax is the largest dimension of a vector.
const DimMax = 4096

var (
	// ErrOptions says that an index was asked for with options out of range.
	ErrOptions = errors.New("ann: bad options")
	// ErrNotFinite says that a vector holds a NaN, an infinity, or a number beyond ±2⁵⁶, whose products may overflow.
	ErrNotFinite = errors.New("ann: vector is not finite")
	// ErrZeroVector says that a vector of length zero was met under Cosine, where it has no direction.
	ErrZeroVector = errors.New("ann: zero vector has no cosine")
	// ErrFull says that an index has reached its largest size, 2³¹-2 vectors.
	ErrFull = errors.New("ann: index is full")
)

// DimensionError says that a vector, or a slice of vectors, does not fit the index.
type DimensionError struct {
	Got, Want int // floats
}

// Error describes the mismatch.
func (e *DimensionError) Error() string {
	return fmt.Sprintf("ann: %d floats where %d were expected", e.Got, e.Want)
}

// Result is a vector found.
type Result struct {
	Key   uint32
	Score float32 // more is nearer: cosine, inner product, or minus the squared Euclidean distance
}

// Filter says which keys may be found. A *roaring.Bitmap is a Filter, and the best kind: an index can tell how many keys
// it allows and walk through them. Contains must be safe for concurrent use and give a key the same answer throughout a
// search.
type Filter interface {
	Contains(key uint32) bool
}

// FilterFunc makes a Filter of a predicate.
type FilterFunc func(key uint32) bool

// Contains calls f.
func (f FilterFunc) Contains(key uint32) bool { return f(key) }

// SearchOptions say how to search; the zero value is a search of everything at a recall of about 0.95.
type SearchOptions struct {
	// Ef is how many of the best vectors met so far an HNSW keeps while it walks; more finds more and takes longer,
	// nearly in proportion. Values below k count as k. 0 leaves it to Recall. Flat ignores it.
	Ef int
	// Recall is the share of the true k nearest that the search should find on average, below 1. The index turns it
	// into an Ef that it has measured on queries that were asked, or on its own vectors while few were; 1 and more ask for the most that it has. 0 is 0.95. Ignored when Ef is given, and by Flat, which
	// finds all.
	Recall float64
	// Filter limits the search to the keys it contains. Nil allows all.
	Filter Filter
	// Once makes a filtered search cost no more than another: it walks once, with Ef as it is for a predicate and wider for
	// a bitmap, or goes through a bitmap of few keys, and what that finds comes back, which may be fewer than k. Flat
	// ignores it.
	Once bool
}

// Index is what every index in this package does. Package anntest holds the suite that one must pass.
type Index interface {
	// Add stores a copy of vector under key, in the place of what was there. It returns a *DimensionError,
	// ErrNotFinite, or under Cosine ErrZeroVector; the index is then as it was.
	Add(key uint32, vector []float32) error

	// AddBatch is Add for many: vectors holds one row of Dim floats for each key, row after row. It checks all of
	// them before it stores any. Of keys that occur twice the last row stays. It stops with ctx's error when ctx is
	// done; what was stored until then stays, any part of keys.
	AddBatch(ctx context.Context, keys []uint32, vectors []float32) error

	// Delete removes the vector under key and tells whether there was one.
	Delete(key uint32) bool

	// Search appends to dst the k best vectors that opts.Filter allows, the best first, ties by key, and returns the
	// extended slice; with enough room in dst it allocates nothing. There are fewer than k only where fewer exist, and
	// none for k below 1. The query is checked as Add checks a vector. A search that overlaps a write sees the index
	// before it or after it, key by key.
	Search(dst []Result, query []float32, k int, opts SearchOptions) ([]Result, error)

	// Vector appends to dst the vector under key as the index holds it: under Cosine scaled to length 1, and from
	// Quantized storage as near as its codes come. It tells whether there is one.
	Vector(dst []float32, key uint32) ([]float32, bool)

	Len() int       // number of vectors
	Dim() int       // floats in a vector
	Metric() Metric // what near means
}
