package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

// erlangWait is the mean time that requests of a queue with exponential service wait, in units of the mean service (Erlang 1917).
func erlangWait(cores int, load float64) float64 {
	blocked := 1.0
	for k := 1; k <= cores; k++ {
		blocked = load * blocked / (float64(k) + load*blocked)
	}
	rho := load / float64(cores)
	wait := blocked / (1 - rho*(1-blocked))
	return wait / (float64(cores) - load)
}

// TestQueue compares the simulation with what is known of queues: with exponential service (Erlang's C), and with any service
// on one core (Pollaczek and Khinchine). A million requests at 70 % are about 30,000 busy periods, whose mean wait has a standard
// error of about 1 %: 5 % is beyond chance.
func TestQueue(t *testing.T) {
	t.Parallel()
	const n, micros = 1_000_000, 50.0
	for _, cores := range []int{1, 4, 16} {
		load := 0.7 * float64(cores)
		rng := rand.New(rand.NewPCG(1, uint64(cores)))
		times, busy := serveAll(rng, n, load/micros*1e6, cores, func(rng *rand.Rand) float64 { return micros * rng.ExpFloat64() })
		want := micros * (1 + erlangWait(cores, load))
		if got := average(times); math.Abs(got/want-1) > .05 {
			t.Errorf("%d cores: %.1f µs, Erlang says %.1f", cores, got, want)
		}
		if math.Abs(busy-0.7) > .01 {
			t.Errorf("%d cores are busy %.3f of the time, want 0.7", cores, busy)
		}
	}
	classes := []class{{.5, 10}, {.3, 50}, {.2, 200}}
	second := 0.0
	for _, c := range classes {
		second += c.share * c.micros * c.micros * (1 + spread*spread)
	}
	rate := 0.5 / mean(classes) // a µs
	want := mean(classes) + rate*second/(2*(1-0.5))
	times, _ := serveAll(rand.New(rand.NewPCG(2, 2)), n, rate*1e6, 1, func(rng *rand.Rand) float64 { return service(rng, classes) })
	if got := average(times); math.Abs(got/want-1) > .05 {
		t.Errorf("%.1f µs, Pollaczek and Khinchine say %.1f", got, want)
	}
}

// TestCommits compares the group commit with what can be said of it exactly: with one row a transaction it is a queue of one
// server with even service; with groups without a bound each row waits for what runs and for its own, between one and two times base.
func TestCommits(t *testing.T) {
	t.Parallel()
	times, busy := commitAll(rand.New(rand.NewPCG(1, 1)), 1_000_000, 500, 1000, 0, 1)
	want := 1000 * (1 + 0.5/(2*(1-0.5)))
	if got := average(times); math.Abs(got/want-1) > .05 || math.Abs(busy-.5) > .01 {
		t.Errorf("%.0f µs, %.3f busy; want %.0f and 0.5", got, busy, want)
	}
	times, _ = commitAll(rand.New(rand.NewPCG(1, 2)), 1_000_000, 100_000, 1000, 0, 1<<30)
	if got := average(times); math.Abs(got/1500-1) > .02 {
		t.Errorf("%.0f µs in large groups, want 1500", got)
	}
	if times, _ := commitAll(rand.New(rand.NewPCG(1, 3)), 1_000_000, 100_000, 1000, 11, 4096); !math.IsInf(quantile(times, 1), 1) {
		t.Error("110 % of what a writer can do is kept up with")
	}
}

func average(times []float64) (sum float64) {
	for _, x := range times {
		sum += x
	}
	return sum / float64(len(times))
}
