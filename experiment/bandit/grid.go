package bandit

import "slices"

// mergedGrid returns points over the bounds of all arms, denser where arms are narrow.
func mergedGrid(arms int, bounds func(int) (lo, hi float64)) []float64 {
	// The most promising arms decide; many arms share the points.
	each := max(gridPoints/arms, 64)
	if arms > 64 {
		each = 16
	}
	grid := make([]float64, 0, arms*each)
	for k := range arms {
		lo, hi := bounds(k)
		for i := range each {
			grid = append(grid, lo+(hi-lo)*float64(i)/float64(each-1))
		}
	}
	slices.Sort(grid)
	return slices.Compact(grid)
}
