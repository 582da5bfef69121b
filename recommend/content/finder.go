package content

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/internal/simd"
	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

const (
	// walkMax bounds how many items are met for one item, by way of its terms and again by way of its vector: terms
	// that most items share and vectors that are all alike must not make training quadratic.
	walkMax = 4096
	// shortlist is how many times the wanted number of neighbours are kept from each way for the exact comparison.
	shortlist = 2
)

// half is the length that each part has in an item with both.
const half = math.Sqrt2 / 2

// finder is one worker's scratch memory.
type finder struct {
	texts   *texts
	vectors *vectors
	k       int

	sums   []float32 // by item
	met    []uint32  // items with a sum
	query  []float32 // the item's weights by term
	terms  []weighted
	best   topk.Selector
	search searcher
	found  []uint32
}

// nearest finds the k nearest items of each that is wanted, the best first. Lists of the others are nil.
func (s *shelf) nearest(ctx context.Context, wanted []uint32, k int, opt model.TrainOptions) ([][]model.Scored, error) {
	n := len(s.prints)
	lists := make([][]model.Scored, n)
	finders := make([]*finder, parallel.Workers(opt.Workers, len(wanted)))
	progress := parallel.NewProgress(len(wanted), opt.Progress)
	err := parallel.For(ctx, opt.Workers, len(wanted), func(worker, i int) {
		f := finders[worker]
		if f == nil {
			f = &finder{
				texts: s.texts, vectors: s.vectors, k: k, sums: make([]float32, n), query: make([]float32, len(s.texts.postings)),
			}
			finders[worker] = f
		}
		lists[wanted[i]] = f.nearest(wanted[i])
		progress.Add(1)
	})
	return lists, err
}

// nearest gathers a shortlist of items by terms and by vector and compares those exactly.
func (f *finder) nearest(item uint32) []model.Scored {
	f.found = f.found[:0]
	f.byTerms(item)
	if row := f.vectors.row[item]; row >= 0 {
		f.best.Reset(f.k*shortlist + 1)
		f.vectors.search(row, walkMax, &f.search, func(other uint32, cosine float32) {
			if f.best.Wants(cosine) {
				f.best.Push(f.after(item, other), cosine)
			}
		})
		f.take(item)
	}
	slices.Sort(f.found)
	f.found = slices.Compact(f.found)
	f.best.Reset(f.k)
	for _, other := range f.found {
		if s := f.similarity(item, other); s > 0 && other != item {
			f.best.Push(f.after(item, other), s)
		}
	}
	for _, w := range f.texts.rows[item] {
		f.query[w.id] = 0
	}
	var list []model.Scored
	for _, s := range f.best.Sorted() {
		list = append(list, model.Scored{Item: f.before(item, s.Item), Score: s.Score})
	}
	return list
}

// after counts handles from the item onwards and from the end round to the beginning; before is its inverse. Ties
// break by it, so that of many items that are all alike each has other neighbours, and not all the same first few.
func (f *finder) after(item, other uint32) uint32 {
	if other >= item {
		return other - item
	}
	return other + uint32(len(f.texts.rows)) - item
}

func (f *finder) before(item, after uint32) uint32 {
	return uint32((uint64(item) + uint64(after)) % uint64(len(f.texts.rows)))
}

func (f *finder) take(item uint32) {
	for _, s := range f.best.Sorted() {
		f.found = append(f.found, f.before(item, s.Item))
	}
}

// byTerms sums up the products of common terms, the rarest terms first and in each the heaviest items, until walkMax
// items were met. It leaves the item's weights in f.query.
func (f *finder) byTerms(item uint32) {
	f.terms = append(f.terms[:0], f.texts.rows[item]...)
	size := func(w weighted) int { return len(f.texts.postings[w.id]) }
	slices.SortFunc(f.terms, func(a, b weighted) int {
		return cmp.Or(cmp.Compare(size(a), size(b)), cmp.Compare(a.id, b.id))
	})
	budget := walkMax
	for _, w := range f.terms {
		f.query[w.id] = w.weight
		list := f.texts.postings[w.id]
		list = list[:min(budget, len(list))]
		budget -= len(list)
		for _, p := range list {
			if f.sums[p.id] == 0 {
				f.met = append(f.met, p.id)
			}
			f.sums[p.id] += w.weight * p.weight
		}
	}
	f.best.Reset(f.k*shortlist + 1) // one for the item itself
	for _, other := range f.met {
		f.best.Push(f.after(item, other), f.sums[other])
		f.sums[other] = 0
	}
	f.met = f.met[:0]
	f.take(item)
}

// similarity is the inner product of two items, the weights of the first being in f.query.
func (f *finder) similarity(item, other uint32) float32 {
	var text, vector float32
	for _, w := range f.texts.rows[other] {
		text += f.query[w.id] * w.weight
	}
	a, b := f.vectors.row[item], f.vectors.row[other]
	if a >= 0 && b >= 0 {
		vector = simd.Dot(f.vectors.at(a), f.vectors.at(b))
	}
	return min(1, text*f.part(f.texts.has(item), a >= 0)*f.part(f.texts.has(other), b >= 0)+
		vector*f.part(a >= 0, f.texts.has(item))*f.part(b >= 0, f.texts.has(other)))
}

// part is the length of a part that an item has, given whether it has the other as well.
func (f *finder) part(has, both bool) float32 {
	switch {
	case has && both:
		return half
	case has:
		return 1
	}
	return 0
}
