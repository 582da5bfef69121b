package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// sizes crosses every path of the kernels: below one register, whole registers, and each kind of tail.
var sizes = []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 47, 63, 64, 65, 100, 127, 128, 129, 200, 256, 300, 4096}

func floats(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func codes(rng *rand.Rand, n int) []int8 {
	x := make([]int8, n)
	for i := range x {
		x[i] = int8(rng.IntN(256) - 128)
	}
	return x
}

// near tells whether got is within the package's bound of the sum of the terms, which are exact in float64.
func near(got float32, terms []float64) bool {
	var sum, abs float64
	for _, v := range terms {
		sum += v
		abs += math.Abs(v)
	}
	return math.Abs(float64(got)-sum) <= float64(len(terms)+2)*0x1p-24*abs+1e-40
}

func dotTerms(a, b []float32) []float64 {
	t := make([]float64, len(a))
	for i := range a {
		t[i] = float64(a[i]) * float64(b[i])
	}
	return t
}

func l2Terms(a, b []float32) []float64 {
	t := make([]float64, len(a))
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		t[i] = d * d * (1 + 0x1p-20) // the difference itself is rounded
	}
	return t
}

func TestPairs(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, n := range sizes {
			for off := range 3 {
				a, b := floats(rng, n+off)[off:], floats(rng, n+off)[off:]
				if got := Dot(a, b); !near(got, dotTerms(a, b)) {
					t.Errorf("n=%d: Dot %v outside the bound", n, got)
				}
				if got := L2(a, b); !near(got, l2Terms(a, b)) && math.Abs(float64(got)/sum(l2Terms(a, b))-1) > 1e-5 {
					t.Errorf("n=%d: L2 %v outside the bound", n, got)
				}
			}
		}
	})
}

func sum(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s
}

func TestEmpty(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		if Dot(nil, nil) != 0 || L2(nil, nil) != 0 {
			t.Error("the sum of nothing is not 0")
		}
		Axpy(2, nil, nil)
		DotIDs(nil, []float32{1}, []float32{1}, nil)
		L2IDs(nil, []float32{1}, nil, nil)
	})
}

func TestAxpy(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, n := range sizes {
			x, y := floats(rng, n), floats(rng, n+1)
			want := slices.Clone(y)
			for i := range x {
				want[i] = float32(float64(y[i]) + 0.7*float64(x[i]))
			}
			Axpy(0.7, x, y)
			for i := range want {
				if math.Abs(float64(y[i]-want[i])) > 1e-6*(1+math.Abs(float64(want[i]))) {
					t.Fatalf("n=%d: y[%d] = %v, want %v", n, i, y[i], want[i])
				}
			}
		}
	})
}

// TestRows holds the kernels over rows to the kernels over pairs, to the bit, and sees that they write no further than
// the list.
func TestRows(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, d := range sizes[:len(sizes)-1] {
			rows, q := floats(rng, 50*d), floats(rng, d)
			for n := range 10 {
				ids := make([]uint32, n)
				for i := range ids {
					ids[i] = rng.Uint32N(50)
				}
				dots, l2s := make([]float32, n+1), make([]float32, n+1)
				DotIDs(dots, q, rows, ids)
				L2IDs(l2s, q, rows, ids)
				for i, id := range ids {
					row := rows[int(id)*d:][:d]
					if want := Dot(q, row); dots[i] != want {
						t.Errorf("d=%d n=%d: DotIDs[%d] = %v, Dot = %v", d, n, i, dots[i], want)
					}
					if want := L2(q, row); l2s[i] != want {
						t.Errorf("d=%d n=%d: L2IDs[%d] = %v, L2 = %v", d, n, i, l2s[i], want)
					}
				}
				if dots[n] != 0 || l2s[n] != 0 {
					t.Fatalf("d=%d n=%d: wrote past the list", d, n)
				}
			}
		}
	})
}

func TestRowOutside(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for _, id := range []uint32{3, 4, 1 << 29, 1 << 31, math.MaxUint32} {
			for at := range 5 {
				ids := make([]uint32, 5)
				ids[at] = id
				for name, f := range map[string]func(){
					"DotIDs": func() { DotIDs(make([]float32, 5), make([]float32, 8), make([]float32, 3*8+7), ids) },
					"L2IDs":  func() { L2IDs(make([]float32, 5), make([]float32, 8), make([]float32, 3*8+7), ids) },
				} {
					if !panics(f) {
						t.Errorf("%s: row %d of 3 at place %d did not panic", name, id, at)
					}
				}
			}
		}
	})
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

// FuzzKernels holds the float32 kernels to their bound on arbitrary bytes.
func FuzzKernels(f *testing.F) {
	f.Add(uint16(7), uint64(1), []byte{0, 1, 2, 127, 128, 255})
	f.Add(uint16(100), uint64(2), []byte{128, 128, 128})
	f.Fuzz(func(t *testing.T, d uint16, seed uint64, raw []byte) {
		n := int(d)%512 + 1
		rng := rand.New(rand.NewPCG(seed, 1))
		x, y := floats(rng, n), floats(rng, n)
		for i, v := range raw[:min(n, len(raw))] {
			x[i] *= float32(int8(v))
		}
		eachKernel(t, func(t *testing.T) {
			if got := Dot(x, y); !near(got, dotTerms(x, y)) {
				t.Errorf("Dot %v outside the bound", got)
			}
			out := []float32{0}
			if DotIDs(out, x, y, []uint32{0}); out[0] != Dot(x, y) {
				t.Errorf("DotIDs %v, Dot %v", out[0], Dot(x, y))
			}
		})
	})
}

func BenchmarkRows(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, d := range []int{64, 100, 768} {
		rows, q := floats(rng, 1000*d), floats(rng, d)
		ids, dst := make([]uint32, 32), make([]float32, 32)
		for i := range ids {
			ids[i] = rng.Uint32N(1000)
		}
		run := func(name string, f func()) {
			b.Run(name+"/d="+strconv.Itoa(d), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/32, "ns/row")
			})
		}
		run("DotIDs", func() { DotIDs(dst, q, rows, ids) })
		run("L2IDs", func() { L2IDs(dst, q, rows, ids) })
		run("DotIDsGeneric", func() { dotIDsGeneric(dst, q, rows, ids) })
	}
}
