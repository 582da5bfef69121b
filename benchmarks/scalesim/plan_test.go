package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	someDemand  = demand{users: 1e6, items: 1e6, lists: 10_000, interactions: 5_000, busy: 35_000, retention: 30, visitFrac: .02}
	someMachine = machine{cores: 4, gib: 16, zones: 3, p99: 5, most: 1000, dbCores: 4, dbTiB: 1, sticky: true}
)

func mustCosts(t *testing.T) costs {
	t.Helper()
	c, err := readCosts("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestVisits holds what lists are against what can be counted by hand: with nobody acting and one list a view, a visit of 12 views reads
// the history once, and the rest is in the cache for as long as pages live.
func TestVisits(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	quiet := visits(rng, 5000, 1, 0, 1)
	if math.Abs(quiet.first-1.0/viewsAVisit) > 1e-9 || quiet.clicked != 0 {
		t.Errorf("%+v of those who do nothing", quiet)
	}
	// Views come 25 seconds apart, give or take 12.5, and pages live for 60: two or three views are served of one page.
	if ratio := quiet.cached / (quiet.kept + quiet.first); ratio < 1.3 || ratio > 2.5 {
		t.Errorf("a page is served %.2f times again", ratio)
	}
	acting := visits(rng, 5000, 5, 10, 1)
	if acting.cached != 0 || math.Abs(acting.clicked-11.0/60) > 1e-9 || math.Abs(acting.kept-48.0/60) > 1e-9 {
		t.Errorf("%+v of those who do something between all views", acting)
	}
	if roaming := visits(rng, 5000, 5, 1, 20); roaming.first < 4*acting.first {
		t.Errorf("%+v of those who come to any of 20 replicas", roaming)
	}
	for _, m := range []mix{quiet, acting} {
		if sum := m.cached + m.kept + m.clicked + m.first; math.Abs(sum-1) > 1e-9 {
			t.Errorf("shares add up to %v", sum)
		}
	}
}

// TestPlan states what a plan must be: enough, no more than enough, and the same again.
func TestPlan(t *testing.T) {
	t.Parallel()
	c := mustCosts(t)
	// Whatever is measured next, these need more machines than there are zones.
	for name, value := range map[string]float64{"cached page": 3.9, "kept page": 44, "clicked page": 47, "first page": 150, "user": 2000} {
		c[name] = cost{Value: value}
	}
	d := someDemand.grown(16)
	p, ok := d.plan(c, someMachine, 1)
	if again, _ := d.plan(c, someMachine, 1); again != p {
		t.Errorf("%+v, and then %+v", p, again)
	}
	if !ok || p.busy > enough || p.p99 > someMachine.p99 || p.replicas%someMachine.zones != 0 {
		t.Errorf("%+v is not enough", p)
	}
	// By hand: the requests and interactions of two zones' cores, less those that follow.
	perList := mean(p.lists.classes(c))
	work := (d.lists*perList + d.lists/5*c.of("request") + d.interactions*(c.of("record")+c.of("request"))) / 1e6
	if least := work / enough / (4 - .08) * 1.5; float64(p.replicas) < least || float64(p.replicas) > least+3 {
		t.Errorf("%d replicas, by hand %.1f", p.replicas, least)
	}
	if want := 16e6 * (839 + 250 + .02*2000/float64(p.replicas)) / gib; math.Abs(p.memory-want) > .01 {
		t.Errorf("%.2f GiB, by hand %.2f", p.memory, want)
	}
	if want := 80_000 * 35_000 * 275.0 / gib; math.Abs(p.stored-want) > .01 {
		t.Errorf("%.2f GiB of log, by hand %.2f", p.stored, want)
	}
	slow := someMachine
	slow.sticky = false
	if roaming, _ := d.plan(c, slow, 1); roaming.busy <= p.busy || roaming.memory <= p.memory {
		t.Errorf("%.2f busy and %.2f GiB when users go anywhere, %.2f and %.2f when they come back", roaming.busy, roaming.memory, p.busy, p.memory)
	}
	if _, ok := someDemand.grown(1e4).plan(c, someMachine, 1); ok {
		t.Error("50 million interactions a second are followed on four cores")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, l := range []struct{ have, need, want float64 }{{2, 1, 3.80}, {1, 1, 0}, {1, 5, 0}} {
		if got := (limit{have: l.have, need: l.need}).months(1.2); math.Abs(got-l.want) > .01 {
			t.Errorf("%v of %v at 20 %% a month: %.2f, want %.2f", l.need, l.have, got, l.want)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var first, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &again} {
		if err := run([]string{"-items", "1e6", "-lists", "1000", "-interactions", "500"}, w); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != again.String() || !strings.Contains(first.String(), "memory of a replica") {
		t.Errorf("%s\nand then\n%s", &first, &again)
	}
	own := filepath.Join(t.TempDir(), "costs.json")
	for _, text := range []string{`{"kept page":{"value":0}}`, `{"kept pages":{"value":1}}`, `{`} {
		if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run([]string{"-costs", own}, &first); err == nil {
			t.Errorf("costs %s are taken", text)
		}
	}
	for _, args := range []string{"-items 0", "-lists -1", "-growth 1", "-cores 0", "-zones 1", "-p99 NaN", "-p99 2", "-costs none.json", "-nonsense"} {
		if err := run(strings.Fields(args), &first); err == nil {
			t.Errorf("%s is taken", args)
		}
	}
}
