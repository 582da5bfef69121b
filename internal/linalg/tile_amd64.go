package linalg

import "golang.org/x/sys/cpu"

var (
	hasAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	hasAVX512 = hasAVX2 && cpu.X86.HasAVX512F
)

func tile(c []float32, d, steps int, left []float32, leftStep int, right []float32, rightStep int) {
	if steps == 0 {
		return
	}
	// What the kernels reach.
	_ = c[(tileRows-1)*d+tileCols-1]
	_ = left[(steps-1)*leftStep+tileRows-1]
	_ = right[(steps-1)*rightStep+tileCols-1]
	switch {
	case hasAVX512:
		tileAVX512(&c[0], d, steps, &left[0], leftStep, &right[0], rightStep)
	case hasAVX2:
		for i := 0; i < tileRows; i += 4 {
			for j := 0; j < tileCols; j += 16 {
				tileAVX2(&c[i*d+j], d, steps, &left[i], leftStep, &right[j], rightStep)
			}
		}
	default:
		tileGeneric(c, d, steps, left, leftStep, right, rightStep)
	}
}

// tileAVX512 is tileGeneric.
//
//go:noescape
func tileAVX512(c *float32, d, steps int, left *float32, leftStep int, right *float32, rightStep int)

// tileAVX2 is tileGeneric on a tile of 4 × 16.
//
//go:noescape
func tileAVX2(c *float32, d, steps int, left *float32, leftStep int, right *float32, rightStep int)
