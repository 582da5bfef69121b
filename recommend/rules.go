package recommend

import (
	"cmp"
	"math"
	"slices"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/store"
)

// rules are the different Seen of the policies, by number. Where there are none, what a user has met is hidden for ever,
// and all that is kept of it is the item.
type rules struct {
	catalog *catalog.Catalog
	seen    []*stage.Seen
}

// hide says until when an item is hidden from a user.
type hide struct {
	item  uint32
	until uint32 // Unix seconds; hideForever: for ever
}

const hideForever = math.MaxUint32

// add numbers a rule.
func (r *rules) add(s *stage.Seen, c *catalog.Catalog) int {
	r.catalog = c
	if i := slices.Index(r.seen, s); i >= 0 {
		return i
	}
	r.seen = append(r.seen, s)
	return len(r.seen) - 1
}

// hides reports whether an interaction of the kind hides its item where no rule says otherwise.
func hides(k store.Kind) bool { return k != store.Impression }

// asks reports whether a rule wants to know of impressions.
func (r *rules) asks(k store.Kind) bool {
	return k == store.Impression && slices.ContainsFunc(r.seen, func(s *stage.Seen) bool { return s.Hide[store.Impression] != 0 })
}

// of is what the rules hide after events.
func (r *rules) of(events []event) [][]hide {
	if len(r.seen) == 0 {
		return nil
	}
	hidden := make([][]hide, len(r.seen))
	for i := range hidden {
		for j := range events {
			if until := r.until(i, &events[j]); until > 0 {
				hidden[i] = append(hidden[i], hide{events[j].item, until})
			}
		}
		slices.SortFunc(hidden[i], func(a, b hide) int {
			return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(b.until, a.until))
		})
		hidden[i] = slices.Clip(slices.CompactFunc(hidden[i], func(a, b hide) bool { return a.item == b.item }))
	}
	return hidden
}

// with is what they hide after one event more.
func (r *rules) with(hidden [][]hide, ev event) [][]hide {
	if len(r.seen) == 0 {
		return nil
	}
	next := make([][]hide, len(r.seen))
	copy(next, hidden)
	for i := range next {
		until := r.until(i, &ev)
		at, found := slices.BinarySearchFunc(next[i], ev.item, byItem)
		switch {
		case until == 0 || found && next[i][at].until >= until:
		case found:
			next[i] = slices.Clone(next[i])
			next[i][at].until = until
		default:
			next[i] = slices.Insert(slices.Clip(next[i]), at, hide{ev.item, until})
		}
	}
	return next
}

func byItem(h hide, item uint32) int { return cmp.Compare(h.item, item) }

// until is until when the event hides its item under a rule; 0: it does not.
func (r *rules) until(rule int, ev *event) uint32 {
	switch until := r.seen[rule].Until(r.catalog, ev.model()); {
	case until <= 0:
		return 0
	case until >= hideForever:
		return hideForever
	default:
		return uint32(until)
	}
}

// hides reports whether the item is hidden from the user under a rule.
func (s *userState) hides(rule int, item uint32, now int64) bool {
	if rule >= len(s.hidden) {
		return false // of a stranger
	}
	at, found := slices.BinarySearchFunc(s.hidden[rule], item, byItem)
	return found && (s.hidden[rule][at].until == hideForever || now < int64(s.hidden[rule][at].until))
}
