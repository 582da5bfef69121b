package stage

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// Forever is longer than anything lasts.
const Forever time.Duration = math.MaxInt64

// Seen says when an item that the user has had to do with may be shown again: the engine's rule for what it allows. The
// zero value, and nil, is: never after anything but an impression.
//
//	Hide                                     an item is not shown
//	{}                                       after a view, click, cart, purchase, like, dislike, skip or rating, ever again
//	{View: 0, Click: 0}                      after all but a view, click or impression, ever again
//	{View: 24 * time.Hour}                   for a day after it was viewed; after the others, ever again
//	{Impression: time.Hour}                  for an hour after it was shown at all, besides
//	{Purchase: 30 * 24 * time.Hour, …: 0}    for a month after it was bought, whatever else was done
//
// Of several events of an item the one that hides it longest counts. Again is for what is bought again and again, such as
// coffee: the items that it matches are hidden for AgainAfter at most. A Dislike hides them as it does others.
//
// It is safe for concurrent use; its fields must not be changed once it is in use.
type Seen struct {
	// Hide is how long after an interaction of a kind its item is not shown; 0: it may be at once. Kinds that are missing,
	// and events of no known kind: Forever, impressions 0.
	Hide map[store.Kind]time.Duration

	Again      catalog.Filter // nil: no item
	AgainAfter time.Duration

	once  sync.Once
	hide  [store.Rating + 1]int64 // seconds by kind
	again where
}

// Validate implements Checked.
func (s *Seen) Validate() error {
	for _, kind := range slices.Sorted(maps.Keys(s.Hide)) {
		if !kind.Valid() || s.Hide[kind] < 0 {
			return fmt.Errorf("%w: seen: hidden for %v after a %v", ErrInvalid, s.Hide[kind], kind)
		}
	}
	if s.AgainAfter < 0 {
		return fmt.Errorf("%w: seen: again after %v", ErrInvalid, s.AgainAfter)
	}
	if s.Again == nil {
		return nil
	}
	return checkFilter("seen", s.Again)
}

// Allows reports whether the item of an event may be shown at now, in Unix seconds, for all that this event says.
func (s *Seen) Allows(c *catalog.Catalog, e model.Event, now int64) bool { return s.Until(c, e) <= now }

// Until returns the Unix second from which on the item of an event may be shown again: math.MinInt64 when the event never
// hid it, math.MaxInt64 for never. The highest of an item's events is the item's, so one number an item is all that has
// to be kept, until Again or its items change. It takes no allocation; c may be nil, and then nothing matches Again.
func (s *Seen) Until(c *catalog.Catalog, e model.Event) int64 {
	if s == nil {
		return after(e.Time, byDefault(e.Kind))
	}
	s.once.Do(s.prepare)
	seconds := byDefault(e.Kind)
	if int(e.Kind) < len(s.hide) {
		seconds = s.hide[e.Kind]
	}
	if s.Again != nil && c != nil && e.Kind != store.Dislike {
		if m := s.again.in(c, s.Again); m != nil && m.Match(e.Item) {
			seconds = min(seconds, wholeSeconds(s.AgainAfter))
		}
	}
	return after(e.Time, seconds)
}

func (s *Seen) prepare() {
	for kind := range s.hide {
		s.hide[kind] = byDefault(store.Kind(kind))
		if d, ok := s.Hide[store.Kind(kind)]; ok {
			s.hide[kind] = wholeSeconds(d)
		}
	}
}

// byDefault is for how many seconds an interaction of a kind hides its item when nothing is said.
func byDefault(kind store.Kind) int64 {
	if kind == store.Impression {
		return 0
	}
	return math.MaxInt64
}

// wholeSeconds rounds up: 1 ns hides within the second of the event.
func wholeSeconds(d time.Duration) int64 {
	if d == Forever {
		return math.MaxInt64
	}
	seconds := int64(d / time.Second)
	if d%time.Second > 0 {
		seconds++
	}
	return max(0, seconds)
}

// after is the time so many seconds later.
func after(unix, seconds int64) int64 {
	switch {
	case seconds == 0:
		return math.MinInt64
	case seconds == math.MaxInt64 || unix > 0 && seconds > math.MaxInt64-unix:
		return math.MaxInt64
	}
	return unix + seconds
}
