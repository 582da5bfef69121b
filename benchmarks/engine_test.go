package benchmarks

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/viterin/vek/vek32"
	"golang.org/x/sync/errgroup"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/hybrid"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// The shop of these benchmarks: 100,000 items and as many users, each with a taste for a few of 500 groups of items,
// and 20 interactions a user. Popularity within a group falls as 1/rank, as it does in shops.
const (
	shopItems  = 100_000
	shopUsers  = 100_000
	shopGroups = 500
	perUser    = 20
	factors    = 64
)

func itemID(i int) string { return "item-" + strconv.Itoa(i) }
func userID(u int) string { return "user-" + strconv.Itoa(u) }

type shop struct {
	engine  *recommend.Engine // serves pages again
	tried   *recommend.Engine // serves pages again, under an experiment
	fresh   *recommend.Engine // computes every page
	factors []float32         // shopItems × factors for the scan
}

// openShop trains once for all benchmarks of the package.
var openShop = sync.OnceValues(func() (*shop, error) {
	ctx := context.Background()
	cat := catalog.New()
	for i := range shopItems {
		item := catalog.Item{ID: itemID(i), Brand: "brand-" + strconv.Itoa(i%10), Available: i%20 != 0}
		if _, err := cat.Upsert(item); err != nil {
			return nil, err
		}
	}
	st := store.NewMemory(store.MemoryOptions{})
	if err := fillLog(ctx, st); err != nil {
		return nil, err
	}
	opts := recommend.Options{
		Catalog: cat, Trainer: hybrid.Trainer{Parts: []model.Trainer{
			als.Trainer{Factors: factors, Iterations: 3}, itemknn.Trainer{Neighbors: 50},
		}},
		UsersMax: 2 * shopUsers, PageTTL: time.Hour, Seed: 1,
	}
	engine, err := recommend.Open(ctx, st, opts)
	if err != nil {
		return nil, err
	}
	if _, err := engine.Train(ctx); err != nil {
		return nil, err
	}
	if opts.Experiment, err = anExperiment(); err != nil {
		return nil, err
	}
	tried, err := recommend.Open(ctx, st, opts)
	if err != nil {
		return nil, err
	}
	opts.Experiment, opts.PageTTL = nil, -1
	fresh, err := recommend.Open(ctx, st, opts)
	if err != nil {
		return nil, err
	}
	s := &shop{engine: engine, tried: tried, fresh: fresh, factors: make([]float32, shopItems*factors)}
	rng := rand.New(rand.NewPCG(2, 2))
	for i := range s.factors {
		s.factors[i] = float32(rng.NormFloat64())
	}
	// Every user is met once, so that what follows measures serving and not the reading of histories.
	return s, s.meetEverybody(ctx)
})

// anExperiment has two even variants with the same pages.
func anExperiment() (recommend.Assigner, error) {
	set, err := experiment.Compile(experiment.Definition{Experiments: []experiment.Experiment{{
		Key: "ranking", Variants: []experiment.Variant{{Key: "control"}, {Key: "treatment"}},
	}}}, experiment.Options{})
	if err != nil {
		return nil, err
	}
	return experiment.NewLive(set).Assigner("ranking"), nil
}

