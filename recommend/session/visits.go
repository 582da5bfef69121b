package session

import (
	"cmp"
	"context"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// visitMax is how many clicks of a visit are learned from, the newest: hardly anybody but a machine makes more.
const visitMax = 100

// gapDefault is after how many seconds without a click a visit is over, where events do not say which visit is theirs.
const gapDefault = 30 * 60

// newest appends to dst up to most items that the last visit of a history clicked on, the newest click first and an item as
// often as it was clicked on. It returns also how many events lie before that visit, and when its last one was.
//
// An event of weight 0 is no click and says nothing; one below 0 takes the clicks on its item before it back.
func newest(dst []uint32, history []model.Event, gap uint64, most int) (clicks []uint32, before int, at int64) {
	var against map[uint32]bool
	var later *model.Event
	for before = len(history); before > 0; before-- {
		e := &history[before-1]
		if !(e.Weight > 0 || e.Weight < 0) {
			continue
		}
		switch {
		case later == nil:
			at = e.Time
		case apart(e, later, gap):
			return dst, before, at
		}
		later = e
		switch {
		case e.Weight < 0:
			if against == nil {
				against = map[uint32]bool{}
			}
			against[e.Item] = true
		case most > 0 && !against[e.Item]:
			dst = append(dst, e.Item)
			most--
		}
	}
	return dst, 0, at
}

// apart reports whether two events, one right after the other, are of different visits.
func apart(e, later *model.Event, gap uint64) bool {
	return e.Session != later.Session || e.Session == 0 && uint64(later.Time-e.Time) > gap
}

// present is what the user clicked on during the present visit, the newest first: the end of the history, as training would cut it,
// so that impressions change nothing. It is the last visit, when the present one has no click yet.
func present(dst []uint32, u *model.User, most int) []uint32 {
	dst, _, _ = newest(dst, model.Recent(u.History, historyMax), gapDefault, most)
	return dst
}

// historyMax is how many events are looked at for the present visit, the newest.
const historyMax = 1000

// visits is what was clicked on, one visit after another, the oldest first, and so the clicks of each.
type visits struct {
	offsets []int // of each visit's first click; one more than visits
	clicks  []uint32
}

func (v *visits) len() int { return len(v.offsets) - 1 }

func (v *visits) of(n int) []uint32 { return v.clicks[v.offsets[n]:v.offsets[n+1]] }

// cut is a visit on its way into its place.
type cut struct {
	at       int64
	from, to int
}

// visitsOf cuts all histories into visits, those of one click left out: they say nothing of what goes with what. Visits are
// ordered by their last event, and those of one time by user.
func visitsOf(ctx context.Context, data *model.Dataset) (*visits, error) {
	var clicks []uint32
	var cuts []cut
	for u := range data.UserCount() {
		if u%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		history, first := data.History(uint32(u)), len(cuts)
		for len(history) > 0 {
			from := len(clicks)
			var before int
			var at int64
			if clicks, before, at = newest(clicks, history, gapDefault, visitMax); len(clicks)-from > 1 {
				slices.Reverse(clicks[from:])
				cuts = append(cuts, cut{at, from, len(clicks)})
			} else {
				clicks = clicks[:from]
			}
			history = history[:before]
		}
		slices.Reverse(cuts[first:])
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Compare(a.at, b.at) })
	v := &visits{offsets: make([]int, 1, len(cuts)+1), clicks: make([]uint32, 0, len(clicks))}
	for _, c := range cuts {
		v.clicks = append(v.clicks, clicks[c.from:c.to]...)
		v.offsets = append(v.offsets, len(v.clicks))
	}
	return v, ctx.Err()
}
