package stats

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// relative is the relative difference, absolute where want is 0.
func relative(got, want float64) float64 {
	if got == want {
		return 0
	}
	if want == 0 {
		return math.Abs(got)
	}
	return math.Abs(got/want - 1)
}

// TestDistributionsAgainstR compares with testdata/distributions.json, which testdata/distributions.R made.
func TestDistributionsAgainstR(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/distributions.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		F          string
		A, B, C, R float64
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	functions := map[string]func(a, b, c float64) float64{
		"normalSF":       func(a, _, _ float64) float64 { return normalSF(a) },
		"normalQuantile": func(a, _, _ float64) float64 { return normalQuantile(a) },
		"studentSF":      func(a, b, _ float64) float64 { return studentSF(a, b) },
		"studentUpper":   func(a, b, _ float64) float64 { return studentUpper(a, b) },
		"chiSquareSF":    func(a, b, _ float64) float64 { return chiSquareSF(a, b) },
		"betaBelow":      func(a, b, c float64) float64 { below, _ := betaCDF(a, b, c); return below },
		"betaAbove":      func(a, b, c float64) float64 { _, above := betaCDF(a, b, c); return above },
		"betaQuantile":   betaQuantile,
	}
	worst := map[string]float64{}
	for _, row := range rows {
		f := functions[row.F]
		if f == nil {
			t.Fatalf("unknown function %q", row.F)
		}
		got := f(row.A, row.B, row.C)
		rel := relative(got, row.R)
		worst[row.F] = max(worst[row.F], rel)
		if !(rel <= 1e-11) {
			t.Errorf("%s(%v, %v, %v) = %v, R says %v: off by %.1e", row.F, row.A, row.B, row.C, got, row.R, rel)
		}
	}
	t.Logf("worst relative differences: %v", worst)
}
