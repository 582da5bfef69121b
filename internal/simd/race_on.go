//go:build race

package simd

// raceEnabled says that the race detector runs. It does not see what assembly loads, so Unseen then runs in Go.
const raceEnabled = true
