package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestQuantize wants what codes stand for to be as near to the vectors as their steps allow.
func TestQuantize(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(11, 12))
	for _, size := range []float64{1e-30, 1e-3, 1, 1e17} {
		x, code, numbers := make([]float32, 37), make([]int8, 40), make([]uint16, 40)
		for i := range x {
			x[i] = float32(size * rng.NormFloat64())
		}
		scale, step := Quantize(code, x), Numbers(numbers, x)
		most := float64(largest(x))
		for i, v := range x {
			if off := math.Abs(float64(v - scale*float32(code[i]))); off > most/127*0.51 {
				t.Errorf("%v is %v in eight bits", v, scale*float32(code[i]))
			}
			if off := math.Abs(float64(v - step*float32(2*int(numbers[i])-1023))); off > most/1024*1.01 {
				t.Errorf("%v is %v in ten bits", v, step*float32(2*int(numbers[i])-1023))
			}
		}
	}
	for _, x := range [][]float32{{0, 0, 0}, {1e-45, 0, 0}} {
		code, numbers := []int8{5, 5, 5}, make([]uint16, 3)
		if scale, step := Quantize(code, x), Numbers(numbers, x); scale != 0 || step != 0 || code[0] != 0 || numbers[0] != 512 {
			t.Errorf("%v: %v %v, %v %v", x, scale, code, step, numbers)
		}
	}
}
