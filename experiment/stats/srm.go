package stats

import (
	"fmt"
	"math"
)

// SampleRatio is the p-value of Pearson's chi-square test that units were assigned in the expected shares, which add up
// to anything. A mismatch means that units were lost or doubled on the way, and that no other number can be trusted. It
// is valid for one look; a share of 0 that has units is p = 0. Counts below 0, shares that are not finite or below 0, and
// fewer than two arms are ErrInvalid; without any units p is 1.
func SampleRatio(counts []int64, shares []float64) (p float64, err error) {
	total, expected, err := ratioInput(counts, shares)
	if err != nil || total == 0 {
		return 1, err
	}
	x, df := 0.0, -1.0
	for i, n := range counts {
		if expected[i] == 0 {
			if n > 0 {
				return 0, nil
			}
			continue
		}
		df++
		d := float64(n) - total*expected[i]
		x += d * d / (total * expected[i])
	}
	if df < 1 {
		return 1, nil
	}
	return chiSquareSF(x, df), nil
}

// SampleRatioAlways is the p-value of the same claim that may be looked at after every unit: the reciprocal of the
// Dirichlet-multinomial martingale (Lindon and Malek 2020, "Anytime-valid inference for multinomial count data"), with a
// prior worth as many units as there are arms. The probability that it ever goes below alpha, if the shares are right,
// is at most alpha.
func SampleRatioAlways(counts []int64, shares []float64) (p float64, err error) {
	total, expected, err := ratioInput(counts, shares)
	if err != nil || total == 0 {
		return 1, err
	}
	// prior alpha_i = k share_i; log M = log of the Dirichlet-multinomial over the multinomial likelihood
	k := float64(len(counts))
	logM := lgamma(k) - lgamma(k+total)
	for i, n := range counts {
		x := float64(n)
		if expected[i] == 0 {
			if n > 0 {
				return 0, nil
			}
			continue
		}
		logM += lgamma(k*expected[i]+x) - lgamma(k*expected[i]) - x*math.Log(expected[i])
	}
	return min(1, math.Exp(-logM)), nil
}

func lgamma(x float64) float64 {
	l, _ := math.Lgamma(x)
	return l
}

// ratioInput checks counts and shares and makes the shares add up to 1.
func ratioInput(counts []int64, shares []float64) (total float64, expected []float64, err error) {
	if len(counts) != len(shares) || len(counts) < 2 {
		return 0, nil, fmt.Errorf("%w: %d counts for %d shares", ErrInvalid, len(counts), len(shares))
	}
	sum := 0.0
	for i, n := range counts {
		if n < 0 || !(shares[i] >= 0) || math.IsInf(shares[i], 0) {
			return 0, nil, fmt.Errorf("%w: count %d for a share of %v", ErrInvalid, n, shares[i])
		}
		total += float64(n)
		sum += shares[i]
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return 0, nil, fmt.Errorf("%w: shares add up to %v", ErrInvalid, sum)
	}
	expected = make([]float64, len(shares))
	for i := range shares {
		expected[i] = shares[i] / sum
	}
	return total, expected, nil
}
