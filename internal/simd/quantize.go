package simd

import "math"

// Quantize sets code to round(x/scale) with the scale that uses all of ±127, and returns it; 0 for a zero vector. It panics if
// code is shorter than x.
func Quantize(code []int8, x []float32) (scale float32) {
	code = code[:len(x)]
	most := largest(x)
	scale = most / 127
	if scale == 0 { // or so small that its inverse overflows
		clear(code)
		return 0
	}
	inv := 127 / float64(most)
	for i, v := range x {
		code[i] = int8(math.RoundToEven(float64(v) * inv))
	}
	return scale
}

// Numbers sets dst to the ten-bit numbers of x that PackCodes takes: u stands for step·(2u-1023), with the step that is returned,
// a 1024th of x's largest number; 0 for a zero vector. A record of fewer bits has a scale of 2^(10-bits) steps. It panics if
// dst is shorter than x.
func Numbers(dst []uint16, x []float32) (step float32) {
	dst = dst[:len(x)]
	most := largest(x)
	step = most / 1024
	inv := 512 / float64(most)
	if step == 0 { // or so small that it vanishes
		inv = 0
	}
	for i, v := range x {
		dst[i] = uint16(min(max(int(float64(float64(v)*inv)+512), 0), 1023))
	}
	return step
}

// largest is the largest number of x, whatever its sign.
func largest(x []float32) (most float32) {
	for _, v := range x {
		most = max(most, v, -v)
	}
	return most
}
