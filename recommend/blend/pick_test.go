package blend_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend/model"
)

// However much of what scores best is refused, the best of the rest is proposed.
func TestTheBestAreRefused(t *testing.T) {
	t.Parallel()
	const items = 3000
	rng := rand.New(rand.NewPCG(8, 8))
	for name, score := range map[string]func() float32{
		"even": rng.Float32, "far apart": func() float32 { return float32(math.Exp(20 * rng.NormFloat64())) },
		"alike": func() float32 { return float32(1 + rng.IntN(3)) }, "mostly below": func() float32 { return float32(rng.NormFloat64() - 2) },
	} {
		scores := make([]float32, items)
		best := float32(0)
		for i := range scores {
			scores[i] = score()
			best = max(best, scores[i])
		}
		p := listed{part{name: "a", items: items, score: func(_ *model.User, item uint32) float32 { return scores[item] }}}
		bl := mustNew(t, weights(items, []string{"a"}, 1), p)
		u := &model.User{History: events(1, 0, 3)}
		var above []uint32
		for item, s := range scores {
			if s > 0 {
				above = append(above, uint32(item))
			}
		}
		ranked := bl.Rank(nil, u, above)
		for _, refused := range []int{0, 10, 60, 75, 100, 500, 2990} {
			refused = min(refused, len(ranked))
			not := map[uint32]bool{}
			for _, s := range ranked[:refused] {
				not[s.Item] = true
			}
			allow := model.AllowFunc(func(item uint32) bool { return !not[item] })
			for _, n := range []int{5, 40} {
				answer := bl.Answer(u)
				want := ranked[refused:min(len(ranked), refused+n)]
				if diff := cmp.Diff(want, answer.Propose([]model.Scored{}, n, allow, model.Quick)); diff != "" {
					t.Errorf("%s, %d of %d refused (-want +got):\n%s", name, refused, items, diff)
				}
				answer.Close()
			}
		}
	}
}
