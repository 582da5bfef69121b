//go:build race

package interleave_test

// raceEnabled says that the race detector makes everything several times as slow; fewer lists are then drawn.
const raceEnabled = true
