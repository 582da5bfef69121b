package linalg

import "golang.org/x/sys/cpu"

var hasNEON = cpu.ARM64.HasASIMD

func tile(c []float32, d, steps int, left []float32, leftStep int, right []float32, rightStep int) {
	if steps == 0 {
		return
	}
	if !hasNEON {
		tileGeneric(c, d, steps, left, leftStep, right, rightStep)
		return
	}
	// What the kernel reaches.
	_ = c[(tileRows-1)*d+tileCols-1]
	_ = left[(steps-1)*leftStep+tileRows-1]
	_ = right[(steps-1)*rightStep+tileCols-1]
	for j := 0; j < tileCols; j += 8 {
		tileNEON(&c[j], d, steps, &left[0], leftStep, &right[j], rightStep)
	}
}

// tileNEON is tileGeneric on a tile of 8 × 8.
//
//go:noescape
func tileNEON(c *float32, d, steps int, left *float32, leftStep int, right *float32, rightStep int)
