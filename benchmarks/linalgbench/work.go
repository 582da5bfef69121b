package main

import (
	"errors"
	"math"

	"github.com/goldrec/gold/internal/linalg"
	"golang.org/x/sys/unix"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// work prepares a job and returns what runs it and what then sums the result up.
type work func(job) (run func(), sum func() float64)

// inProcess makes an engine of work done here.
func inProcess(prepare work) func(job) (seconds, sum float64, err error) {
	return func(j job) (float64, float64, error) {
		run, sum := prepare(j)
		run()
		s := sum()
		for runs := 1; ; runs *= 2 {
			start := cpuTime()
			for range runs {
				run()
			}
			took := cpuTime() - start
			if math.IsNaN(took) {
				return 0, 0, errors.New("no clock for CPU time")
			}
			if took > 0.05 {
				return took / float64(runs), s, nil
			}
		}
	}
}

// cpuTime is that of the process, since gonum starts goroutines.
func cpuTime() float64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return math.NaN()
	}
	return float64(t.Nano()) / 1e9
}

// numbers are the same here and in openblas.cc.
func numbers(n int) []float32 {
	x, state := make([]float32, n), uint32(1)
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = float32(state>>8) / (1 << 24)
	}
	return x
}

// definite is a positive definite matrix of n × n.
func definite(n int) []float32 {
	c := make([]float32, n*n)
	linalg.Gram(c, numbers(2*n*n), 2*n, n)
	for i := range n {
		c[i*n+i]++
	}
	return c
}

func lowerSum[F float32 | float64](c []F, n int) (sum float64) {
	for i := range n {
		for _, v := range c[i*n:][:i+1] {
			sum += float64(v)
		}
	}
	return sum
}

func upperSum(c []float32, n int) (sum float64) {
	for i := range n {
		sum += total(c[i*n+i : (i+1)*n])
	}
	return sum
}

func total(c []float32) (sum float64) {
	for _, v := range c {
		sum += float64(v)
	}
	return sum
}

func goldWork(j job) (func(), func() float64) {
	switch j.what {
	case "gram":
		a, c := numbers(j.x*j.y), make([]float32, j.y*j.y)
		return func() { linalg.Gram(c, a, j.x, j.y) }, func() float64 { return lowerSum(c, j.y) }
	case "mult":
		a, b, c := numbers(j.x*j.z), numbers(j.y*j.z), make([]float32, j.x*j.y)
		return func() { linalg.MulT(c, a, b, j.x, j.y, j.z) }, func() float64 { return total(c) }
	}
	c := definite(j.x)
	l := make([]float32, len(c))
	return func() {
		copy(l, c)
		linalg.Cholesky(l, j.x)
	}, func() float64 { return upperSum(l, j.x) }
}

func gonumWork(j job) (func(), func() float64) {
	switch j.what {
	case "gram":
		a := blas32.General{Rows: j.x, Cols: j.y, Stride: j.y, Data: numbers(j.x * j.y)}
		c := blas32.Symmetric{N: j.y, Stride: j.y, Data: make([]float32, j.y*j.y), Uplo: blas.Lower}
		return func() { blas32.Syrk(blas.Trans, 1, a, 1, c) }, func() float64 { return lowerSum(c.Data, j.y) }
	case "mult":
		a := blas32.General{Rows: j.x, Cols: j.z, Stride: j.z, Data: numbers(j.x * j.z)}
		b := blas32.General{Rows: j.y, Cols: j.z, Stride: j.z, Data: numbers(j.y * j.z)}
		c := blas32.General{Rows: j.x, Cols: j.y, Stride: j.y, Data: make([]float32, j.x*j.y)}
		return func() { blas32.Gemm(blas.NoTrans, blas.Trans, 1, a, b, 1, c) }, func() float64 { return total(c.Data) }
	}
	c := definite(j.x)
	l := blas64.Symmetric{N: j.x, Stride: j.x, Data: make([]float64, len(c)), Uplo: blas.Lower}
	return func() {
		for i, v := range c {
			l.Data[i] = float64(v)
		}
		lapack64.Potrf(l)
	}, func() float64 { return lowerSum(l.Data, j.x) }
}
