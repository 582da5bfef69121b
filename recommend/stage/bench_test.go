package stage_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/recommend/stage/stagetest"
	"github.com/goldrec/gold/store"
)

// BenchmarkStages makes a page of 20 of 100 candidates.
func BenchmarkStages(b *testing.B) {
	c := stagetest.Catalog()
	rng := rand.New(rand.NewPCG(1, 1))
	var list []stage.Candidate
	for i, h := range rng.Perm(stagetest.Items)[:100] {
		list = append(list, stage.Candidate{Item: uint32(h), Score: 3 - float32(i)/20, Propensity: 1})
	}
	q := &stage.Query{Catalog: c, N: 20, Rand: rng, Sources: []string{"blend", "pinned", "promoted"}, Profile: &store.Profile{
		User: "u", Segments: []string{"vip"}, Preferences: map[string][]string{"brand": {"Acme"}, "not:category": {"Garden"}},
	}}
	all := stages()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		st, page := all[name](), make([]stage.Candidate, 0, 200)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				st.Apply(append(page[:0], list...), q)
			}
		})
	}
}
