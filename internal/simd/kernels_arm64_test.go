package simd

import "testing"

// eachKernel runs f with every set of kernels that this processor has.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	has := hasDot
	defer func() { hasDot = has }()
	hasDot = false
	t.Run("neon", f)
	if hasDot = has; has {
		t.Run("sdot", f)
	}
}
