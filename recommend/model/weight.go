package model

import "math"

// confidenceMax is the sum of weights up to which [Confidence] takes it as it is.
const confidenceMax = 20

// Confidence is what the sum of one user's weights for one item counts in training: the sum itself up to a magnitude of
// 20, the logarithm of it beyond, which nobody reaches by shopping, and is continuous there with its slope:
//
//	c = s                          for |s| ≤ 20
//	c = ±20 · (1 + ln(|s| / 20))   for |s| > 20
//
// So a rating of a million, or as many purchases by one user, speak as loud as 236 and not as a million. Hu, Koren &
// Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", 2008, scale all sums so; here small ones, which are
// nearly all, stay what the caller's weights say. An infinite sum counts like the largest finite one, and NaN is 0.
func Confidence(sum float32) float32 {
	s := float64(sum)
	switch m := math.Abs(s); {
	case m <= confidenceMax:
		return sum
	case math.IsNaN(s):
		return 0
	default:
		return float32(math.Copysign(confidenceMax*(1+math.Log(min(m, math.MaxFloat32)/confidenceMax)), s))
	}
}
