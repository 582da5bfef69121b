//go:build !amd64 && !arm64

package linalg

import "testing"

// eachKernel runs f with every kernel that this processor has.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Run("generic", f)
}
