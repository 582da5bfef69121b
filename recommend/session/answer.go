package session

import (
	"slices"

	"github.com/goldrec/gold/internal/topk"
	"github.com/goldrec/gold/recommend/model"
)

// answer is the memory of one call.
type answer struct {
	clicks  []uint32 // of the visit to go on, each item once, the newest first
	ages    []int    // how many clicks were made after each
	cursors []cursor
	state   int
	rest    float32 // what is left to other items, over the sum of what is said of them, those that are gone too
	met     []met   // the visits that share an item with it, the newest first
	nearest topk.Selector
	sums    model.Sums
	best    topk.Selector
}

// cursor is how far the visits of one clicked item have been looked at.
type cursor struct {
	visits []uint32 // that are left, the newest first
	weight float32
}

type met struct {
	segment *segment
	visit   uint32
	shared  int // items that both visits have
}

// begin sets the visit to go on.
func (a *answer) begin(u *model.User, weights []float32) {
	a.clicks, a.ages = present(a.clicks[:0], u, len(weights)), a.ages[:0]
	twice, n := len(a.clicks) > 1 && a.clicks[0] == a.clicks[1], 0
	for age, item := range a.clicks {
		if !slices.Contains(a.clicks[:n], item) {
			a.clicks[n] = item
			a.ages = append(a.ages, age)
			n++
		}
	}
	a.clicks = a.clicks[:n]
	a.state = state(n, twice)
}

// hear looks at what there is for visits that share items with the one to go on, the newest first and no more than most, and
// selects the nearest of them.
func (m *Model) hear(a *answer, now *held, u *model.User) {
	a.begin(u, m.weights)
	a.met = a.met[:0]
	a.nearest.Reset(m.how.Neighbors)
	for _, s := range slices.Backward(now.segments) {
		a.cursors = a.cursors[:0]
		for i, item := range a.clicks {
			if visits := s.with(item); len(visits) > 0 {
				a.cursors = append(a.cursors, cursor{visits, m.weights[a.ages[i]]})
			}
		}
		for len(a.cursors) > 0 {
			if len(a.met) == m.how.Recent {
				return
			}
			m.meet(a, s)
		}
	}
}

// meet looks at the newest visit that a cursor is at.
func (m *Model) meet(a *answer, s *segment) {
	visit := a.cursors[0].visits[0]
	for _, c := range a.cursors[1:] {
		visit = max(visit, c.visits[0])
	}
	var sum, newest float32
	shared := 0
	left := a.cursors[:0]
	for _, c := range a.cursors {
		if c.visits[0] == visit {
			sum += c.weight
			shared++
			newest = max(newest, c.weight)
			c.visits = c.visits[1:]
		}
		if len(c.visits) > 0 {
			left = append(left, c)
		}
	}
	a.cursors = left
	// Of two that are as near the newer one comes first: it has been met before.
	a.nearest.Push(uint32(len(a.met)), sum*newest*m.lengths[len(s.of(int(visit)))])
	a.met = append(a.met, met{s, visit, shared})
}

// score adds up what the nearest visits say, and how much all that is.
func (m *Model) score(a *answer, now *held, u *model.User) {
	a.sums.Reset()
	m.hear(a, now, u)
	var others float32
	for _, near := range a.nearest.Sorted() {
		at := a.met[near.Item]
		items := at.segment.of(int(at.visit))
		others += near.Score * float32(len(items)-at.shared)
		for _, item := range items {
			if item != model.NoItem {
				a.sums.Add(item, near.Score)
			}
		}
	}
	a.rest = 0
	if others > 0 {
		a.rest = m.returns.rest(a.state, len(a.clicks)) / (others * rare(1, now.visits))
	}
}

// share is what an item of which so much is said has of the score of one that all items share.
func (m *Model) share(a *answer, now *held, item uint32, said float32) float32 {
	if said == 0 {
		return 0
	}
	if age := slices.Index(a.clicks, item); age >= 0 {
		return m.repeat * m.returns[a.state][min(age, agesMax-1)]
	}
	return a.rest * said * now.of(item)
}
