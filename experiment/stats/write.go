package stats

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"math"
	"text/tabwriter"
)

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s: %s\n%s\n\n", r.Experiment, r.headline(), r.Reason)
	fmt.Fprintf(t, "peeking allowed\t%v (looking: %s)\n", r.PeekingAllowed, r.Looking)
	fmt.Fprintf(t, "units\t%d%s\n", r.Units, r.planned())
	s := &r.SampleRatio
	for i, v := range s.Variants {
		fmt.Fprintf(t, "  %s\t%d, expected %.1f\n", v, s.Units[i], s.Shares[i]*float64(r.Units))
	}
	fmt.Fprintf(t, "sample ratio\tp = %.4g%s\n", float64(s.PValue), map[bool]string{true: "  MISMATCH"}[s.Mismatch])
	fmt.Fprintf(t, "alpha, correction\t%v, %s\n\n", r.Alpha, r.Correction)
	fmt.Fprintln(t, "metric\tvariant\tcontrol\tvariant\tdifference\tinterval\tlift\tinterval\tp\tadjusted\tverdict")
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		if c.Verdict == Unknown {
			fmt.Fprintf(t, "%s\t%s\t%s\n", c.Metric, c.Variant, c.Problem)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%.6g\t%.6g\t%+.4g\t%s\t%+.3f%%\t%s\t%.4g\t%.4g\t%s\n",
			c.Metric, c.Variant, float64(c.ControlValue), float64(c.VariantValue), float64(c.Difference),
			c.Interval.text("%.4g", 1), 100*float64(c.Lift), c.LiftInterval.text("%.3f%%", 100),
			float64(c.PValue), float64(c.AdjustedPValue), c.Verdict)
	}
	fmt.Fprintln(t)
	for i := range r.Comparisons {
		if c := &r.Comparisons[i]; c.Method != "" {
			fmt.Fprintf(t, "%s: %s\n", c.Metric, c.Method)
		}
	}
	for _, p := range r.Problems {
		fmt.Fprintf(t, "problem: %s\n", p)
	}
	return t.Flush()
}

// text writes both ends times a factor; what has no ends says nothing yet.
func (r Range) text(format string, factor float64) string {
	low, high := factor*float64(r[0]), factor*float64(r[1])
	if math.IsNaN(low+high) || math.IsInf(low, -1) && math.IsInf(high, 1) {
		return "none yet"
	}
	return fmt.Sprintf("["+format+", "+format+"]", low, high)
}

func (r *Report) headline() string {
	if r.Variant != "" {
		return string(r.Decision) + " " + r.Variant
	}
	return string(r.Decision)
}

func (r *Report) planned() string {
	if r.PlannedUnits == 0 {
		return ""
	}
	return fmt.Sprintf(" of %d planned", r.PlannedUnits)
}

// WriteJSON writes the report with all digits.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// WriteHTML writes the report as one page, with a plot of the lifts, that refers to nothing outside itself.
func (r *Report) WriteHTML(w io.Writer) error {
	return page(r).Execute(w, r)
}

const (
	plotWidth = 560 // of the plot's middle part, in pixels
	plotLabel = 240 // of the part for labels
	plotRow   = 28
)

// plotScale is the largest absolute end of a lift's interval that is finite, and so the plot's edge.
func (r *Report) plotScale() float64 {
	most := 0.0
	for i := range r.Comparisons {
		for _, v := range r.Comparisons[i].LiftInterval {
			if f := math.Abs(float64(v)); !math.IsNaN(f) && !math.IsInf(f, 0) {
				most = max(most, f)
			}
		}
	}
	if most == 0 {
		return 1
	}
	return most * 1.1
}

// page is the template of WriteHTML, with the functions that place things in the plot.
func page(r *Report) *template.Template {
	scale := r.plotScale()
	x := func(v Number) float64 {
		f := min(max(float64(v)/scale, -1), 1)
		return math.Round(10*(plotLabel+plotWidth/2*(1+f))) / 10
	}
	functions := template.FuncMap{
		"x":        x,
		"zero":     func() float64 { return x(0) },
		"row":      func(i int) int { return plotRow*i + plotRow/2 + 20 },
		"height":   func() int { return plotRow*len(r.Comparisons) + 50 },
		"width":    func() int { return plotLabel + plotWidth + 20 },
		"known":    func(c Comparison) bool { return c.Verdict != Unknown && !math.IsNaN(float64(c.Lift)) },
		"percent":  func(n Number) string { return fmt.Sprintf("%+.2f %%", 100*float64(n)) },
		"g":        func(n Number) string { return fmt.Sprintf("%.5g", float64(n)) },
		"absolute": func(r Range) string { return r.text("%.5g", 1) },
		"relative": func(r Range) string { return r.text("%+.2f %%", 100) },
		"edge":     func(sign float64) string { return fmt.Sprintf("%+.3g %%", 100*sign*scale) },
		"headline": r.headline,
		"planned":  r.planned,
	}
	return template.Must(template.New("report").Funcs(functions).Parse(pageText))
}

