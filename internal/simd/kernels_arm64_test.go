package simd

import "testing"

// eachKernel runs f with every set of kernels that this processor has.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	neon, sdot := hasNEON, hasSDOT
	defer func() { hasNEON, hasSDOT = neon, sdot }()
	for _, set := range []struct {
		name       string
		neon, sdot bool
	}{
		{"generic", false, false},
		{"neon", true, false},
		{"sdot", true, true},
	} {
		if set.neon && !neon || set.sdot && !sdot {
			continue
		}
		hasNEON, hasSDOT = set.neon, set.sdot
		t.Run(set.name, f)
	}
}
