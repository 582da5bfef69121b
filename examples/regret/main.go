// Command regret runs the bandits of gold against worlds with known click rates and writes what they lose, as a table and
// as curves:
//
//	go run ./examples/regret -svg docs/regret.svg                                    five arms
//	go run ./examples/regret -obd men.csv -horizon 200000 -svg docs/regret-obd.svg   the items of an Open Bandit log
//
// With -obd the click rates are those of the items in the log of the uniformly random policy (Saito et al. 2020), drawn
// towards the overall rate by as many clicks as that has in 500 events, since most items have one or two clicks.
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goldrec/gold/experiment/bandit"
)

func main() {
	obd := flag.String("obd", "", "CSV of an Open Bandit log; empty: five arms of 4, 5, 6, 7 and 10 %")
	horizon := flag.Int("horizon", 20_000, "choices in a world")
	worlds := flag.Int("worlds", 20, "worlds to average over")
	svg := flag.String("svg", "", "write the curves to this file")
	flag.Parse()
	if err := run(*obd, *horizon, *worlds, *svg, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "regret:", err)
		os.Exit(1)
	}
}

// points is how many points a curve has.
const points = 50

var policies = []bandit.Policy{bandit.ThompsonBeta, bandit.ThompsonGaussian, bandit.EpsilonGreedy, bandit.UCB1}

func run(obd string, horizon, worlds int, svg string, out io.Writer) error {
	if horizon < points || worlds < 1 {
		return fmt.Errorf("horizon %d, worlds %d: at least %d and 1", horizon, worlds, points)
	}
	rates := []float64{0.04, 0.05, 0.06, 0.07, 0.10}
	if obd != "" {
		var err error
		if rates, err = clickRates(obd); err != nil {
			return err
		}
	}
	best, mean := slices.Max(rates), 0.0
	for _, r := range rates {
		mean += r / float64(len(rates))
	}
	random := make([]float64, points+1)
	for i := range random {
		random[i] = (best - mean) * float64(horizon*i) / points
	}
	curves := map[string][]float64{"random": random}
	names := []string{"random"}
	fmt.Fprintf(out, "%d arms, best %.4f, mean %.4f; regret in clicks\n%-18s %10s %10s %10s\n", len(rates), best, mean,
		"policy", "a tenth", "half", "the end")
	for _, p := range policies {
		curve, err := regret(p, rates, horizon, worlds)
		if err != nil {
			return err
		}
		curves[string(p)] = curve
		names = append(names, string(p))
	}
	for _, name := range names {
		c := curves[name]
		fmt.Fprintf(out, "%-18s %10.1f %10.1f %10.1f\n", name, c[points/10], c[points/2], c[points])
	}
	if svg == "" {
		return nil
	}
	return os.WriteFile(svg, []byte(plot(names, curves, horizon)), 0o644)
}

// regret averages what a policy loses against the best arm, at evenly spaced moments.
func regret(p bandit.Policy, rates []float64, horizon, worlds int) ([]float64, error) {
	curve := make([]float64, points+1)
	best := slices.Max(rates)
	for world := range uint64(worlds) {
		b, err := bandit.New(len(rates), bandit.Options{Policy: p, Seed: world})
		if err != nil {
			return nil, err
		}
		rng := rand.New(rand.NewPCG(world, 9))
		lost, next := 0.0, 1
		for step := 1; step <= horizon; step++ {
			c := b.Choose()
			reward := 0.0
			if rng.Float64() < rates[c.Arm] {
				reward = 1
			}
			if err := b.Update(c.Arm, reward); err != nil {
				return nil, err
			}
			lost += best - rates[c.Arm]
			for ; next <= points && step >= horizon*next/points; next++ {
				curve[next] += lost / float64(worlds)
			}
		}
	}
	return curve, nil
}

// clickRates reads the items' click rates from a log.
func clickRates(file string) ([]float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, fmt.Errorf("%s: no events", file)
	}
	item, click := slices.Index(rows[0], "item_id"), slices.Index(rows[0], "click")
	if item < 0 || click < 0 {
		return nil, fmt.Errorf("%s: no columns item_id and click", file)
	}
	var shown, clicked []float64
	total := 0.0
	for _, row := range rows[1:] {
		i, err := strconv.Atoi(row[item])
		if err != nil || i < 0 || i >= bandit.ArmsMax {
			return nil, fmt.Errorf("%s: item %q", file, row[item])
		}
		for len(shown) <= i {
			shown, clicked = append(shown, 0), append(clicked, 0)
		}
		shown[i]++
		if row[click] == "1" {
			clicked[i]++
			total++
		}
	}
	const borrowed = 500
	overall := total / float64(len(rows)-1)
	for i := range shown {
		clicked[i] = (clicked[i] + borrowed*overall) / (shown[i] + borrowed)
	}
	return clicked, nil
}

// plot draws the curves.
func plot(names []string, curves map[string][]float64, horizon int) string {
	const width, height, left, bottom = 640, 360, 60, 40
	most := 0.0
	for _, c := range curves {
		most = max(most, slices.Max(c))
	}
	colours := []string{"#8c959f", "#0969da", "#1a7f37", "#bf8700", "#cf222e"}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<path d="M%d 10V%dH%d" fill="none" stroke="#57606a"/>`+"\n", left, height-bottom, width-10)
	fmt.Fprintf(&b, `<text x="%d" y="%d">choices, to %d</text><text x="4" y="20">%.0f</text><text x="4" y="36">clicks lost</text>`+"\n",
		width/2, height-12, horizon, most)
	for n, name := range names {
		var line []string
		for i, v := range curves[name] {
			x := left + float64(width-10-left)*float64(i)/points
			y := float64(height-bottom) - (float64(height-bottom)-10)*v/most
			line = append(line, fmt.Sprintf("%.1f,%.1f", x, y))
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(line, " "), colours[n])
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", left+20, 24+16*n, colours[n], name)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
