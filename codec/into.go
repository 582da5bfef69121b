package codec

// Left is how many bytes of the file are still to come, the end among them, and whether that is known: a bound for what may
// be in the sections that are left, for who takes memory for several slices at once.
func (s *source) Left() (n int64, known bool) {
	if s.left < 0 {
		return 0, false
	}
	return s.left + int64(len(s.block)), true
}

// BytesInto gets a slice that was put, of exactly so many elements, into one that is there already. So do the others.
func (s *source) BytesInto(dst []byte) { into(s, dst, 1, copyBytes) }

// Uint32sInto gets a slice.
func (s *source) Uint32sInto(dst []uint32) { into(s, dst, 4, copyUint32s) }

// Float32sInto gets a slice of finite numbers.
func (s *source) Float32sInto(dst []float32) { into(s, dst, 4, s.copyFloat32s) }

// into gets a slice of elements of so many bytes each, which decode makes of those bytes.
func into[T any](s *source, dst []T, size int, decode func(dst []T, b []byte)) {
	if n := s.Uint64(); s.err == nil && n != uint64(len(dst)) {
		s.Fail("%d elements, not %d", n, len(dst))
	}
	fill(s, dst, size, decode)
}
