package ann

// moments are the sums that say where the vectors of an index lie, and how far around it. The writer keeps them as vectors
// come and go, so that it costs nothing to see that the centre has moved.
type moments struct {
	n      int
	sum    []float64
	square float64 // of all components
}

// add counts vectors, as the metric places them, in, or out where times is -1.
func (m *moments) add(x []float32, times float64) {
	if m.sum == nil {
		m.sum = make([]float64, len(x))
	}
	m.n += int(times)
	var square float64
	for i, v := range x {
		f := float64(v)
		m.sum[i] += times * f
		square += f * f
	}
	m.square += times * square
}

// with returns the moments with rows, placed for a metric, counted in.
func (m *moments) with(rows []float32, c *coder, metric Metric) moments {
	sum := moments{m.n, make([]float64, len(c.placed)), m.square}
	copy(sum.sum, m.sum)
	for dim := len(c.placed); len(rows) > 0; rows = rows[dim:] {
		place(c.placed, rows[:dim], metric)
		sum.add(c.placed, 1)
	}
	return sum
}

// mean is where the vectors lie.
func (m *moments) mean() []float32 {
	mean := make([]float32, len(m.sum))
	for i, v := range m.sum {
		mean[i] = float32(v / float64(m.n))
	}
	return mean
}

// movedShare is how far the mean may be from the centre of the codes: its squared distance, as a share of the mean squared one
// of the vectors from their mean. What a code is off by grows with the distance from the centre, by an eighth at that share.
const movedShare = 0.25

// moved tells whether the mean lies too far from a centre, nil being the origin.
func (m *moments) moved(centre []float32) bool {
	if m.n < 1 {
		return false
	}
	var apart, mean float64
	for i, v := range m.sum {
		v /= float64(m.n)
		mean += v * v
		if centre != nil {
			v -= float64(centre[i])
		}
		apart += v * v
	}
	spread := max(m.square/float64(m.n)-mean, 0)
	return apart > movedShare*spread && apart > 1e-9*mean
}
