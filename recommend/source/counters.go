package source

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/goldrec/gold/recommend/model"
)

// CountersOptions configures Counters. The zero value works.
type CountersOptions struct {
	HalfLifeDays float64 // after which an event counts half; 0 means 7, else at least 0.00002, which is some two seconds
	ItemsMax     int     // handles from here on are not counted; 0 means 16,777,216
}

// Counters follow what is trending while interactions stream in: of every item the sum of its events' weights, which halve
// with every half-life,
//
//	sum(t) = Σ w · 2^((t_event - t) / half-life)
//
// kept as of the item's own newest event, so that time passing changes nothing in memory. Items are in order of
//
//	log2(sum) + t / half-life
//
// which does not depend on the present either, nor on how long ago anything was: of two items that nobody has touched for
// a hundred years the better one is still first. Add is commutative up to rounding: in whatever order events come, sums
// differ by a few parts in 2^53.
//
// Clocks are the caller's, and may be wrong. An event from the future is taken as of now. When now turns out to be behind
// the events that are there, the clock had run ahead: those count from then on as if they had happened when that was found
// out, until they are no longer in the future. Differences below a sixteenth of the half-life are left alone.
//
// The items that lead, 2,048 of them, are put in order when somebody asks, from what was touched since: at once while
// there are up to 256, and else within a second or about a thousand events, whichever is first. Who asks while somebody
// else does that gets the order before, if there is one. Add takes a lock that 1/64 of the items share for some ten nanoseconds, and
// allocates nothing but room for new items: 16 bytes for each, in pieces of 256. Counters are safe for concurrent use.
type Counters struct {
	halfLife float64 // seconds
	slack    int64   // seconds that clocks may differ
	itemsMax uint32
	shards   [shardCount]shard

	latest  atomic.Int64 // the newest event, as its clock had it; noTime: none
	recent  atomic.Int64 // the newest event since the clock was found to be behind; only then
	ceiling atomic.Int64 // what later times count as while the clock is behind them; noTime: it is not
	dirty   atomic.Bool  // something was added since the leaders were put in order
	due     atomic.Bool  // and much

	ordering sync.Mutex // held by who puts the leaders in order
	lead     atomic.Pointer[leaders]
}

const (
	shardCount = 64 // items whose handles differ by a multiple of it share a lock
	touchedMax = 64 // of a shard, between two orders; when there are more the order is made from all items
	manyEvents = 16 // of a shard since the last order
	noTime     = math.MinInt64
)

// NewCounters makes empty counters. A half-life that is negative, too short or not finite is an error.
func NewCounters(opt CountersOptions) (*Counters, error) {
	days := opt.HalfLifeDays
	if days == 0 {
		days = 7
	}
	if !(days >= 0.00002 && days <= math.MaxInt32) {
		return nil, fmt.Errorf("source: half-life of %v days", days)
	}
	itemsMax := uint64(max(0, opt.ItemsMax))
	if itemsMax == 0 {
		itemsMax = 1 << 24
	}
	c := &Counters{halfLife: days * 86_400, itemsMax: uint32(min(itemsMax, uint64(model.NoItem)))}
	c.slack = int64(c.halfLife / 16)
	c.latest.Store(noTime)
	c.recent.Store(noTime)
	c.ceiling.Store(noTime)
	return c, nil
}

// Add counts an interaction of the weight at a time, by a clock that now shows now, both in Unix seconds, and reports
// whether it could: a weight that is zero, NaN or infinite and a handle of ItemsMax or more are not counted. A negative
// weight counts against the item. It costs about 50 ns, and twice that when the item is in no cache.
func (c *Counters) Add(item uint32, weight float32, unix, now int64) bool {
	w := float64(weight)
	if w == 0 || math.IsNaN(w) || math.IsInf(w, 0) || item >= c.itemsMax {
		return false
	}
	c.look(now)
	unix = min(unix, now)
	raise(&c.latest, unix)
	if c.ceiling.Load() != noTime {
		raise(&c.recent, unix)
	}
	s := &c.shards[item%shardCount]
	s.mu.Lock()
	at := s.place(item / shardCount)
	at.add(w, unix, c.effective(at.time, now), c.halfLife)
	many := s.touch(item)
	s.mu.Unlock()
	if !c.dirty.Load() {
		c.dirty.Store(true)
	}
	if many && !c.due.Load() {
		c.due.Store(true)
	}
	return true
}

// Score is the item's sum as of the newest event; 0 for an item never counted. It is finite.
func (c *Counters) Score(item uint32, now int64) float32 {
	if item >= c.itemsMax {
		return 0
	}
	c.look(now)
	s := &c.shards[item%shardCount]
	s.mu.Lock()
	at := s.get(item / shardCount)
	s.mu.Unlock()
	if at.sum == 0 {
		return 0 // and not that of times an unbounded factor, where nothing has been counted yet
	}
	time := c.effective(at.time, now)
	if at.sum > 0 {
		return c.score(at.key(time, c.halfLife), c.newest())
	}
	return finite(at.sum * math.Exp2((float64(time)-float64(c.newest()))/c.halfLife))
}

// score is the sum above zero that a key says, as of newest, and above zero however little it is.
func (c *Counters) score(key float64, newest int64) float32 {
	return max(math.SmallestNonzeroFloat32, finite(math.Exp2(key-float64(newest)/c.halfLife)))
}

func finite(v float64) float32 { return float32(max(-math.MaxFloat32, min(math.MaxFloat32, v))) }

// newest is the time that scores are as of.
func (c *Counters) newest() int64 {
	if c.ceiling.Load() != noTime {
		return c.recent.Load()
	}
	return c.latest.Load()
}

// look finds out whether the clock has gone back behind what was counted, or has caught up.
func (c *Counters) look(now int64) {
	behind := c.latest.Load() > later(now, c.slack)
	switch ceiling := c.ceiling.Load(); {
	case behind && (ceiling == noTime || ceiling > now):
		c.recent.Store(now)
		c.ceiling.Store(now)
	case !behind && ceiling != noTime:
		c.ceiling.Store(noTime)
	default:
		return
	}
	c.dirty.Store(true)
}

// effective is what a time counts as when the clock shows now.
func (c *Counters) effective(unix, now int64) int64 {
	if ceiling := c.ceiling.Load(); ceiling != noTime && unix > later(now, c.slack) {
		return min(ceiling, now)
	}
	return unix
}

// later is a time so many seconds later.
func later(unix, seconds int64) int64 {
	if unix > math.MaxInt64-seconds {
		return math.MaxInt64
	}
	return unix + seconds
}

// raise makes the value at least v.
func raise(value *atomic.Int64, v int64) {
	for old := value.Load(); old < v; old = value.Load() {
		if value.CompareAndSwap(old, v) {
			return
		}
	}
}
