package simd

import "testing"

// eachKernel runs f with every set of kernels that this processor has.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	avx2, avx512, vnni := hasAVX2, hasAVX512, hasVNNI
	defer func() { hasAVX2, hasAVX512, hasVNNI = avx2, avx512, vnni }()
	for _, set := range []struct {
		name               string
		avx2, avx512, vnni bool
	}{
		{"generic", false, false, false},
		{"avx2", true, false, false},
		{"avx512", true, true, false},
		{"vnni", true, true, true},
	} {
		if set.avx2 && !avx2 || set.avx512 && !avx512 || set.vnni && !vnni {
			continue
		}
		hasAVX2, hasAVX512, hasVNNI = set.avx2, set.avx512, set.vnni
		t.Run(set.name, f)
	}
}
