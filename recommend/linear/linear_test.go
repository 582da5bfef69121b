package linear_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/internal/heaptest"
	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/linear"
	"github.com/goldrec/gold/recommend/model"
)

func train(t testing.TB, tr linear.Trainer, d *model.Dataset) *linear.Model {
	t.Helper()
	return linkstest.Train[*linear.Model](t, tr, d)
}

// bruteForce is B by its definition: every column a ridge regression, solved by elimination; on all other items, or on
// those that have something in common with it.
func bruteForce(d *model.Dataset, ridge, exponent float64, all bool) (b, x [][]float64) {
	nu, ni := d.UserCount(), d.ItemCount()
	x = make([][]float64, nu)
	total := 0.0
	degrees := make([]float64, nu)
	for u := range x {
		x[u] = make([]float64, ni)
		for _, e := range d.History(uint32(u)) {
			x[u][e.Item] += float64(e.Weight)
		}
		for i := range x[u] {
			if x[u][i] = math.Sqrt(float64(model.Confidence(float32(max(x[u][i], 0))))); x[u][i] > 0 {
				degrees[u]++
				total++
			}
		}
	}
	gram := make([][]float64, ni)
	for i := range gram {
		gram[i] = make([]float64, ni)
		for j := range gram {
			for u := range x {
				if degrees[u] > 0 {
					gram[i][j] += x[u][i] * x[u][j] * math.Pow(degrees[u]/(total/float64(nu)), -exponent)
				}
			}
		}
	}
	mean, occupied := 0.0, 0.0
	for i := range gram {
		mean += gram[i][i]
		if gram[i][i] > 0 {
			occupied++
		}
	}
	ridge *= mean / occupied
	b = make([][]float64, ni)
	for j := range b {
		b[j] = make([]float64, ni)
	}
	for i := range ni {
		var on []int
		for j := range ni {
			if j != i && (all || gram[j][i] > 0) {
				on = append(on, j)
			}
		}
		var system [][]float64
		for _, j := range on {
			var row []float64
			for _, k := range on {
				row = append(row, gram[j][k])
			}
			row[len(system)] += ridge
			system = append(system, append(row, gram[j][i]))
		}
		for n, v := range solve(system) {
			b[on[n]][i] = v
		}
	}
	return b, x
}

func solve(system [][]float64) []float64 {
	n := len(system)
	for k := range n {
		for i := range n {
			f := system[i][k] / system[k][k]
			for j := k; i != k && j <= n; j++ {
				system[i][j] -= f * system[k][j]
			}
		}
	}
	out := make([]float64, n)
	for k := range out {
		out[k] = system[k][n] / system[k][k]
	}
	return out
}

// forms are the exact form and the sparse one, for data that both fit.
func forms(t *testing.T, tr linear.Trainer, d *model.Dataset) map[string]*linear.Model {
	t.Helper()
	reduced := tr
	reduced.ExactMax = -1
	if !linear.IsExact(tr, d) || linear.IsExact(reduced, d) {
		t.Fatal("the two forms are one")
	}
	return map[string]*linear.Model{"exact": train(t, tr, d), "sparse": train(t, reduced, d)}
}

// TestAgainstBruteForce wants the ridge regression itself of either form when it may look at all items.
func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	d := linkstest.Shop(80, 40, 8)
	for _, tt := range []struct {
		name            string
		trainer         linear.Trainer
		ridge, exponent float64
	}{
		{"defaults", linear.Trainer{}, linear.RidgeDefault, linear.ExponentDefault},
		{"plain", linear.Trainer{Ridge: 3, UserExponent: -1}, 3, 0},
		{"degrees", linear.Trainer{Ridge: 10, UserExponent: 1.5}, 10, 1.5},
	} {
		for form, m := range forms(t, tt.trainer, d) {
			b, x := bruteForce(d, tt.ridge, tt.exponent, form == "exact")
			for u := range x {
				got := linkstest.Scores(m, d, u)
				for i := range got {
					want, size := 0.0, 0.0
					for j, v := range x[u] {
						want += v * b[j][i]
						size += math.Abs(v * b[j][i])
					}
					if math.Abs(float64(got[i])-want) > 1e-4*max(1, size) {
						t.Fatalf("%s, %s: user %d, item %d: %v, want %v", tt.name, form, u, i, got[i], want)
					}
				}
			}
		}
	}
}

// TestNeighbors wants of the exact form the entries of the greatest magnitude, and of the sparse one the regression on the
// most alike, and no more of either.
func TestNeighbors(t *testing.T) {
	t.Parallel()
	d := linkstest.Shop(150, 60, 10)
	const few = 7
	whole, _ := bruteForce(d, 5, 0, true)
	for form, m := range forms(t, linear.Trainer{Ridge: 5, UserExponent: -1, Neighbors: few}, d) {
		columns, least := make([]int, d.ItemCount()), make([]float64, d.ItemCount())
		for j := range uint32(d.ItemCount()) {
			row, ok := m.Row(j)
			if !ok {
				continue
			}
			items, weights := m.Of(row)
			for k, i := range items {
				if v := math.Abs(float64(weights[k])); columns[i] == 0 || v < least[i] {
					least[i] = v
				}
				columns[i]++
				if v := whole[j][i]; form == "exact" && math.Abs(v-float64(weights[k])) > 1e-4 {
					t.Fatalf("B[%d, %d] is %v, want %v", j, i, weights[k], v)
				}
			}
		}
		for i, n := range columns {
			greater := 0
			for j := range whole {
				if math.Abs(whole[j][i]) > least[i]+1e-4 {
					greater++
				}
			}
			if form == "exact" && greater >= few {
				t.Errorf("item %d keeps a weight of %v, and %d are greater", i, least[i], greater)
			}
			if _, ok := m.Row(uint32(i)); ok && (n > few || n < few && form == "exact") {
				t.Errorf("%s: item %d is spoken for by %d others, want %d", form, i, n, few)
			}
		}
	}
}

