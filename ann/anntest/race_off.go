//go:build !race

package anntest

// raceEnabled says that the race detector runs, under which sync.Pool drops items at random and so allocates.
const raceEnabled = false
