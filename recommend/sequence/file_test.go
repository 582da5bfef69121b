package sequence_test

import (
	"testing"

	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/sequence"
)

// TestForged loads files that say how soon steps fade as no training would.
func TestForged(t *testing.T) {
	t.Parallel()
	linkstest.Forged(t, sequence.Trainer{}, map[float64]bool{2: true, 100: true, 0: false, -1: false, 101: false, 1e300: false})
}
