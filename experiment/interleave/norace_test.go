//go:build !race

package interleave_test

const raceEnabled = false
