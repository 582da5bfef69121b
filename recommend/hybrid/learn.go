package hybrid

import (
	"context"
	"math"
	"slices"

	"github.com/goldrec/gold/internal/parallel"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

const (
	sliceUsers    = 4000 // users with withheld items, at most
	slicePart     = 5    // one distinct item in so many is withheld
	sliceItems    = 20   // withheld items a user, at most
	examplesMax   = 1000 // users a class of length
	examplesMin   = 30   // fewer teach nothing: the class takes its neighbour's weights
	cutoff        = 10   // of the nDCG that is maximised
	learnFrom     = 100  // candidates of each part
	sweepsMax     = 8
	improvedLeast = 1e-6
)

// slice is data with some users' items withheld.
type slice struct {
	fit   *model.Dataset
	users []uint32
	truth [][]uint32 // sorted, by index into users
}

// holdOut withholds a fifth of the distinct items of a sample of users: those they came to last, or, where the data has
// no times, any. The sample takes every user of a short list and is spread evenly over a long one.
func holdOut(data *model.Dataset, seed uint64) *slice {
	s := &slice{}
	step := max(1, data.Users.Len()/sliceUsers)
	s.fit = data.WithHistories(func(user uint32, history []model.Event) []model.Event {
		if int(user)%step != 0 {
			return history
		}
		truth := withheld(history, seed+uint64(user))
		if len(truth) == 0 {
			return history
		}
		s.users = append(s.users, user)
		s.truth = append(s.truth, truth)
		return slices.DeleteFunc(slices.Clone(history), func(e model.Event) bool {
			_, found := slices.BinarySearch(truth, e.Item)
			return found
		})
	})
	return s
}

// withheld chooses the items to withhold, sorted.
func withheld(history []model.Event, seed uint64) []uint32 {
	items := distinct(history)
	if len(items) < 2 {
		return nil
	}
	if history[0].Time == history[len(history)-1].Time {
		slices.SortFunc(items, func(a, b uint32) int {
			if mix(seed, a) < mix(seed, b) {
				return -1
			}
			return 1
		})
	}
	n := min(max(1, len(items)/slicePart), sliceItems)
	truth := slices.Clone(items[len(items)-n:])
	slices.Sort(truth)
	return truth
}

// distinct is the items that the history speaks for, by first appearance.
func distinct(history []model.Event) []uint32 {
	seen := make(map[uint32]bool, len(history))
	var items []uint32
	for _, e := range history {
		if e.Weight > 0 && !seen[e.Item] {
			seen[e.Item] = true
			items = append(items, e.Item)
		}
	}
	return items
}

func mix(seed uint64, item uint32) uint64 {
	h := (seed+1)*0x9e3779b97f4a7c15 ^ uint64(item)*0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

// learn finds the weights of every class of length. Users of long histories teach the short classes too, by their
// newest events alone.
func learn(ctx context.Context, parts []model.Model, s *slice, workers int) ([lengths][]float32, error) {
	even := newModel(parts, [lengths][]float32{})
	var weights [lengths][]float32
	for c := range weights {
		ones := make([]float32, len(parts))
		for i := range ones {
			ones[i] = 1
		}
		even.weights[c] = ones
	}
	for c := range weights {
		examples, err := collect(ctx, even, s, c, workers)
		if err != nil {
			return weights, err
		}
		spread := spreads(examples, len(parts))
		examples = slices.DeleteFunc(examples, func(e example) bool { return len(e.relevant) == 0 })
		switch {
		case len(examples) >= examplesMin:
			var before []float32
			if c > 0 {
				before = weights[c-1]
			}
			weights[c] = ascend(examples, spread, before, workers)
			if !personal(parts, weights[c]) {
				weights[c] = prior(parts, spread)
			}
		case c > 0:
			weights[c] = weights[c-1]
		default:
			weights[c] = prior(parts, spread)
		}
		weights[c] = scale(weights[c], spread)
	}
	return weights, nil
}

// personal reports whether a part that knows the user has a weight. Where none has, popularity alone ranked best on the
// slice, and it would still be wrong to answer a first click with what everybody gets.
func personal(parts []model.Model, weights []float32) bool {
	for i, p := range parts {
		if p.Name() != popular.Name && weights[i] != 0 {
			return true
		}
	}
	return len(parts) == 1
}

// prior is the weights where there is too little data to learn any: all parts count alike, but what everybody likes counts
// for a tenth of what goes with the user's own history.
func prior(parts []model.Model, spread []float32) []float32 {
	w := alike(spread)
	for i, p := range parts {
		if p.Name() == popular.Name {
			w[i] /= 10
		}
	}
	return w
}

// example is the candidates of one user, their features part by part, and which of them were withheld.
type example struct {
	features [][]float32 // [part][candidate]
	relevant []int       // candidates, ascending
	ideal    float64     // DCG of the best ranking possible with all that was withheld
}

// collect makes the examples of a class.
func collect(ctx context.Context, even *Model, s *slice, c, workers int) ([]example, error) {
	var chosen []int
	for i, user := range s.users {
		if len(chosen) < examplesMax && class(length(s.fit.History(user))) >= c {
			chosen = append(chosen, i)
		}
	}
	all := make([]example, len(chosen))
	err := parallel.For(ctx, workers, len(chosen), func(_, j int) {
		i := chosen[j]
		all[j] = even.example(s.fit.History(s.users[i]), s.truth[i], c, s.fit.Now)
	})
	return all, err
}

func (m *Model) example(history []model.Event, truth []uint32, c int, now int64) example {
	seen := distinct(history)
	slices.Sort(seen)
	allow := func(item uint32) bool {
		_, found := slices.BinarySearch(seen, item)
		return !found
	}
	u := &model.User{History: newest(history, 1<<c), Now: now}
	if c == lengths-1 {
		u.History = history
	}
	s := m.begin(u)
	defer m.end(s)
	m.gather(s, m.weights[c], learnFrom, allow, true)
	e := example{ideal: idealDCG(len(truth))}
	for j, item := range s.items {
		if _, found := slices.BinarySearch(truth, item); found {
			e.relevant = append(e.relevant, j)
		}
	}
	for i := range m.parts {
		e.features = append(e.features, slices.Clone(m.scores(s, i)))
	}
	return e
}

// newest is the shortest end of the history that is n long.
func newest(history []model.Event, n int) []model.Event {
	from := len(history)
	for from > 0 && length(history[from-1:]) <= n {
		from--
	}
	return history[from:]
}

func idealDCG(relevant int) float64 {
	var sum float64
	for r := range min(relevant, cutoff) {
		sum += 1 / math.Log2(float64(r+2))
	}
	return sum
}
