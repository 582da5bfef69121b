package popular

import (
	"cmp"
	"math"
	"slices"

	"github.com/goldrec/gold/recommend/model"
)

// Model scores items alike for everybody. Its scores lie in -1 to 1: 1 is the most popular item, 0 one that nobody
// touched, below 0 one that is more disliked than liked. It is safe for concurrent use, and costs 8 bytes for every
// handle up to the highest that has a score.
type Model struct {
	scores []float32 // by handle; the last is not zero
	order  []uint32  // items of a score above zero, best first, ties by handle
	scale  float32
}

func newModel(scores []float32) *Model {
	for len(scores) > 0 && scores[len(scores)-1] == 0 {
		scores = scores[:len(scores)-1]
	}
	m := &Model{scores: slices.Clip(scores), scale: deviation(scores)}
	for i, s := range scores {
		if s > 0 {
			m.order = append(m.order, uint32(i))
		}
	}
	slices.SortFunc(m.order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	return m
}

// deviation is the standard deviation of the scores that are not zero.
func deviation(scores []float32) float32 {
	var n, sum, squares float64
	for _, s := range scores {
		if s != 0 {
			n++
			sum += float64(s)
		}
	}
	if n == 0 {
		return 0
	}
	for _, s := range scores {
		if d := float64(s) - sum/n; s != 0 {
			squares += d * d
		}
	}
	return float32(math.Sqrt(squares / n))
}

// Name returns "popular".
func (m *Model) Name() string { return Name }

// Score looks the items up.
func (m *Model) Score(dst []float32, _ *model.User, items []uint32) {
	for i, item := range items {
		dst[i] = m.score(item)
	}
}

func (m *Model) score(item uint32) float32 {
	if int64(item) < int64(len(m.scores)) {
		return m.scores[item]
	}
	return 0
}

// Scale is the standard deviation of the scores of the items that have one, the same for everybody.
func (m *Model) Scale(*model.User) float32 { return m.scale }

// quickSteps is how many items Quick looks at for each that is asked for.
const quickSteps = 16

// Propose walks the items from the most popular on until it has n: all of them when allow refuses most, or the first 16·n
// at Quick.
func (m *Model) Propose(
	dst []model.Scored, _ *model.User, n int, allow model.Allow, effort model.Effort,
) []model.Scored {
	order := m.order
	if n <= 0 {
		return dst
	}
	if effort == model.Quick && n < len(order)/quickSteps {
		order = order[:quickSteps*n]
	}
	for _, item := range order {
		if n == 0 {
			break
		}
		if allow == nil || allow.Contains(item) {
			dst = append(dst, model.Scored{Item: item, Score: m.scores[item]})
			n--
		}
	}
	return dst
}

// Explain gives popularity itself as the reason.
func (m *Model) Explain(dst []model.Reason, _ *model.User, item uint32, n int) []model.Reason {
	if n <= 0 || m.score(item) <= 0 {
		return dst
	}
	return append(dst, model.Reason{Model: Name, Because: model.NoItem, Share: 1})
}
