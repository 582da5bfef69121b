//go:build race

package ann_test

// raceEnabled says that the race detector runs.
const raceEnabled = true
