package stats

import "fmt"

// Sign is the outcome of pairs of which each prefers one side or neither.
type Sign struct{ Wins, Losses, Ties int64 }

// PValue is that of the exact sign test: as if each win or loss had been the toss of a fair coin; two-sided. It is R's
// binom.test. Without wins and losses it is 1.
func (s Sign) PValue() float64 {
	n, k := s.Wins+s.Losses, max(s.Wins, s.Losses)
	if 2*k == n {
		return 1
	}
	// P(X >= k) = I_{1/2}(k, n-k+1)
	below, _ := betaCDF(0.5, float64(k), float64(n-k+1))
	return min(1, 2*below)
}

// Interval covers the true share of wins among wins and losses at least in a share of 1 - alpha of experiments (Clopper
// and Pearson 1934). Counts below 0 are ErrInvalid; without any it is all of [0, 1].
func (s Sign) Interval(alpha float64) (Interval, error) {
	if s.Wins < 0 || s.Losses < 0 || !(alpha > 0 && alpha < 1) {
		return Interval{}, fmt.Errorf("%w: %d wins, %d losses, alpha %v", ErrInvalid, s.Wins, s.Losses, alpha)
	}
	i := Interval{0, 1}
	w, l := float64(s.Wins), float64(s.Losses)
	if s.Wins > 0 {
		i.Lower = betaQuantile(alpha/2, w, l+1)
	}
	if s.Losses > 0 {
		i.Upper = betaQuantile(1-alpha/2, w+1, l)
	}
	return i, nil
}
