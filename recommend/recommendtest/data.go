package recommendtest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

const day = 24 * 60 * 60

// boardSize is the number of rows and of columns of the checkerboard, an even number.
const boardSize = 24

// checkerboard is a dataset in which user u likes the items i of the same colour, u+i even, except i = u, which is
// withheld. The text of the items says their colour.
func checkerboard() *model.Dataset {
	var b model.Builder
	for i := range boardSize {
		b.AddItem(&catalog.Item{ID: name("item", i), Title: fmt.Sprintf("square %s %d", []string{"black", "white"}[i%2], i)})
	}
	for u := range boardSize {
		for i := range boardSize {
			if (u+i)%2 == 0 && u != i {
				b.Add(name("user", u), name("item", i), 1, int64(i))
			}
		}
	}
	return b.Build()
}

// name makes identifiers whose byte order is that of their numbers.
func name(kind string, i int) string { return fmt.Sprintf("%s%03d", kind, i) }

// market is a dataset with something of everything: tastes, repeats, dislikes, indifference, items that nobody touched
// or of which nothing is known, vectors, some of them useless, equal times.
func market() *model.Dataset {
	rng := rand.New(rand.NewPCG(3, 5))
	var b model.Builder
	const users, items, tastes = 40, 60, 4
	for i := range items {
		if i%7 == 3 {
			continue // known by its interactions alone
		}
		item := &catalog.Item{
			ID: name("item", i), Title: fmt.Sprintf("thing of sort %d word%d", i%tastes, rng.IntN(20)),
			Brand: fmt.Sprint("brand", rng.IntN(5)), Categories: []string{fmt.Sprintf("All > Part %d", i%tastes)},
		}
		if i%3 == 0 {
			item.Vector = []float32{float32(i % tastes), 1, float32(rng.NormFloat64())}
		}
		if i%20 == 6 {
			item.Vector = []float32{float32(math.NaN()), 1}
		}
		b.AddItem(item)
	}
	weights := []float32{1, 1, 1, 3, 5, 0.5, 0, -1, -5}
	for u := range users {
		for range 1 + rng.IntN(25) {
			i := rng.IntN(items - 5) // the last five stay cold
			if rng.IntN(4) > 0 {
				i += (u%tastes - i%tastes + tastes) % tastes
			}
			b.AddEvent(name("user", u), model.Event{
				Item: b.Item(name("item", i)), Weight: weights[rng.IntN(len(weights))], Time: 1.7e9 + day*rng.Int64N(90),
				Session: rng.Uint32N(4), Kind: store.Kind(rng.IntN(10)),
			})
		}
	}
	return b.Build()
}

// single is a dataset of one event.
func single() *model.Dataset {
	var b model.Builder
	b.Add("user", "item", 1, 1.7e9)
	return b.Build()
}

// hostile is a dataset of finite weights and of times that make no sense.
func hostile() *model.Dataset {
	rng := rand.New(rand.NewPCG(11, 13))
	var b model.Builder
	for u := range 12 {
		for range 10 {
			b.Add(name("user", u), name("item", rng.IntN(9)), extremes[rng.IntN(len(extremes))], times[rng.IntN(len(times))])
		}
	}
	return b.Build()
}

var (
	extremes = []float32{ // read-only
		math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1e30, 1e-30, 1, -1, 0,
	}
	times = []int64{math.MaxInt64, math.MinInt64, 0, -1, 1.7e9} // read-only
)

// growing is a dataset of the first so many of 48 items, all of which have content and events; the items of the one are
// those of the other under the same handles. Users are of one of three tastes and now and then do something else.
func growing(items int) *model.Dataset {
	rng := rand.New(rand.NewPCG(17, 19))
	var b model.Builder
	for i := range items {
		b.AddItem(&catalog.Item{ID: name("item", i), Title: fmt.Sprintf("%s tea, number %d", []string{"green", "black", "white"}[i%3], i)})
	}
	for u := range 60 {
		for n := range 12 {
			i := 3*rng.IntN(growingMax/3) + u%3
			if n == 0 {
				i = rng.IntN(growingMax)
			}
			if i < items {
				b.Add(name("user", u), name("item", i), 1+float32(rng.IntN(3)), 1.7e9+day*int64(n))
			}
		}
	}
	return b.Build()
}

const growingMax = 48

// histories are users that a model may meet, by what is special about them.
func histories(data *model.Dataset) map[string][]model.Event {
	items := uint32(data.ItemCount())
	all := map[string][]model.Event{"nil": nil, "empty": {}}
	for u := range uint32(min(data.UserCount(), 8)) {
		all[data.Users.ID(u)] = data.History(u)
	}
	if items == 0 {
		return all
	}
	each := func(weight func(i uint32) float32, unix func(i uint32) int64) (history []model.Event) {
		for i := range items {
			history = append(history, model.Event{Item: i, Weight: weight(i), Time: unix(i)})
		}
		return history
	}
	constant := func(w float32) func(uint32) float32 { return func(uint32) float32 { return w } }
	usual := func(i uint32) int64 { return 1.7e9 + int64(i) }
	all["everything"] = each(constant(1), usual)
	all["only against"] = each(constant(-3), usual)
	all["indifferent"] = each(constant(0), usual)
	all["huge"] = each(constant(math.MaxFloat32), usual)
	all["hugely against"] = each(constant(-math.MaxFloat32), usual)
	all["tiny"] = each(constant(math.SmallestNonzeroFloat32), usual)
	all["extreme"] = each(func(i uint32) float32 { return extremes[int(i)%len(extremes)] }, usual)
	all["no time"] = each(constant(1), func(uint32) int64 { return 0 })
	all["times that make no sense"] = each(constant(1), func(i uint32) int64 { return times[int(i)%len(times)] })
	visits := each(constant(1), usual)
	for i := range visits {
		visits[i].Session, visits[i].Kind = 1+uint32(i)/7, store.View+store.Kind(i)%9
	}
	all["visits of all kinds"] = visits
	one := model.Event{Item: items / 2, Weight: 1, Time: 1.7e9}
	against := one
	against.Weight = -1
	all["one"] = []model.Event{one}
	all["for and against"] = []model.Event{one, against}
	for range 3000 {
		all["one, again and again"] = append(all["one, again and again"], one)
	}
	all["unknown items"] = []model.Event{one, {Item: items, Weight: 1}, {Item: 1 << 31, Weight: 2, Time: 1.7e9}, {Item: model.NoItem - 1, Weight: -1}}
	all["only unknown items"] = all["unknown items"][1:]
	return all
}
