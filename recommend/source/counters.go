package popular

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/goldrec/gold/recommend/model"
)

// CountersOptions configures Counters. The zero value works.
type CountersOptions struct {
	HalfLifeDays float64 // as in Trainer
	ItemsMax     int     // handles from here on are not counted; 0 means 16,777,216
}

// Counters follow what is trending while interactions stream in. Sums decay exponentially without being touched: they
// are kept as of a fixed landmark, at which an event of time t weighs w · 2^((t - landmark) / half-life), so that time
// passing changes neither the sums nor their order (Cormode et al., "Forward decay", ICDE 2009). Before the powers grow
// out of range the landmark moves and all sums are scaled down once.
//
// The items that lead are kept in an order that is exact after every Add. It is published through an atomic pointer:
// Score and Top never wait, and Add, which takes a mutex, costs about a microsecond.
//
// Counters are safe for concurrent use. They hold 8 bytes an item, allocated in chunks as handles appear, and no more
// than ItemsMax of them. They are not saved: after a restart they are filled from the log.
type Counters struct {
	halfLife float64 // seconds
	itemsMax uint32
	now      atomic.Pointer[counts]

	mu       sync.Mutex // held by writers; guards what follows, and who may store now
	started  bool       // an event was counted
	positive int        // items of a sum above zero
	rank     ranking
}

// counts is what readers see. Its sums change under them; the rest does not.
type counts struct {
	landmark int64 // Unix seconds
	latest   int64 // the time of the newest event
	sums     []atomic.Pointer[chunk]
	lead     leaders
	complete bool // lead has every item of a sum above zero
}

const chunkLen = 4096

type chunk [chunkLen]atomic.Uint64 // the bits of a float64

// exponentMax is how many half-lives an event may lie after the landmark: 2^512, times the largest float32 weight of
// 2^128, leaves room for 2^383 such events in a float64.
const exponentMax = 512

// NewCounters makes empty counters; a half-life below 0 or NaN is an error.
func NewCounters(opt CountersOptions) (*Counters, error) {
	halfLife, err := halfLifeSeconds(opt.HalfLifeDays)
	if err != nil {
		return nil, err
	}
	itemsMax := min(uint64(max(0, cmp.Or(opt.ItemsMax, 1<<24))), uint64(model.NoItem))
	c := &Counters{halfLife: halfLife, itemsMax: uint32(itemsMax)}
	c.now.Store(&counts{complete: true, sums: make([]atomic.Pointer[chunk], (itemsMax+chunkLen-1)/chunkLen)})
	return c, nil
}

