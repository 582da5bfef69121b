package experiment_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"os"
	"strconv"
	"testing"

	"github.com/goldrec/gold/experiment"
)

// vectors is testdata/bucketing.json: made once by a program in another language on the reference implementation of
// XXH64, and never changed. A new hash is a new HashVersion.
type vectors struct {
	XXH64 []struct {
		Seed, Input, Hash string
	}
	Assign []struct {
		Question, Salt, Unit string
		Bucket               uint64
	}
	Definition  experiment.Definition
	Assignments []struct {
		Experiment, Unit, Variant, Reason string
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/bucketing.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.XXH64) == 0 || len(v.Assign) == 0 || len(v.Assignments) == 0 {
		t.Fatal("vectors are missing")
	}
	return v
}

func TestFrozenVectors(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	for _, c := range v.XXH64 {
		seed, err := strconv.ParseUint(c.Seed, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%016x", experiment.Hash(seed, c.Input)); got != c.Hash {
			t.Errorf("Hash(%d, %q) = %s, want %s", seed, c.Input, got, c.Hash)
		}
	}
	for _, c := range v.Assign {
		seed := experiment.Hash(0, c.Question+"\x00"+c.Salt)
		if got := experiment.Hash(seed, c.Unit) >> 32; got != c.Bucket {
			t.Errorf("bucket of %q asked %s under %q = %d, want %d", c.Unit, c.Question, c.Salt, got, c.Bucket)
		}
	}
	set, err := experiment.Compile(v.Definition, experiment.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Assignments {
		a := set.Assign(c.Experiment, experiment.Subject{Unit: c.Unit})
		if a.VariantKey() != c.Variant || a.Reason.String() != c.Reason {
			t.Errorf("%s of %q = %q, %v; want %q, %s", c.Experiment, c.Unit, a.VariantKey(), a.Reason, c.Variant, c.Reason)
		}
	}
}

// unitStyles are the ways in which programs name their users.
var unitStyles = map[string]func(i int) string{
	"sequential": func(i int) string { return strconv.Itoa(i) },
	"prefixed":   func(i int) string { return fmt.Sprintf("user-%06d", i) },
	"uuid": func(i int) string {
		h := experiment.Hash(1, strconv.Itoa(i))
		return fmt.Sprintf("%08x-%04x-4%03x-8000-%012x", uint32(h), uint16(h>>32), h>>52, i)
	},
	"email":   func(i int) string { return fmt.Sprintf("shopper.%d@example.org", i) },
	"shuffle": func(i int) string { return strconv.FormatUint(bits.Reverse64(uint64(i)), 16) },
}

// TestExperimentsAreIndependent assigns the units of five styles to 1,000 two-armed experiments with the names people
// give, and looks at every pair.
//
// With n units and fair independent arms, the correlation phi of a pair is nearly normal with deviation 1/sqrt(n). Over
// 5 × 499,500 pairs the two-sided Bonferroni bound at 1 % is the z whose tail is 0.01/(2 × 2,497,500), which is 6.06.
// The share of arm 1 gets the same treatment over 5,000 experiments (5.03), and 64 groups of buckets a chi-square of 63
// degrees, whose Wilson-Hilferty score is nearly normal, over 5,000 (5.03 too, one-sided 4.9).
func TestExperimentsAreIndependent(t *testing.T) {
	t.Parallel()
	const n, experiments = 4_096, 1_000
	for style, unit := range unitStyles {
		t.Run(style, func(t *testing.T) {
			t.Parallel()
			arms := make([][]uint64, experiments)
			worstShare, worstChi := 0.0, 0.0
			units := make([]string, n)
			for i := range units {
				units[i] = unit(i)
			}
			for e := range arms {
				arms[e] = make([]uint64, n/64)
				seed := experiment.Hash(0, "arm\x00"+fmt.Sprintf("exp-%d", e))
				var groups [64]float64
				ones := 0
				for i, u := range units {
					h := experiment.Hash(seed, u)
					groups[h>>58]++
					if h>>63 == 1 {
						arms[e][i/64] |= 1 << (i % 64)
						ones++
					}
				}
				chi := 0.0
				for _, g := range groups {
					chi += (g - n/64) * (g - n/64) / (n / 64)
				}
				k := 2.0 / (9 * 63)
				worstChi = max(worstChi, (math.Cbrt(chi/63)-(1-k))/math.Sqrt(k))
				worstShare = max(worstShare, math.Abs(float64(2*ones-n))/math.Sqrt(n))
			}
			worst := 0.0
			for a := range arms {
				for b := range a {
					differ := 0
					for w := range arms[a] {
						differ += bits.OnesCount64(arms[a][w] ^ arms[b][w])
					}
					worst = max(worst, math.Abs(float64(n-2*differ))/math.Sqrt(n))
				}
			}
			if worst > 6.06 || worstShare > 5.03 || worstChi > 5.03 {
				t.Errorf("worst pair %.2f, share %.2f, chi-square %.2f deviations", worst, worstShare, worstChi)
			}
		})
	}
}
