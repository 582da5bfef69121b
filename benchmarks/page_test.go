package benchmarks

import (
	"cmp"
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/viterin/vek/vek32"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

var (
	half        = catalog.In("brand", "brand-0", "brand-2", "brand-4", "brand-6", "brand-8")
	oneIn200    = catalog.Equals("attr.shelf", "77")
	pageSize    = 20
	clickedLong = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
)

// pageCases are the kinds of pages, all of 20 items for a user at random.
var pageCases = []struct {
	name string
	make func(ctx context.Context, s *shop, user string, rng *rand.Rand) (*recommend.Page, error)
}{
	{"cached", func(ctx context.Context, s *shop, user string, _ *rand.Rand) (*recommend.Page, error) {
		return s.engine.Recommend(ctx, recommend.Request{User: user, N: pageSize})
	}},
	{"cached, experiment", func(ctx context.Context, s *shop, user string, _ *rand.Rand) (*recommend.Page, error) {
		return s.tried.Recommend(ctx, recommend.Request{User: user, N: pageSize})
	}},
	{"uncached", func(ctx context.Context, s *shop, user string, _ *rand.Rand) (*recommend.Page, error) {
		return s.fresh.Recommend(ctx, recommend.Request{User: user, N: pageSize})
	}},
	{"uncached, half allowed", func(ctx context.Context, s *shop, user string, _ *rand.Rand) (*recommend.Page, error) {
		return s.fresh.Recommend(ctx, recommend.Request{User: user, N: pageSize, Filter: half})
	}},
	{"uncached, 1 in 200 allowed", func(ctx context.Context, s *shop, user string, _ *rand.Rand) (*recommend.Page, error) {
		return s.fresh.Recommend(ctx, recommend.Request{User: user, N: pageSize, Filter: oneIn200})
	}},
	{"uncached, explained", func(ctx context.Context, s *shop, user string, _ *rand.Rand) (*recommend.Page, error) {
		return s.fresh.Recommend(ctx, recommend.Request{User: user, N: pageSize, Explain: true})
	}},
	{"after own click", func(ctx context.Context, s *shop, user string, rng *rand.Rand) (*recommend.Page, error) {
		item := itemID(rng.IntN(shopItems))
		if page, err := s.fresh.Recommend(ctx, recommend.Request{User: user, N: pageSize}); err == nil && len(page.Items) > 0 {
			item = page.Items[rng.IntN(len(page.Items))].Item
		}
		err := s.fresh.Record(ctx, store.Interaction{User: user, Item: item, Kind: store.Click, Time: clickedLong})
		if err != nil {
			return nil, err
		}
		return nil, errTimed
	}},
	{"stranger", func(ctx context.Context, s *shop, _ string, _ *rand.Rand) (*recommend.Page, error) {
		return s.fresh.Recommend(ctx, recommend.Request{User: "nobody", N: pageSize})
	}},
}

type timed struct{}

func (timed) Error() string { return "the page that is timed is still to be asked for" }

// errTimed says that what has been done so far only prepares the page that is timed.
var errTimed = timed{}

// BenchmarkPage says what a page costs in CPU time of the thread that makes it, garbage collection apart: the median over batches
// of a hundred.
func BenchmarkPage(b *testing.B) {
	s := mustShop(b)
	for _, c := range pageCases {
		b.Run(name("%s/items=%d", c.name, shopItems), func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ctx, rng := b.Context(), rand.New(rand.NewPCG(4, 4))
			var batches []float64
			b.ReportAllocs()
			for b.Loop() {
				var spent time.Duration
				const each = 100
				for range each {
					user := s.users[rng.IntN(shopUsers)]
					begin := cpu()
					page, err := c.make(ctx, s, user, rng)
					if err == errTimed {
						begin = cpu()
						page, err = s.fresh.Recommend(ctx, recommend.Request{User: user, N: pageSize})
					}
					spent += cpu() - begin
					if err != nil || len(page.Items) != pageSize {
						b.Fatal(page, err)
					}
				}
				batches = append(batches, float64(spent.Nanoseconds())/each/1000)
			}
			b.ReportMetric(median(batches), "cpu-µs/page")
			if c.name == "uncached" {
				b.ReportMetric(recall(b, s, s.users[:50]), "recall@20")
			}
			b.ReportMetric(0, "ns/op") // an op is a hundred pages
		})
	}
}

// recall is the part of the 20 items of the best score, found by scoring all items, that uncached pages hold.
func recall(b *testing.B, s *shop, users []string) float64 {
	found := 0
	for _, user := range users {
		page, err := s.fresh.Recommend(b.Context(), recommend.Request{User: user, N: pageSize})
		if err != nil {
			b.Fatal(err)
		}
		best := s.best(b, user)
		for _, item := range page.Items {
			if slices.ContainsFunc(best, func(r recommend.Recommendation) bool { return r.Item == item.Item }) {
				found++
			}
		}
	}
	return float64(found) / float64(pageSize*len(users))
}

// best ranks all items that the user has not met, ten thousand at a time, which is as many as a request takes.
func (s *shop) best(b *testing.B, user string) []recommend.Recommendation {
	met := map[string]bool{}
	past, err := s.store.History(b.Context(), user, 10_000)
	if err != nil {
		b.Fatal(err)
	}
	for _, entry := range past {
		met[entry.Interaction.Item] = true
	}
	var all []recommend.Recommendation
	for from := 0; from < shopItems; from += 10_000 {
		req := recommend.Request{User: user, N: recommend.NMax}
		for i := range min(10_000, shopItems-from) {
			if id := itemID(from + i); !met[id] {
				req.Items = append(req.Items, id)
			}
		}
		page, err := s.fresh.Recommend(b.Context(), req)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, page.Items...)
	}
	slices.SortFunc(all, func(x, y recommend.Recommendation) int { return cmp.Compare(y.Score, x.Score) })
	return all[:pageSize]
}

// BenchmarkScan is the exhaustive scan that pages are held against: the inner products of one vector with all items' by
// viterin/vek, without keeping the best.
func BenchmarkScan(b *testing.B) {
	rng := rand.New(rand.NewPCG(2, 2))
	vectors, query := make([]float32, shopItems*factors), make([]float32, factors)
	for i := range vectors {
		vectors[i] = float32(rng.NormFloat64())
	}
	copy(query, vectors)
	var sink float32
	for b.Loop() {
		for i := range shopItems {
			sink += vek32.Dot(query, vectors[i*factors:][:factors])
		}
	}
	_ = sink
}
