package linalg

import "testing"

// eachKernel runs f with every kernel that this processor has.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	avx2, avx512 := hasAVX2, hasAVX512
	defer func() { hasAVX2, hasAVX512 = avx2, avx512 }()
	hasAVX2, hasAVX512 = false, false
	t.Run("generic", f)
	if hasAVX2 = avx2; avx2 {
		t.Run("avx2", f)
	}
	if hasAVX512 = avx512; avx512 {
		t.Run("avx512", f)
	}
}
