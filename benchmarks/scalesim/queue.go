package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// class is a kind of request: how often it is one, and how long it keeps a core, in µs.
type class struct {
	share, micros float64
}

// spread is the coefficient of variation of service times around the mean of their class. One means as uneven as an exponential
// distribution, which is what a garbage collector, the scheduler and users of unlike histories make of them.
const spread = 1

// service draws how long a request keeps a core, in µs: lognormal around the mean of a class drawn.
func service(rng *rand.Rand, classes []class) float64 {
	u := rng.Float64()
	last := classes[len(classes)-1].micros
	for _, c := range classes {
		if u -= c.share; u < 0 {
			last = c.micros
			break
		}
	}
	sigma := math.Sqrt(math.Log(1 + spread*spread))
	return last * math.Exp(sigma*rng.NormFloat64()-sigma*sigma/2)
}

// mean is the mean service time of classes.
func mean(classes []class) (m float64) {
	for _, c := range classes {
		m += c.share * c.micros
	}
	return m
}

// serveAll simulates n requests that come to a machine of so many cores at random (Poisson), rate a second, and are served in the order
// in which they come (the recursion of Kiefer and Wolfowitz, 1955). It returns how long each was there, in µs, and how
// busy the cores were.
func serveAll(rng *rand.Rand, n int, rate float64, cores int, draw func(*rand.Rand) float64) (times []float64, busy float64) {
	free := make([]float64, cores) // when each core is, sorted
	now, work := 0.0, 0.0
	for range n {
		now += rng.ExpFloat64() / rate * 1e6
		took := draw(rng)
		work += took
		done := max(now, free[0]) + took
		times = append(times, done-now)
		at, _ := slices.BinarySearch(free[1:], done)
		copy(free, free[1:at+1])
		free[at] = done
	}
	return times, work / (now * float64(cores))
}

// commitAll simulates a writer that takes all rows that wait, up to a bound, into one transaction, which takes base µs and some
// more a row. Rows come at random.
func commitAll(rng *rand.Rand, n int, rate, base, row float64, most int) (times []float64, busy float64) {
	var waiting []float64
	now, free, work, came := 0.0, 0.0, 0.0, 0
	next := rng.ExpFloat64() / rate * 1e6
	for len(times) < n {
		if len(waiting) == 0 {
			now = max(free, next)
		} else {
			now = free
		}
		for ; next <= now; came++ {
			waiting = append(waiting, next)
			next += rng.ExpFloat64() / rate * 1e6
		}
		group := min(len(waiting), most)
		took := base + float64(group)*row
		free = now + took
		work += took
		for _, at := range waiting[:group] {
			times = append(times, free-at)
		}
		waiting = waiting[group:]
		if len(waiting) > 10*most { // it will never keep up
			return append(times, math.Inf(1)), 1
		}
	}
	return times, work / free
}

// quantile is the q-quantile of times, which it sorts.
func quantile(times []float64, q float64) float64 {
	slices.Sort(times)
	return times[min(len(times)-1, int(q*float64(len(times))))]
}
