package session

import "slices"

const (
	agesMax = 10 // items of a visit that are told apart by how many others were clicked on since; older ones are like the last of these
	states  = 8
	// learnedMax is how many visits returns are learned from, the newest.
	learnedMax = 200_000
	// prior is how many chances to return count before there are any, and priorShare of how many of them one was taken: half as
	// often for each item clicked on since.
	prior      = 10
	priorShare = 0.2
	// newMin is what is left at least to items that the visit does not have.
	newMin = 0.05
)

// returns is how often visits go back to an item that they have, by what they look like and how many others lie between.
type returns [states][agesMax]float32

// state says what a visit of so many items looks like, of which the last two clicks may have been on one.
func state(items int, twice bool) int {
	n := max(0, min(items, states/2)-1)
	if twice {
		n += states / 2
	}
	return n
}

// learnReturns counts the returns of the newest visits; looked is how many clicks back an answer looks.
func learnReturns(v *visits, looked int) *returns {
	var chances, taken [states][agesMax]int
	var clicks, items []uint32
	for n := max(0, v.len()-learnedMax); n < v.len(); n++ {
		visit := v.of(n)
		for next := 1; next < len(visit); next++ {
			clicks = append(clicks[:0], visit[max(0, next-looked):next]...)
			slices.Reverse(clicks)
			items = once(append(items[:0], clicks...))
			s := state(len(items), len(clicks) > 1 && clicks[0] == clicks[1])
			for age, item := range items {
				age = min(age, agesMax-1)
				chances[s][age]++
				if item == visit[next] {
					taken[s][age]++
				}
			}
		}
	}
	r := new(returns)
	for s := range r {
		share := priorShare
		for age := range r[s] {
			r[s][age] = float32((float64(taken[s][age]) + prior*share) / float64(chances[s][age]+prior))
			share /= 2
		}
	}
	return r
}

// rest is what is left to other items in a state in which a visit has so many.
func (r *returns) rest(state, items int) float32 {
	left := float32(1)
	for age := range items {
		left -= r[state][min(age, agesMax-1)]
	}
	return max(left, newMin)
}
