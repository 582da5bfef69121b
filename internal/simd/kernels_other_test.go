//go:build !amd64 && !arm64

package simd

import "testing"

// eachKernel runs f with every set of kernels that this processor has.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Run("only", f)
}