const pageText = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Experiment}}: {{headline}}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1b1f24 }
h1 { font-size: 1.4rem } table { border-collapse: collapse; font-size: .85rem; width: 100% }
th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid #d8dee4; white-space: nowrap } th:first-child, td:first-child,
th:nth-child(2), td:nth-child(2) { text-align: left } .better { fill: #1a7f37; stroke: #1a7f37 } .worse { fill: #cf222e;
stroke: #cf222e } .other { fill: #57606a; stroke: #57606a } .problem { color: #9a6700 } svg text { font-size: 12px }
</style></head><body>
<h1>{{.Experiment}}: {{headline}}</h1>
<p>{{.Reason}}</p>
<ul>
<li>Peeking allowed: {{if .PeekingAllowed}}yes{{else}}no, one look at the planned size{{end}} (looking: {{.Looking}})</li>
<li>Units: {{.Units}}{{planned}}; alpha {{.Alpha}}, correction: {{.Correction}}</li>
<li>Sample ratio: p = {{g .SampleRatio.PValue}}{{if .SampleRatio.Mismatch}} <strong>mismatch</strong>{{end}}
({{range $i, $v := .SampleRatio.Variants}}{{if $i}}, {{end}}{{$v}} {{index $.SampleRatio.Units $i}}{{end}})</li>
{{range .Problems}}<li class="problem">{{.}}</li>
{{end}}</ul>
<svg viewBox="0 0 {{width}} {{height}}" role="img" aria-label="relative lift with intervals">
<line x1="{{zero}}" x2="{{zero}}" y1="10" y2="{{height}}" stroke="#afb8c1"/>
{{range $i, $c := .Comparisons}}<text x="0" y="{{row $i}}" dy="4">{{$c.Metric}}, {{$c.Variant}}</text>
{{if known $c}}<g class="{{if eq $c.Verdict "better"}}better{{else if eq $c.Verdict "worse"}}worse{{else}}other{{end}}">
<line x1="{{x (index $c.LiftInterval 0)}}" x2="{{x (index $c.LiftInterval 1)}}" y1="{{row $i}}" y2="{{row $i}}" stroke-width="2"/>
<circle cx="{{x $c.Lift}}" cy="{{row $i}}" r="4"><title>{{percent $c.Lift}} {{relative $c.LiftInterval}}</title></circle></g>
{{end}}{{end}}<text x="240" y="{{height}}" dy="-6">{{edge -1.0}}</text><text x="{{zero}}" y="{{height}}" dy="-6">0</text>
<text x="{{width}}" y="{{height}}" dy="-6" text-anchor="end">{{edge 1.0}}</text>
</svg>
<p>Dots are relative lifts, lines their intervals at alpha {{.Alpha}}, each for one question; the correction is in the adjusted
p-values and the verdicts.</p>
<table><tr><th>metric</th><th>variant</th><th>control</th><th>variant</th><th>difference</th><th>lift</th><th>interval</th>
<th>p</th><th>adjusted p</th><th>verdict</th></tr>
{{range .Comparisons}}<tr title="{{.Method}}"><td>{{.Metric}}{{if not .Decides}} (secondary){{end}}</td><td>{{.Variant}}</td>
{{if .Problem}}<td colspan="8">{{.Problem}}</td>{{else}}<td>{{g .ControlValue}}</td><td>{{g .VariantValue}}</td>
<td>{{g .Difference}} {{absolute .Interval}}</td><td>{{percent .Lift}}</td>
<td>{{relative .LiftInterval}}</td><td>{{g .PValue}}</td>
<td>{{g .AdjustedPValue}}</td><td>{{.Verdict}}</td>{{end}}</tr>
{{end}}</table>
</body></html>
`