// Add counts an interaction of the weight at a time in Unix seconds and reports whether it could: a weight that is zero,
// NaN or infinite and a handle of ItemsMax or more are not counted. A negative weight counts against the item. An event
// older than others counts as one of its age does, so a clock that goes backwards is harmless; one far ahead of the
// present makes the present look old, so let unix be no later than now.
func (c *Counters) Add(item uint32, weight float32, unix int64) bool {
	w := float64(weight)
	if w == 0 || math.IsNaN(w) || math.IsInf(w, 0) || item >= c.itemsMax {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.advance(unix)
	sum := now.place(item)
	was := math.Float64frombits(sum.Load())
	is := was + w*math.Exp2(now.halfLives(unix, c.halfLife))
	sum.Store(math.Float64bits(is))
	c.recount(was, is)
	lo, hi := c.rank.move(entry{item, was}, entry{item, is}, c.positive)
	if c.rank.short(c.positive) {
		lo, hi = 0, c.rank.refill(now.sums)
	}
	c.publish(now, lo, hi)
	return true
}

func (c *Counters) recount(was, is float64) {
	if was > 0 {
		c.positive--
	}
	if is > 0 {
		c.positive++
	}
}

// publish shows readers the counts, in which the ranking from lo to before hi is new.
func (c *Counters) publish(now *counts, lo, hi int) {
	now.lead = now.lead.with(c.rank.top, lo, hi)
	now.complete = len(c.rank.top) == c.positive
	c.now.Store(now)
}

// advance returns a private copy of the counts in which the landmark is near enough for an event at unix.
func (c *Counters) advance(unix int64) *counts {
	now := *c.now.Load()
	if !c.started {
		c.started, now.landmark, now.latest = true, unix, unix
	}
	now.latest = max(now.latest, unix)
	if now.halfLives(unix, c.halfLife) > exponentMax {
		c.rebase(&now, unix)
	}
	return &now
}

// rebase moves the landmark. The sums are scaled in a copy, so that readers of the old ones see them whole; they come
// to share the new ones with the ranking, in which sums may have been scaled to nothing.
func (c *Counters) rebase(now *counts, landmark int64) {
	factor := math.Exp2(-now.halfLives(landmark, c.halfLife))
	scaled := make([]atomic.Pointer[chunk], len(now.sums))
	c.positive = 0
	for i := range now.sums {
		old := now.sums[i].Load()
		if old == nil {
			continue
		}
		fresh := new(chunk)
		for j := range old {
			sum := math.Float64frombits(old[j].Load()) * factor
			fresh[j].Store(math.Float64bits(sum))
			c.recount(0, sum)
		}
		scaled[i].Store(fresh)
	}
	now.sums, now.landmark = scaled, landmark
	now.lead = now.lead.with(c.rank.top, 0, c.rank.refill(scaled))
}

// halfLives is how many half-lives after the landmark the time lies.
func (n *counts) halfLives(unix int64, halfLife float64) float64 {
	return (float64(unix) - float64(n.landmark)) / halfLife
}

// place returns where an item's sum is kept, making room when there is none. Only writers may call it.
func (n *counts) place(item uint32) *atomic.Uint64 {
	at := &n.sums[item/chunkLen]
	if at.Load() == nil {
		at.Store(new(chunk))
	}
	return &at.Load()[item%chunkLen]
}

// Score is the item's decayed sum as of the newest event; 0 for an item never counted. It is finite.
func (c *Counters) Score(item uint32) float32 {
	if item >= c.itemsMax {
		return 0
	}
	now := c.now.Load()
	at := now.sums[item/chunkLen].Load()
	if at == nil {
		return 0
	}
	return score(math.Float64frombits(at[item%chunkLen].Load()), now.toLatest(c.halfLife))
}

// toLatest is the factor that takes a sum from the landmark to the newest event.
func (n *counts) toLatest(halfLife float64) float64 {
	return math.Exp2(-n.halfLives(n.latest, halfLife))
}

// score is finite, and stays above zero when sum is, however old it is.
func score(sum, toLatest float64) float32 {
	score := float32(max(-math.MaxFloat32, min(math.MaxFloat32, sum*toLatest)))
	if score == 0 && sum > 0 {
		return math.SmallestNonzeroFloat32
	}
	return score
}

// Top appends up to n items of a score above zero that allow reports true for, the best first, ties by handle, and
// returns the extended slice; allow may be nil. Where scores are equal only for want of digits, the exact sums decide who
// is among the n. It walks the leading items first, 2,048 of them, and looks at all others only when allow has refused
// too many of those.
func (c *Counters) Top(dst []model.Scored, n int, allow func(item uint32) bool) []model.Scored {
	now, from := c.now.Load(), len(dst)
	factor := now.toLatest(c.halfLife)
	for i := 0; i < now.lead.len && len(dst)-from < n; i++ {
		if e := now.lead.at(i); allow == nil || allow(e.item) {
			dst = append(dst, model.Scored{Item: e.item, Score: score(e.sum, factor)})
		}
	}
	if missing := n - (len(dst) - from); missing > 0 && !now.complete {
		for _, e := range now.others(missing, allow) {
			dst = append(dst, model.Scored{Item: e.item, Score: score(e.sum, factor)})
		}
	}
	slices.SortFunc(dst[from:], func(a, b model.Scored) int { // where float32 makes ties
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return dst
}

// others returns the best n of the items that do not lead. Their sums may be newer than those of the leaders: none is
// let ahead of them.
func (n *counts) others(count int, allow func(uint32) bool) []entry {
	leads := make([]uint32, n.lead.len)
	for i := range leads {
		leads[i] = n.lead.at(i).item
	}
	slices.Sort(leads)
	best, limit := best{max: count}, n.lead.at(n.lead.len-1).sum
	for e := range positiveSums(n.sums) { // by handle, as leads are
		for len(leads) > 0 && leads[0] < e.item {
			leads = leads[1:]
		}
		if (len(leads) == 0 || leads[0] != e.item) && (allow == nil || allow(e.item)) {
			best.add(entry{e.item, min(e.sum, limit)})
		}
	}
	return best.sorted()
}
