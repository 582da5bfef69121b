package benchmarks

import (
	"cmp"
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
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

// pageCase is a kind of page, of 20 items for a user at random.
type pageCase struct {
	name   string
	engine func(s *shop) *recommend.Engine
	user   func(ctx context.Context, s *shop, rng *rand.Rand) (string, error) // to ask for; nil: any
	req    recommend.Request
}

func again(s *shop) *recommend.Engine { return s.engine }
func fresh(s *shop) *recommend.Engine { return s.fresh }

// pageCases are what BenchmarkPage measures. "cached" is a page served again; on all others no page is kept. "first page" is
// the first of a user whose history is in memory, and nothing else; on all others what the models made of the user is there,
// and where the index was searched for them, as it is of everybody who has had a page; "after own click" has had the click since.
var pageCases = []pageCase{
	{name: "cached", engine: again},
	{name: "cached, experiment", engine: func(s *shop) *recommend.Engine { return s.tried }},
	{name: "first page", engine: fresh, user: newcomer},
	{name: "uncached", engine: fresh},
	{name: "uncached, half allowed", engine: fresh, req: recommend.Request{Filter: half}},
	{name: "uncached, 1 in 200 allowed", engine: fresh, req: recommend.Request{Filter: oneIn200}},
	{name: "uncached, explained", engine: fresh, req: recommend.Request{Explain: true}},
	{name: "after own click", engine: fresh, user: clicked},
	{name: "stranger", engine: fresh, user: func(context.Context, *shop, *rand.Rand) (string, error) { return "nobody", nil }},
}

// newcomer is a user with the history of another, whom the engine has met and made no page from the models for.
func newcomer(ctx context.Context, s *shop, rng *rand.Rand) (string, error) {
	s.newcomers++
	user := "newcomer-" + strconv.Itoa(s.newcomers)
	past, err := s.store.History(ctx, s.users[rng.IntN(shopUsers)], perUser)
	if err != nil {
		return "", err
	}
	batch := make([]store.Interaction, len(past))
	for i := range past {
		batch[i] = past[i].Interaction
		batch[i].User, batch[i].ID = user, ""
	}
	if err := s.fresh.Record(ctx, batch...); err != nil {
		return "", err
	}
	_, err = s.fresh.Recommend(ctx, recommend.Request{User: user, Model: recommend.Trending})
	return user, err
}

// clicked is a user who has clicked an item of their page since it was made.
func clicked(ctx context.Context, s *shop, rng *rand.Rand) (string, error) {
	user := s.users[rng.IntN(shopUsers)]
	return user, click(ctx, s, user, rng)
}

func click(ctx context.Context, s *shop, user string, rng *rand.Rand) error {
	page, err := s.fresh.Recommend(ctx, recommend.Request{User: user, N: pageSize})
	if err != nil {
		return err
	}
	item := page.Items[rng.IntN(len(page.Items))].Item
	return s.fresh.Record(ctx, store.Interaction{User: user, Item: item, Kind: store.Click, Time: clickedLong})
}

// BenchmarkPage says what a page costs in CPU time of the thread that makes it: the median over batches of a hundred, of which
// the users have been chosen, and have done what they are to have done, before the time is taken.
func BenchmarkPage(b *testing.B) {
	s := mustShop(b)
	for _, c := range pageCases {
		b.Run(name("%s/items=%d", c.name, shopItems), func(b *testing.B) { s.pages(b, &c) })
	}
}

func (s *shop) pages(b *testing.B, c *pageCase) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, rng := b.Context(), rand.New(rand.NewPCG(4, 4))
	var batches []float64
	var users [100]string
	engine, req := c.engine(s), c.req
	req.N = pageSize
	prepare := func() {
		for i := range users {
			var err error
			if users[i] = s.users[rng.IntN(shopUsers)]; c.user != nil {
				if users[i], err = c.user(ctx, s, rng); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	ask := func() {
		for i := range users {
			req.User = users[i]
			if page, err := engine.Recommend(ctx, req); err != nil || len(page.Items) != pageSize {
				b.Fatal(page, err)
			}
		}
	}
	for b.Loop() {
		prepare()
		begin := cpu()
		ask()
		batches = append(batches, float64((cpu()-begin).Nanoseconds())/float64(len(users))/1000)
	}
	prepare()
	var before, after runtime.MemStats // looked at once, since a look slows down what is allocated next
	runtime.ReadMemStats(&before)
	ask()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(len(users)), "allocs/page")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(len(users)), "B/page")
	b.ReportMetric(median(batches), "cpu-µs/page")
	if c.name == "uncached" {
		b.ReportMetric(recall(b, s, s.users[:50]), "recall@20")
	}
	b.ReportMetric(0, "ns/op") // an op is a hundred pages
}

// BenchmarkClicks says what part of the best 20 items a page holds after so many clicks of its user since the first page, in each
// of which the user takes an item of the page.
func BenchmarkClicks(b *testing.B) {
	s := mustShop(b)
	rng := rand.New(rand.NewPCG(5, 5))
	users := s.users[len(s.users)-30:]
	for clicks := range 11 {
		b.Run(name("clicks=%d", clicks), func(b *testing.B) {
			b.ReportMetric(recall(b, s, users), "recall@20")
			b.ReportMetric(0, "ns/op")
		})
		for _, user := range users {
			if err := click(b.Context(), s, user, rng); err != nil {
				b.Fatal(err)
			}
		}
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
