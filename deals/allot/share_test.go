package allot_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals/allot"
)

// instance draws a problem: few places for many users, worths of several shapes.
func instance(r *rand.Rand, users, dealsMax int) (worth [][]float64, slots int, caps []int) {
	caps = make([]int, 1+r.IntN(dealsMax))
	for d := range caps {
		caps[d] = r.IntN(1 + users/2)
	}
	shape := r.IntN(4)
	appeal := make([]float64, len(caps))
	for d := range appeal {
		appeal[d] = r.ExpFloat64()
	}
	worth = make([][]float64, 1+r.IntN(users))
	for u := range worth {
		worth[u] = make([]float64, len(caps))
		for d := range caps {
			switch shape {
			case 0:
				worth[u][d] = r.Float64()
			case 1:
				worth[u][d] = appeal[d] // everybody wants the same
			case 2:
				worth[u][d] = appeal[d] * (0.5 + r.Float64())
			default:
				worth[u][d] = math.Exp(4 * r.NormFloat64()) // a few matter
			}
			if r.IntN(5) == 0 {
				worth[u][d] = 0
			}
		}
	}
	return worth, 1 + r.IntN(3), caps
}

// On a thousand random instances the plan is within 1 % of the best there is, by minimum-cost flow, and within the bound that it
// gives, and each user's deals and each deal's users are no more than they may be.
func TestShareIsNearlyOptimal(t *testing.T) {
	t.Parallel()
	const seed = 4
	r := rand.New(rand.NewPCG(seed, 0))
	worst, mean := 0.0, 0.0
	const instances = 1000
	for n := range instances {
		worth, slots, caps := instance(r, 20, 7)
		p, err := allot.Share(worth, slots, caps)
		if err != nil {
			t.Fatal(err)
		}
		total := check(t, p, worth, slots, caps)
		best := optimum(worth, slots, caps)
		if best > 0 {
			gap := 1 - total/best
			worst, mean = max(worst, gap), mean+gap/instances
		}
		if total < 0.99*best || best > total+p.Bound+1e-9 || total > best+1e-9 {
			t.Fatalf("seed %d, instance %d: %v, the best is %v, bound %v", seed, n, total, best, p.Bound)
		}
	}
	t.Logf("%d instances: the mean plan lacks %.3f %% of the optimum, the worst %.3f %%", instances, 100*mean, 100*worst)
}

func check(t *testing.T, p allot.Plan, worth [][]float64, slots int, caps []int) float64 {
	t.Helper()
	var total float64
	used := make([]int, len(caps))
	for u, list := range p.Shown {
		seen := map[int]bool{}
		for _, d := range list {
			if seen[d] || worth[u][d] <= 0 {
				t.Errorf("user %d is shown deal %d twice, or for nothing", u, d)
			}
			seen[d] = true
			used[d]++
			total += worth[u][d]
		}
		if len(list) > slots {
			t.Errorf("user %d is shown %d deals of %d", u, len(list), slots)
		}
	}
	for d, n := range used {
		if n > caps[d] || n < caps[d] && p.Prices[d] != 0 {
			t.Errorf("deal %d is shown to %d of %d, at %v", d, n, caps[d], p.Prices[d])
		}
	}
	if math.Abs(total-p.Total) > 1e-9*max(1, total) {
		t.Errorf("total %v, is %v", p.Total, total)
	}
	return total
}

// optimum is the greatest total, by successive shortest paths from a source through users and deals to a sink.
func optimum(worth [][]float64, slots int, caps []int) float64 {
	type arc struct {
		to, back, room int
		cost           float64
	}
	n := len(worth) + len(caps) + 2
	source, sink := n-2, n-1
	graph := make([][]arc, n)
	add := func(a, b, room int, cost float64) {
		graph[a] = append(graph[a], arc{b, len(graph[b]), room, cost})
		graph[b] = append(graph[b], arc{a, len(graph[a]) - 1, 0, -cost})
	}
	for u, row := range worth {
		add(source, u, slots, 0)
		for d, w := range row {
			add(u, len(worth)+d, 1, -w)
		}
	}
	for d, c := range caps {
		add(len(worth)+d, sink, c, 0)
	}
	var total float64
	for {
		dist, via := make([]float64, n), make([][2]int, n)
		for i := range dist {
			dist[i] = math.Inf(1)
		}
		dist[source] = 0
		for changed := true; changed; {
			changed = false
			for a := range graph {
				for i, e := range graph[a] {
					if e.room > 0 && dist[a]+e.cost < dist[e.to]-1e-12 {
						dist[e.to], via[e.to], changed = dist[a]+e.cost, [2]int{a, i}, true
					}
				}
			}
		}
		if !(dist[sink] < 0) {
			return total
		}
		total -= dist[sink]
		for at := sink; at != source; at = via[at][0] {
			e := &graph[via[at][0]][via[at][1]]
			e.room--
			graph[e.to][e.back].room++
		}
	}
}

// The same input gives the same plan, and users who are alike are served in their order.
func TestShareIsDeterministic(t *testing.T) {
	t.Parallel()
	p, err := allot.Share([][]float64{{1, 0}, {1, 0}, {1, 0.2}}, 1, []int{2, 5})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{0}, {0}, {1}}, p.Shown); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if p.Prices[0] < 0.8 || p.Prices[1] != 0 {
		t.Errorf("prices %v", p.Prices)
	}
	worth, slots, caps := instance(rand.New(rand.NewPCG(1, 1)), 50, 9)
	a, _ := allot.Share(worth, slots, caps)
	b, _ := allot.Share(worth, slots, caps)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

func TestShareErrors(t *testing.T) {
	t.Parallel()
	for _, worth := range [][][]float64{{{1}}, {{1, -1}}, {{1, math.NaN()}}, {{1, math.Inf(1)}}} {
		if _, err := allot.Share(worth, 1, []int{1, 1}); !errors.Is(err, allot.ErrOffer) {
			t.Errorf("%v: %v", worth, err)
		}
	}
	if _, err := allot.Share(nil, -1, nil); !errors.Is(err, allot.ErrOffer) {
		t.Error(err)
	}
	for _, slots := range []int{0, 3} {
		if p, err := allot.Share([][]float64{{1, 2}, {0, 0}}, slots, []int{-1, 0}); err != nil || p.Total != 0 || p.Bound != 0 {
			t.Errorf("no places: %+v, %v", p, err)
		}
	}
}

func BenchmarkShare(b *testing.B) {
	r := rand.New(rand.NewPCG(2, 0))
	worth, caps := make([][]float64, 2000), make([]int, 50)
	for u := range worth {
		worth[u] = make([]float64, len(caps))
		for d := range caps {
			worth[u][d] = r.Float64()
		}
	}
	for d := range caps {
		caps[d] = 40
	}
	var p allot.Plan
	for b.Loop() {
		p, _ = allot.Share(worth, 2, caps)
	}
	b.ReportMetric(100*p.Bound/p.Total, "%bound")
}
