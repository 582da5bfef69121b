package linalg

import "testing"

// eachKernel runs f with every kernel that this processor has.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	neon := hasNEON
	defer func() { hasNEON = neon }()
	hasNEON = false
	t.Run("generic", f)
	if hasNEON = neon; neon {
		t.Run("neon", f)
	}
}