// TestReducedColumn wants a column of the sparse form to be the ridge regression on the most alike.
func TestReducedColumn(t *testing.T) {
	t.Parallel()
	var b model.Builder
	rng := rand.New(rand.NewPCG(1, 2))
	likes := func(of float64) bool { return rng.Float64() < of }
	for u := range 400 {
		user, tea := fmt.Sprint(u), likes(0.5)
		for item, of := range map[string][2]float64{"tea": {0, 1}, "pot": {0.1, 0.8}, "cup": {0.2, 0.7}, "saw": {0.9, 0.9}, "nail": {0.25, 0.2}} {
			p := of[0]
			if tea {
				p = of[1]
			}
			if likes(p) {
				b.Add(user, item, 1, 1)
			}
		}
	}
	d := b.Build()
	m := train(t, linear.Trainer{Ridge: 2, UserExponent: -1, Neighbors: 2, ExactMax: -1}, d)
	item := func(id string) uint32 { h, _ := d.Items.Lookup(id); return h }
	counts := func(ids ...string) (n float64) {
		for u := range d.UserCount() {
			has := 0
			for _, e := range d.History(uint32(u)) {
				for _, id := range ids {
					if e.Item == item(id) {
						has++
					}
				}
			}
			if has == len(ids) {
				n++
			}
		}
		return n
	}
	// tea by pot and cup: two equations.
	ridge := 2 * float64(d.Len()) / 5
	pp, cc, pc := counts("pot")+ridge, counts("cup")+ridge, counts("pot", "cup")
	tp, tc := counts("tea", "pot"), counts("tea", "cup")
	det := pp*cc - pc*pc
	want := map[string]float64{"pot": (tp*cc - tc*pc) / det, "cup": (tc*pp - tp*pc) / det, "saw": 0, "nail": 0}
	for id, v := range want {
		got := []float32{0}
		m.Score(got, &model.User{History: []model.Event{{Item: item(id), Weight: 1}}}, []uint32{item("tea")})
		if math.Abs(float64(got[0])-v) > 1e-5 {
			t.Errorf("%s says %v for tea, want %v", id, got[0], v)
		}
	}
}

func TestMemoryMax(t *testing.T) {
	t.Parallel()
	d := linkstest.Shop(100, 200, 10)
	_, err := linear.Trainer{ExactMax: -1, MemoryMax: 1000}.Train(t.Context(), d, model.TrainOptions{})
	var too *linear.MemoryError
	if !errors.As(err, &too) || too.Max != 1000 || too.Need <= 1000 {
		t.Fatalf("with 1000 bytes: %v", err)
	}
	need := too.Need
	if _, err := (linear.Trainer{ExactMax: -1, MemoryMax: need}).Train(t.Context(), d, model.TrainOptions{}); err != nil {
		t.Errorf("with what it says it needs: %v", err)
	}
	if _, err := (linear.Trainer{ExactMax: -1, MemoryMax: need - 1}).Train(t.Context(), d, model.TrainOptions{}); err == nil {
		t.Error("with a byte less than it needs: no error")
	}
}

// TestTrainingMemory holds either form to what it reckons with.
func TestTrainingMemory(t *testing.T) {
	d := linkstest.Shop(3000, 1500, 30)
	exact, reduced := linear.Needs(linear.Trainer{}, d)
	if linear.IsExact(linear.Trainer{MemoryMax: exact - 1}, d) || !linear.IsExact(linear.Trainer{MemoryMax: exact}, d) {
		t.Error("the exact form is not taken where it fits, and only there")
	}
	for _, tt := range []struct {
		most     int64
		exactMax int
	}{{exact, 0}, {reduced, -1}} {
		var m *linear.Model
		peak := heaptest.Peak(func() { m = train(t, linear.Trainer{MemoryMax: tt.most, ExactMax: tt.exactMax}, d) })
		if t.Logf("%d of %d bytes, for a model of %d links", peak, tt.most, m.Len()); int64(peak) > tt.most || int64(peak) < tt.most/3 {
			t.Errorf("training took %d bytes of %d", peak, tt.most)
		}
	}
}

// TestUserMax wants a user beyond it to count with a sample, and the work to be bounded.
func TestUserMax(t *testing.T) {
	t.Parallel()
	var b model.Builder
	for i := range 400 {
		b.Add("everything", fmt.Sprintf("i%03d", i), 1, 1)
	}
	d := b.Build()
	m := train(t, linear.Trainer{UserMax: 10}, d)
	if got := len(m.Propose(nil, &model.User{History: d.History(0)}, 1000, nil, model.Thorough)); got != 10 {
		t.Errorf("%d items are spoken for, want the sample of 10", got)
	}
}

func TestTrainerRefuses(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]linear.Trainer{
		"ridge": {Ridge: -1}, "ridge NaN": {Ridge: math.NaN()}, "exponent": {UserExponent: 2.1}, "exponent NaN": {UserExponent: math.NaN()},
		"neighbours": {Neighbors: -1}, "many neighbours": {Neighbors: 5000}, "user max": {UserMax: 1}, "memory": {MemoryMax: -1},
	} {
		if _, err := tr.Train(t.Context(), linkstest.Shop(3, 3, 2), model.TrainOptions{}); err == nil {
			t.Errorf("%s: %+v was taken", name, tr)
		}
	}
}
