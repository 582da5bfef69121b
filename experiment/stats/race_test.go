//go:build race

package stats

// raceEnabled says that the race detector makes everything several times as slow; simulations then run a fifth.
const raceEnabled = true
