//go:build !amd64 && !arm64

package linalg

func tile(c []float32, d, steps int, left []float32, leftStep int, right []float32, rightStep int) {
	tileGeneric(c, d, steps, left, leftStep, right, rightStep)
}