// meetEverybody gives every user a page of each engine: afterwards two have the pages, one of them has the exposures
// behind it, and all have the users in memory.
func (s *shop) meetEverybody(ctx context.Context) error {
	var group errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			for u := w; u < shopUsers; u += workers {
				for _, engine := range []*recommend.Engine{s.engine, s.tried, s.fresh} {
					if _, err := engine.Recommend(ctx, recommend.Request{User: userID(u), N: 20}); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func fillLog(ctx context.Context, st store.Store) error {
	rng := rand.New(rand.NewPCG(1, 1))
	zipf := rand.NewZipf(rng, 1.1, 1, shopItems/shopGroups-1)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for u := range shopUsers {
		batch := make([]store.Interaction, perUser)
		tastes := [3]int{rng.IntN(shopGroups), rng.IntN(shopGroups), rng.IntN(shopGroups)}
		for i := range batch {
			group := tastes[rng.IntN(len(tastes))]
			if rng.IntN(10) == 0 {
				group = rng.IntN(shopGroups)
			}
			item := int(zipf.Uint64())*shopGroups + group
			batch[i] = store.Interaction{
				User: userID(u), Item: itemID(item), Kind: store.Purchase, Time: start.Add(time.Duration(i) * time.Hour),
			}
		}
		if _, err := st.Append(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func mustShop(b *testing.B) *shop {
	b.Helper()
	if testing.Short() {
		b.Skip("trains on two million interactions: not with -short")
	}
	s, err := openShop()
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// half is a filter that half of the items pass.
var half = catalog.In("brand", "brand-0", "brand-2", "brand-4", "brand-6", "brand-8")

// BenchmarkRecommendCached serves a page made before, for a user at random.
func BenchmarkRecommendCached(b *testing.B) {
	s, ctx, rng := mustShop(b), b.Context(), rand.New(rand.NewPCG(3, 3))
	users := allUsers()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.engine.Recommend(ctx, recommend.Request{User: users[rng.IntN(shopUsers)], N: 20}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecommendUncached makes a page of 20 for a user at random: ALS and item-kNN propose and score, what is
// seen, unavailable or refused by a filter (half of the items) is left out, the scores are blended.
func BenchmarkRecommendUncached(b *testing.B) {
	s, ctx, rng := mustShop(b), b.Context(), rand.New(rand.NewPCG(4, 4))
	users := allUsers()
	b.ReportAllocs()
	for b.Loop() {
		req := recommend.Request{User: users[rng.IntN(shopUsers)], N: 20, Filter: half}
		if _, err := s.fresh.Recommend(ctx, req); err != nil {
			b.Fatal(err)
		}
	}
}

func allUsers() []string {
	users := make([]string, shopUsers)
	for u := range users {
		users[u] = userID(u)
	}
	return users
}

// BenchmarkRecommendRatios interleaves five things in rounds and reports the medians and the ratios that decide: a cached
// page, without and with an experiment, in lookups of a Go map of a million strings, and an uncached page in exhaustive scans of 100,000 × 64
// factors with viterin/vek (the inner products alone, without keeping the best; of random factors, whose values change
// nothing in its time).
func BenchmarkRecommendRatios(b *testing.B) {
	s, ctx, rng := mustShop(b), b.Context(), rand.New(rand.NewPCG(5, 5))
	users, keys, million := allUsers(), make([]string, 1_000_000), map[string]uint32{}
	for i := range keys {
		keys[i] = fmt.Sprintf("key-%d", rng.Uint64())
		million[keys[i]] = uint32(i)
	}
	query, scores := make([]float32, factors), make([]float32, shopItems)
	for i := range query {
		query[i] = float32(rng.NormFloat64())
	}
	var cached, tried, uncached, lookup, scan []float64
	var sink uint32
	for b.Loop() {
		for range 30 {
			lookup = append(lookup, nanoseconds(5000, func() { sink += million[keys[rng.IntN(len(keys))]] }))
			cached = append(cached, nanoseconds(5000, func() {
				page, err := s.engine.Recommend(ctx, recommend.Request{User: users[rng.IntN(shopUsers)], N: 20})
				if err != nil || len(page.Items) != 20 {
					b.Fatal(page, err)
				}
			}))
			tried = append(tried, nanoseconds(5000, func() {
				page, err := s.tried.Recommend(ctx, recommend.Request{User: users[rng.IntN(shopUsers)], N: 20})
				if err != nil || page.Variant == "" {
					b.Fatal(page, err)
				}
			}))
			scan = append(scan, nanoseconds(10, func() {
				for i := range scores {
					scores[i] = vek32.Dot(query, s.factors[i*factors:][:factors])
				}
			}))
			uncached = append(uncached, nanoseconds(500, func() {
				req := recommend.Request{User: users[rng.IntN(shopUsers)], N: 20, Filter: half}
				page, err := s.fresh.Recommend(ctx, req)
				if err != nil || len(page.Items) != 20 {
					b.Fatal(page, err)
				}
			}))
		}
	}
	_ = sink
	b.ReportMetric(median(lookup), "ns/lookup")
	b.ReportMetric(median(cached), "ns/cached")
	b.ReportMetric(median(scan), "ns/scan")
	b.ReportMetric(median(uncached), "ns/uncached")
	b.ReportMetric(median(cached)/median(lookup), "lookups/cached")
	b.ReportMetric(median(tried)/median(lookup), "lookups/tried")
	b.ReportMetric(median(uncached)/median(scan), "scans/uncached")
	b.ReportMetric(testing.AllocsPerRun(100, func() {
		s.engine.Recommend(ctx, recommend.Request{User: users[7], N: 20})
	}), "allocs/cached")
	b.ReportMetric(testing.AllocsPerRun(100, func() {
		s.tried.Recommend(ctx, recommend.Request{User: users[7], N: 20})
	}), "allocs/tried")
	b.ReportMetric(testing.AllocsPerRun(100, func() {
		s.fresh.Recommend(ctx, recommend.Request{User: users[7], N: 20, Filter: half})
	}), "allocs/uncached")
	b.ReportMetric(recall(b, s, users[:50]), "recall@20")
	b.ReportMetric(0, "ns/op") // a round is no unit
}

// recall is the part of the 20 items of the best score, found by scoring all items, that uncached pages hold.
func recall(b *testing.B, s *shop, users []string) float64 {
	found := 0
	for _, user := range users {
		page, err := s.fresh.Recommend(b.Context(), recommend.Request{User: user, N: 20, Filter: half})
		if err != nil {
			b.Fatal(err)
		}
		best := s.best(b, user, 20)
		for _, item := range page.Items {
			if slices.ContainsFunc(best, func(r recommend.Recommendation) bool { return r.Item == item.Item }) {
				found++
			}
		}
	}
	return float64(found) / float64(20*len(users))
}

// best ranks all items that half allows, ten thousand at a time, which is as many as a request takes.
func (s *shop) best(b *testing.B, user string, n int) []recommend.Recommendation {
	var all []recommend.Recommendation
	for from := 0; from < shopItems; from += 10_000 {
		req := recommend.Request{User: user, N: n, Filter: half}
		for i := range 10_000 {
			req.Items = append(req.Items, itemID(from+i))
		}
		page, err := s.fresh.Recommend(b.Context(), req)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, page.Items...)
	}
	slices.SortFunc(all, func(a, b recommend.Recommendation) int { return cmp.Compare(b.Score, a.Score) })
	return all[:n]
}

func nanoseconds(n int, do func()) float64 {
	start := time.Now()
	for range n {
		do()
	}
	return float64(time.Since(start)) / float64(n)
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}
