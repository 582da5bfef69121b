package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/goldrec/gold/experiment/stats"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// visit makes up visitors, since a tutorial has none: each has liked some movies of one genre, is shown a page, and clicks
// on movies of that genre more likely than on others.
func visit(ctx context.Context, s *shop, seed uint64, visitors int) error {
	rng := rand.New(rand.NewPCG(seed, 1))
	user := func(v int) string { return fmt.Sprintf("visitor-%d-%d", seed, v) }
	fits := func(item, genre string) bool {
		handle, _ := s.catalog.Lookup(item)
		return slices.Contains(s.catalog.Item(handle).Attributes["genre"], genre)
	}
	var likes []store.Interaction
	tastes := make([]string, visitors)
	for v := range tastes {
		tastes[v] = genres()[1+rng.IntN(8)]
		for n := 0; n < 3; {
			if item := s.catalog.ID(uint32(rng.IntN(s.catalog.Len()))); fits(item, tastes[v]) {
				likes = append(likes, store.Interaction{User: user(v), Item: item, Kind: store.Like})
				n++
			}
		}
	}
	if err := s.engine.Record(ctx, likes...); err != nil {
		return err
	}
	for v, taste := range tastes {
		page, err := s.engine.Recommend(ctx, recommend.Request{User: user(v), N: 5}) // the user is exposed to page.Variant
		if err != nil {
			return err
		}
		var clicks []store.Interaction
		for item := range page.All() {
			if chance := rng.Float64(); chance < 0.05 || fits(item, taste) && chance < 0.25 {
				clicks = append(clicks, store.Interaction{User: user(v), Item: item, Kind: store.Click})
			}
		}
		if err := s.engine.Record(ctx, clicks...); err != nil {
			return err
		}
	}
	return nil
}

// trial is what is to be compared, by what, and over which part of the log.
func trial() recommend.Trial {
	return recommend.Trial{
		Arms:   []stats.Arm{{Variant: "popular"}, {Variant: "blend"}}, // the control first
		Period: recommend.Period{Since: today()},
		Plan: stats.Plan{
			Metrics: []stats.Metric{{Name: "clicks a user"}},
			Looking: stats.Always, // valid however often one looks
		},
		Outcomes: []recommend.Outcome{{Metric: "clicks a user", Kind: store.Click}},
	}
}

// compare looks at the experiment twice: when few visitors have come, and when more have.
func compare(ctx context.Context, out io.Writer, s *shop) error {
	comparison, err := s.engine.Compare(trial())
	if err != nil {
		return err
	}
	for seed, visitors := range []int{100, 1400} {
		if err := visit(ctx, s, uint64(seed), visitors); err != nil {
			return err
		}
		report, err := comparison.Report(ctx) // reads what the log has since the last look
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "after %d visitors: %s %s\n", visitors, report.Decision, report.Variant)
		if visitors > 1000 {
			return report.WriteText(out)
		}
	}
	return nil
}
