package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Correction says how p-values of several questions are adjusted for being several.
type Correction string

// The corrections. All but the last two hold the probability of any false alarm at alpha; those two hold the expected
// share of false alarms among the alarms.
const (
	NoCorrection       Correction = "none"
	Bonferroni         Correction = "Bonferroni"          // whatever the dependence
	Holm               Correction = "Holm"                // whatever the dependence, and never weaker than Bonferroni
	Hochberg           Correction = "Hochberg"            // for independent or positively dependent tests
	Hommel             Correction = "Hommel"              // the same, and never weaker than Hochberg
	BenjaminiHochberg  Correction = "Benjamini-Hochberg"  // for independent or positively dependent tests
	BenjaminiYekutieli Correction = "Benjamini-Yekutieli" // whatever the dependence
)

// Adjust returns the p-values, in their order, so adjusted that each may be compared with alpha: R's p.adjust. A p-value
// that is NaN or not between 0 and 1 is ErrInvalid, as is an unknown correction. Hommel costs the square of their number.
func Adjust(c Correction, p []float64) ([]float64, error) {
	for _, v := range p {
		if !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("%w: p-value %v", ErrInvalid, v)
		}
	}
	n := float64(len(p))
	order := make([]int, len(p)) // by p, rising
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	out := make([]float64, len(p))
	switch c {
	case NoCorrection:
		copy(out, p)
	case Bonferroni:
		for i := range p {
			out[i] = min(1, n*p[i])
		}
	case Holm:
		worst := 0.0
		for rank, i := range order {
			worst = max(worst, (n-float64(rank))*p[i])
			out[i] = min(1, worst)
		}
	case Hochberg:
		stepUp(p, order, out, func(rank int) float64 { return n - float64(rank) })
	case Hommel:
		hommel(p, order, out)
	case BenjaminiHochberg:
		stepUp(p, order, out, func(rank int) float64 { return n / float64(rank+1) })
	case BenjaminiYekutieli:
		harmonic := 0.0
		for i := range p {
			harmonic += 1 / float64(i+1)
		}
		stepUp(p, order, out, func(rank int) float64 { return harmonic * n / float64(rank+1) })
	default:
		return nil, fmt.Errorf("%w: correction %q", ErrInvalid, c)
	}
	return out, nil
}

// stepUp takes, from the largest p down, the least of the factored p-values so far.
func stepUp(p []float64, order []int, out []float64, factor func(rank int) float64) {
	least := 1.0
	for rank := len(order) - 1; rank >= 0; rank-- {
		i := order[rank]
		least = min(least, factor(rank)*p[i])
		out[i] = least
	}
}

// hommel follows Wright (1992, "Adjusted p-values for simultaneous inference"): the largest over the sizes m of what
// Simes' test of the m largest p-values says.
func hommel(p []float64, order []int, out []float64) {
	n := len(p)
	if n == 0 {
		return
	}
	sorted := make([]float64, n)
	for rank, i := range order {
		sorted[rank] = p[i]
	}
	simes := func(m int) float64 { // of the m largest
		least := math.Inf(1)
		for k := range m {
			least = min(least, float64(m)*sorted[n-m+k]/float64(k+1))
		}
		return least
	}
	adjusted := make([]float64, n)
	all := simes(n)
	for i := range adjusted {
		adjusted[i] = all
	}
	current := make([]float64, n)
	for m := n - 1; m >= 2; m-- {
		// The m-1 largest among them, and what is left of Simes' bound for the smaller ones.
		least := math.Inf(1)
		for k := 2; k <= m; k++ {
			least = min(least, float64(m)*sorted[n-m+k-1]/float64(k))
		}
		for i := range current {
			if i <= n-m {
				current[i] = min(float64(m)*sorted[i], least)
			} else {
				current[i] = current[n-m]
			}
			adjusted[i] = max(adjusted[i], current[i])
		}
	}
	for rank, i := range order {
		out[i] = min(1, max(adjusted[rank], sorted[rank]))
	}
}
