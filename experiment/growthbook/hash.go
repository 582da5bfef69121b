package growthbook

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// fnv1a continues a 32-bit FNV-1a hash over the UTF-16 code units of s.
func fnv1a(h uint32, s string) uint32 {
	const prime = 0x01000193
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			h = (h ^ uint32(s[i])) * prime
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if a, b := utf16.EncodeRune(r); a != utf8.RuneError {
			h = (h ^ uint32(a)) * prime
			r = b
		}
		h = (h ^ uint32(r)) * prime
	}
	return h
}

const fnvOffset = 0x811C9DC5

// hash places a value in [0, 1) under a seed; ok is false for a version that does not exist.
func hash(seed, value string, version int) (n float64, ok bool) {
	switch version {
	case 1:
		return float64(fnv1a(fnv1a(fnvOffset, value), seed)%1000) / 1000, true
	case 2:
		h := fnv1a(fnv1a(fnvOffset, seed), value)
		var digits [10]byte
		h = fnv1a(fnvOffset, string(strconv.AppendUint(digits[:0], uint64(h), 10)))
		return float64(h%10_000) / 10_000, true
	}
	return 0, false
}

// Range is the hashes from the first number to before the second.
type Range [2]float64

func (r Range) holds(n float64) bool { return n >= r[0] && n < r[1] }

func equalWeights(n int) []float64 {
	weights := make([]float64, max(n, 0))
	for i := range weights {
		weights[i] = 1 / float64(n)
	}
	return weights
}

// usableWeights returns the weights when they are one share for each of n variations and add up to nearly 1, else
// equal ones.
func usableWeights(n int, weights []float64) []float64 {
	if len(weights) != n {
		return equalWeights(n)
	}
	sum := 0.0
	for _, w := range weights {
		if math.IsNaN(w) || w < 0 {
			return equalWeights(n)
		}
		sum += w
	}
	if sum < 0.99 || sum > 1.01 {
		return equalWeights(n)
	}
	return weights
}

// bucketRanges lays the variations side by side and lets each keep its covered part.
func bucketRanges(n int, coverage float64, weights []float64) []Range {
	coverage = min(max(coverage, 0), 1)
	ranges := make([]Range, 0, max(n, 0))
	at := 0.0
	for _, w := range usableWeights(n, weights) {
		covered := float64(coverage * w) // rounded here: a fused multiply-add would end elsewhere on some machines
		ranges = append(ranges, Range{at, at + covered})
		at += w
	}
	return ranges
}

// chooseVariation returns the first range that holds n, or -1.
func chooseVariation(n float64, ranges []Range) int {
	for i, r := range ranges {
		if r.holds(n) {
			return i
		}
	}
	return -1
}

// Namespace is a stretch of the hashes of a name, shared by experiments that exclude one another.
type Namespace struct {
	Name  string
	Range Range
}

func (ns *Namespace) holds(value string) bool {
	n, _ := hash("__"+ns.Name, value, 1)
	return ns.Range.holds(n)
}
