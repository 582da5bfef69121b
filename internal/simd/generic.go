package simd

// The twins: what the kernels mean, in plain Go.

func dotGeneric(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}

func l2Generic(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1 float32
	i := 0
	for ; i+2 <= len(a); i += 2 {
		d0, d1 := a[i]-b[i], a[i+1]-b[i+1]
		s0 += d0 * d0
		s1 += d1 * d1
	}
	if i < len(a) {
		d := a[i] - b[i]
		s0 += d * d
	}
	return s0 + s1
}

func axpyGeneric(alpha float32, x, y []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += alpha * v
	}
}

func dotIDsGeneric(dst, q, rows []float32, ids []uint32) bool {
	d := len(q)
	for i, id := range ids {
		if !within(id, d, len(rows)) {
			return false
		}
		dst[i] = dotGeneric(q, rows[int(id)*d:][:d])
	}
	return true
}

func l2IDsGeneric(dst, q, rows []float32, ids []uint32) bool {
	d := len(q)
	for i, id := range ids {
		if !within(id, d, len(rows)) {
			return false
		}
		dst[i] = l2Generic(q, rows[int(id)*d:][:d])
	}
	return true
}

// within tells whether an array of size holds row id of d numbers, also where an int has 32 bits.
func within(id uint32, d, size int) bool { return (uint64(id)+1)*uint64(d) <= uint64(size) }
