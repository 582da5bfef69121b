package recommendtest

import (
	"cmp"
	"fmt"
	"math"
	"testing"

	"github.com/goldrec/gold/recommend/model"
)

// score scores all items, and checks that scores are finite.
func (m *trained) score(t *testing.T, u *model.User) []float32 {
	t.Helper()
	dst := make([]float32, m.items)
	for i := range dst {
		dst[i] = float32(math.NaN()) // what is not set shows
	}
	m.Score(dst, u, handles(len(dst)))
	for i, v := range dst {
		if !finite(v) {
			t.Fatalf("item %d scores %v for a history of %s", i, v, brief(u.History))
		}
	}
	return dst
}

// propose asks for candidates and checks what is true of all: n at most, allowed, each once, in order, and of the score
// that Score gives.
func (m *trained) propose(t *testing.T, u *model.User, n int, allow model.Allow, effort model.Effort) []model.Scored {
	t.Helper()
	got := m.Propose(nil, u, n, allow, effort)
	if len(got) > max(n, 0) {
		t.Fatalf("%d candidates of %d asked for", len(got), n)
	}
	scores, seen := m.score(t, u), make([]bool, m.items)
	greatest := greatest(scores)
	for i, c := range got {
		switch {
		case int64(c.Item) >= int64(len(scores)):
			t.Fatalf("candidate %v of %d items", c, len(scores))
		case seen[c.Item]:
			t.Fatalf("candidate %v comes twice", c)
		case allow != nil && !allow.Contains(c.Item):
			t.Fatalf("candidate %v is not allowed", c)
		case i > 0 && compare(got[i-1], c) >= 0:
			t.Fatalf("candidate %v comes before %v", got[i-1], c)
		case !(math.Abs(float64(c.Score)-float64(scores[c.Item])) <= rounding*greatest): // rounding may differ, no more
			t.Fatalf("candidate %v, but Score says %v", c, scores[c.Item])
		}
		seen[c.Item] = true
	}
	return got
}

// everything is all that is proposed.
func (m *trained) everything(t *testing.T, u *model.User, allow model.Allow) []model.Scored {
	t.Helper()
	return m.propose(t, u, math.MaxInt, allow, model.Thorough)
}

// rounding is how far apart two ways to one score may end, as a part of the greatest score: additions in another order of
// some hundred float32 numbers.
const rounding = 1e-5

// near says where two lists of scores differ by more than rounding and a factor allow; "" when they do not.
func near(want, got []float32, factor float64) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d scores, want %d", len(got), len(want))
	}
	most := factor * rounding * greatest(want)
	for i := range want {
		if d := math.Abs(float64(want[i]) - float64(got[i])); !(d <= most) {
			return fmt.Sprintf("item %d scores %v, want %v within %.2g", i, got[i], want[i], most)
		}
	}
	return ""
}

// differs says where two lists differ; "" when they do not.
func differs[T comparable](want, got []T) string {
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return fmt.Sprintf("at %d of %d is %v, want %v", i, len(want), got[i], want[i])
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d, want %d", len(got), len(want))
	}
	return ""
}

// brief is a value in no more than a line.
func brief[T any](all []T) string {
	if len(all) > 5 {
		return fmt.Sprintf("%v and %d more", all[:5], len(all)-5)
	}
	return fmt.Sprint(all)
}

func greatest(scores []float32) (most float64) {
	for _, v := range scores {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}

func compare(a, b model.Scored) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

func handles(n int) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}
