package main

import "math/rand/v2"

// What users do in this simulation: a visit of so many views, one every so many seconds, each of which asks for all its lists at once,
// and leads to interactions as often as the demand says.
const (
	viewsAVisit  = 12
	secondsAView = 25
	pageTTL      = 60 // seconds
)

// mix is what lists turn out to be, as shares.
type mix struct {
	cached, kept, clicked, first float64
}

// classes are what lists cost a replica.
func (m mix) classes(c costs) []class {
	return []class{
		{m.cached, c.of("cached page")}, {m.kept, c.of("kept page")}, {m.clicked, c.of("clicked page")}, {m.first, c.of("first page")},
	}
}

// visits simulates visits, and counts what their lists are when each view goes to the replica of its user, or to any of so many.
// The first list of a visit at a replica reads the history; the first one after an interaction goes on from what was kept; others of
// the same view have the vector and the candidates already; and a list that was asked for before is in the cache until its time is over
// or its user has done something.
func visits(rng *rand.Rand, n int, lists int, interactions float64, replicas int) (m mix) {
	type place struct {
		met     bool
		acted   bool    // since the last list here
		expires float64 // of the pages here; 0: there are none
	}
	total := 0.0
	for range n {
		at, now := make([]place, replicas), 0.0
		for range viewsAVisit {
			now += secondsAView * (0.5 + rng.Float64())
			p := &at[rng.IntN(replicas)]
			for list := range lists {
				total++
				switch {
				case !p.met:
					m.first++
					p.met = true
				case list == 0 && p.acted:
					m.clicked++
				case now < p.expires && !p.acted:
					m.cached++
					continue
				default:
					m.kept++
				}
				if list == lists-1 {
					p.expires, p.acted = now+pageTTL, false
				}
			}
			for acts := interactions; rng.Float64() < acts; acts-- {
				for i := range at {
					at[i].acted, at[i].expires = true, 0
				}
			}
		}
	}
	m.cached, m.kept, m.clicked, m.first = m.cached/total, m.kept/total, m.clicked/total, m.first/total
	return m
}
