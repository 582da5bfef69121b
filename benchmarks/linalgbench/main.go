// Command linalgbench measures the dense algebra of internal/linalg beside gonum and OpenBLAS on one thread.
//
//	make rivals && linalgbench
//
// The engines take turns, round after round; the figures are CPU time, and the best round counts, since machines are noisy.
// gram is the symmetric product aᵀ·a added to a matrix (ssyrk), mult is a·bᵀ added to one (sgemm), cholesky is a
// factorisation (spotrf); gonum has the last for float64 alone. All results are compared before a figure is printed.
// OpenBLAS is skipped with the reason where `make rivals` has not built it.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
)

// job is one operation at one size.
type job struct {
	what    string
	x, y, z int
}

func jobs() []job {
	var all []job
	for _, rows := range []int{1_000, 10_000, 100_000} {
		for _, cols := range []int{64, 128, 256} {
			all = append(all, job{"gram", rows, cols, 0})
		}
	}
	for _, m := range []int{16, 100, 1_000} {
		for _, k := range []int{64, 128, 256} {
			all = append(all, job{"mult", m, 1_000, k})
		}
	}
	for _, n := range []int{64, 128, 256} {
		all = append(all, job{"cholesky", n, 0, 0})
	}
	return all
}

// flops is how many operations the job needs, counting those that symmetry saves as saved.
func (j job) flops() float64 {
	x, y, z := float64(j.x), float64(j.y), float64(j.z)
	switch j.what {
	case "gram":
		return x * y * (y + 1)
	case "mult":
		return 2 * x * y * z
	}
	return x * x * x / 3
}

func (j job) String() string {
	switch j.what {
	case "gram":
		return fmt.Sprintf("gram %d×%d", j.x, j.y)
	case "mult":
		return fmt.Sprintf("mult %d×%d by %d×%d", j.x, j.z, j.y, j.z)
	}
	return fmt.Sprintf("cholesky %d", j.x)
}

// engine does jobs: it returns the CPU seconds of a run and the sum of a first run's result.
type engine struct {
	name string
	do   func(job) (seconds, sum float64, err error)
}

func main() {
	rounds := flag.Int("rounds", 5, "how often each job is measured")
	rivals := flag.String("rivals", "benchmarks/rivals", "directory of the rivals' programs")
	only := flag.String("only", "", "measure only jobs that begin so")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	if err := run(*rounds, *rivals, *only); err != nil {
		fmt.Fprintln(os.Stderr, "linalgbench:", err)
		os.Exit(1)
	}
}

func run(rounds int, rivals, only string) error {
	engines := []engine{{"gold", inProcess(goldWork)}, {"gonum", inProcess(gonumWork)}}
	blas, stop, err := openBLAS(rivals)
	if err != nil {
		fmt.Fprintln(os.Stderr, "openblas is skipped:", err)
	} else {
		defer stop()
		engines = append(engines, engine{"openblas", blas})
	}
	fmt.Printf("%-28s", "GFLOP/s")
	for _, e := range engines {
		fmt.Printf("%10s", e.name)
	}
	fmt.Println("   gold as a multiple of the others")
	for _, j := range jobs() {
		if !strings.HasPrefix(j.String(), only) {
			continue
		}
		best, err := measure(j, engines, rounds)
		if err != nil {
			return fmt.Errorf("%v: %w", j, err)
		}
		fmt.Printf("%-28v", j)
		for _, s := range best {
			fmt.Printf("%10.1f", j.flops()/s/1e9)
		}
		for _, s := range best[1:] {
			fmt.Printf("%9.2f", s/best[0])
		}
		fmt.Println()
	}
	return nil
}

// measure returns the seconds of each engine's best round.
func measure(j job, engines []engine, rounds int) ([]float64, error) {
	best := make([]float64, len(engines))
	var want float64
	for round := range rounds {
		for i, e := range engines {
			seconds, sum, err := e.do(j)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.name, err)
			}
			if round == 0 && i == 0 {
				want, best[0] = sum, seconds
			}
			if !(math.Abs(sum-want) <= 1e-4*math.Abs(want)) {
				return nil, fmt.Errorf("%s: the result adds up to %v and not to %v", e.name, sum, want)
			}
			if round == 0 || seconds < best[i] {
				best[i] = seconds
			}
		}
	}
	return best, nil
}
