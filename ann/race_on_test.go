//go:build race

package ann_test

// raceEnabled says that the race detector runs, under which walks take twenty times as long: tests of what does not depend
// on it take a share of their sizes then.
const raceEnabled = true
