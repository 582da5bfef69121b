package codec

// Left is how many bytes of the file are still to come, the end among them, and whether that is known: a bound for what may
// be in the sections that are left, for who has to take memory for several slices at once. Otherwise slices grow as they come.
func (s *source) Left() (n int64, known bool) {
	if s.left < 0 {
		return 0, false
	}
	return s.left + int64(len(s.block)), true
}
