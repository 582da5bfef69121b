package main

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/goldrec/gold/ann"
)

// answers are the true nearest of each query. Vectors as near as the last of them count as well, so that of copies any will
// do.
type answers struct {
	base, query vectors
	metric      ann.Metric
	ids         [][]uint32
}

func newAnswers(c *config) (t *answers, err error) {
	t = new(answers)
	if t.base, err = readFloats(c.Base); err != nil {
		return nil, err
	}
	if t.query, err = readFloats(c.Query); err != nil {
		return nil, err
	}
	if t.metric, err = metricOf(c.Metric); err != nil {
		return nil, err
	}
	if c.Truth != "" && c.Selectivity == 0 {
		return t, readVecs(c.Truth, func(row []uint32) { t.ids = append(t.ids, row[:min(c.K, len(row))]) })
	}
	return t, t.find(c)
}

// find computes the answers. Of more than a Flat finds, whose scores are float32, the best by float64 are kept.
func (t *answers) find(c *config) error {
	flat, err := ann.NewFlat(t.base.dim, t.metric)
	if err != nil {
		return err
	}
	if err := flat.AddBatch(context.Background(), sequence(t.base.len()), t.base.data); err != nil {
		return err
	}
	t.ids = make([][]uint32, t.query.len())
	filter := allowed(c, t.base.len())
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(t.ids); i += workers {
				found, err := flat.Search(nil, t.query.row(i), 10*c.K, ann.SearchOptions{Filter: filter})
				if err != nil {
					errs[w] = err
					return
				}
				for _, r := range found {
					t.ids[i] = append(t.ids[i], r.Key)
				}
				slices.SortStableFunc(t.ids[i], func(a, b uint32) int {
					return int(math.Copysign(1, t.score(i, b)-t.score(i, a)))
				})
				t.ids[i] = t.ids[i][:min(c.K, len(t.ids[i]))]
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// score is a query's with a vector; more is nearer.
func (t *answers) score(query int, id uint32) float64 {
	var dot, qq, rr, apart float64
	row := t.base.row(int(id))
	for i, v := range t.query.row(query) {
		q, r := float64(v), float64(row[i])
		dot, qq, rr, apart = dot+q*r, qq+q*q, rr+r*r, apart+(q-r)*(q-r)
	}
	switch t.metric {
	case ann.Cosine:
		return dot / math.Sqrt(qq*rr)
	case ann.L2:
		return -apart
	}
	return dot
}

// hits counts those of ids that are among the nearest, or as near as the last of them but for rounding.
func (t *answers) hits(query int, ids []uint32) (hits int) {
	want := t.ids[query]
	if len(want) == 0 {
		return 0
	}
	least := t.score(query, want[len(want)-1])
	if t.metric == ann.Cosine {
		least -= 1e-7
	} else {
		least -= 1e-6 * math.Abs(least)
	}
	for _, id := range ids {
		if slices.Contains(want, id) || t.score(query, id) >= least {
			hits++
		}
	}
	return min(hits, len(want))
}
