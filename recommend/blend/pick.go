package blend

import (
	"math"

	"github.com/goldrec/gold/recommend/model"
)

// pick adds the n best above zero that are allowed. Much of what scores best the user has met, and may not be shown: so it asks
// only of those that would be among the best so far, and at first of no more than are likely to be enough.
func (a *Answer) pick(all []model.Scored, n int, allow model.Allow) {
	least := a.enough(all, n)
	a.choose(all, n, least, allow)
	if least > 0 && a.best.Len() < n {
		a.choose(all, n, 0, allow)
	}
	for _, s := range a.best.Kept() {
		a.items = append(a.items, s.Item)
	}
}

// choose sets a.best to the n best that are allowed of those above zero and not below least.
func (a *Answer) choose(all []model.Scored, n int, least float32, allow model.Allow) {
	a.best.Reset(n)
	for _, s := range all {
		if s.Score > 0 && s.Score >= least && a.best.Wants(s.Score) && (allow == nil || allow.Contains(s.Item)) {
			a.best.Push(s.Item, s.Score)
		}
	}
}

const (
	lowBits = 18  // of a float32 that make no difference to enough: it tells scores apart that lie a thirty-second apart
	buckets = 256 // eight halvings
)

// enough returns a score that twice n and as many as the user has met are not below, counted in buckets; 0 where that is most of them.
func (a *Answer) enough(all []model.Scored, n int) float32 {
	want := 2*n + len(a.voices[0].user.History)
	if len(all) < 2*want {
		return 0
	}
	most := float32(0)
	for _, s := range all {
		if s.Score > most {
			most = s.Score
		}
	}
	top := math.Float32bits(most) >> lowBits
	var counts [buckets]uint32
	for _, s := range all {
		if s.Score > 0 {
			counts[min(top-math.Float32bits(s.Score)>>lowBits, buckets-1)]++
		}
	}
	for i, count := range counts[:buckets-1] {
		if want -= int(count); want <= 0 {
			return math.Float32frombits((top - uint32(i)) << lowBits)
		}
	}
	return 0
}
