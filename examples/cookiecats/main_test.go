package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goldrec/gold/experiment/stats"
)

// TestCookieCats compares with R 4.2.2:
//
//	d <- read.csv("cookie_cats.csv"); a <- d[d$version == "gate_30", ]; b <- d[d$version == "gate_40", ]
//	prop.test(c(sum(b$retention_1), sum(a$retention_1)), c(nrow(b), nrow(a)), correct = FALSE)
//	t.test(b$sum_gamerounds, a$sum_gamerounds); chisq.test(table(d$version))
func TestCookieCats(t *testing.T) {
	data := os.Getenv("GOLD_DATA")
	if data == "" {
		data = "../../.data"
	}
	f, err := os.Open(filepath.Join(data, "cookie-cats", "cookie_cats.csv"))
	if err != nil {
		t.Skip("no Cookie Cats data: set GOLD_DATA")
	}
	defer f.Close()
	arms, err := read(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := stats.Analyze(plan, arms)
	if err != nil {
		t.Fatal(err)
	}
	one, seven, rounds := r.Comparisons[0], r.Comparisons[1], r.Comparisons[2]
	for name, c := range map[string][2]float64{
		"one.PValue":            {float64(one.PValue), 0.074409655296920105},
		"one.Interval[0]":       {float64(one.Interval[0]), -0.012392439449445215},
		"one.Interval[1]":       {float64(one.Interval[1]), 0.00058209987476229991},
		"one.ControlValue":      {float64(one.ControlValue), 0.44818791946308723},
		"one.VariantValue":      {float64(one.VariantValue), 0.44228274967574577},
		"one.Lift":              {float64(one.Lift), -0.01317565585974656},
		"one.LiftInterval[0]":   {float64(one.LiftInterval[0]), -0.027554099001744416},
		"one.LiftInterval[1]":   {float64(one.LiftInterval[1]), 0.0012027872822512956},
		"seven.PValue":          {float64(seven.PValue), 0.0015542499756142812},
		"seven.Interval[0]":     {float64(seven.Interval[0]), -0.013281552418885543},
		"seven.Interval[1]":     {float64(seven.Interval[1]), -0.0031210442115262816},
		"seven.ControlValue":    {float64(seven.ControlValue), 0.19020134228187918},
		"seven.VariantValue":    {float64(seven.VariantValue), 0.18200004396667327},
		"seven.Lift":            {float64(seven.Lift), -0.043119034896460184},
		"seven.LiftInterval[0]": {float64(seven.LiftInterval[0]), -0.069244577009617739},
		"seven.LiftInterval[1]": {float64(seven.LiftInterval[1]), -0.016993492783302633},
		"rounds.PValue":         {float64(rounds.PValue), 0.37592438409326157},
		"rounds.Statistic":      {float64(rounds.Statistic), -0.88543743312706735},
		"rounds.DF":             {float64(rounds.DF), 58595.481422573983},
		"rounds.Interval[0]":    {float64(rounds.Interval[0]), -3.7197051164946449},
		"rounds.Interval[1]":    {float64(rounds.Interval[1]), 1.4047282085881463},
		"r.SampleRatio.PValue":  {float64(r.SampleRatio.PValue), 0.008607987810836255},
	} {
		if rel := c[0]/c[1] - 1; !(rel < 1e-9 && rel > -1e-9) {
			t.Errorf("%s = %v, R says %v", name, c[0], c[1])
		}
	}
	if !r.SampleRatio.Mismatch == (float64(r.SampleRatio.PValue) < 0.001) {
		t.Errorf("mismatch = %v at p = %v", r.SampleRatio.Mismatch, r.SampleRatio.PValue)
	}
	outlier := false
	for _, p := range r.Problems {
		outlier = outlier || strings.Contains(p, "sum_gamerounds")
	}
	if !outlier { // one player has 49,854 rounds
		t.Errorf("problems = %q, want the outlier among them", r.Problems)
	}
}

func TestRowsThatAreNone(t *testing.T) {
	for _, rows := range []string{
		"", "header", "a,b,c,d,e\n1,gate_50,3,TRUE,FALSE", "a,b,c,d,e\n1,gate_30,NaN,TRUE,FALSE",
		"a,b,c,d,e\n1,gate_30,3,perhaps,FALSE", "a,b,c,d,e\n1,gate_30",
	} {
		if _, err := read(bytes.NewBufferString(rows)); err == nil {
			t.Errorf("%q is taken", rows)
		}
	}
}
