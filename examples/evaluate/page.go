package main

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// page is the report as one file of HTML, with the plots in it.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>evaluate</title>
<style>body{font:15px/1.5 sans-serif;max-width:84rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.2rem .6rem;text-align:right;white-space:nowrap;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}figure{margin:2rem 0}svg{max-width:100%;height:auto}</style>
<h1>{{.Train}}</h1>
<p>{{.Users}} users or visits, seed {{.Seed}}. All items are ranked, none sampled. Intervals are of 95 % (bootstrap over users); p is
Student's of paired users, for all models together (Holm).</p>
<table><tr><th>model<th>recall@{{.K}}<th>ndcg@{{.K}}<th>beside {{.First}}<th>p<th>mrr@{{.K}}<th>coverage<th>novelty<th>fit<th>score<th>peak memory</tr>
{{range .Rows}}<tr><td>{{.Model}}<td>{{.Recall}}<td>{{.NDCG}}<td>{{.Beside}}<td>{{.P}}<td>{{.MRR}}<td>{{.Coverage}}<td>{{.Novelty}}<td>{{.Fit}}<td>{{.Score}}<td>{{.Memory}}</tr>
{{end}}</table>
{{range .Plots}}<figure>{{.}}</figure>{{end}}
</html>
`)) // read-only

type row struct {
	Model, Recall, NDCG, Beside, P, MRR, Coverage, Novelty, Fit, Score, Memory string
}

// writePage writes the report of results, of which there is one at least.
func writePage(w io.Writer, opt options, results []result) error {
	differences, chances, err := against(results)
	if err != nil {
		return err
	}
	var rows []row
	for i, v := range results {
		line := row{
			Model: v.model, Recall: v.interval(v.recalls).String(), NDCG: v.interval(v.ndcgs).String(), MRR: fmt.Sprintf("%.4f", v.at.MRR),
			Coverage: fmt.Sprintf("%.3f", v.at.Coverage), Novelty: fmt.Sprintf("%.2f", v.at.Novelty),
			Fit: fmt.Sprintf("%.1f s", v.fitted.Seconds()), Score: fmt.Sprintf("%.1f s", v.scored.Seconds()), Memory: fmt.Sprintf("%d MiB", v.peakRSS>>20),
		}
		if d := differences[i]; i > 0 {
			line.Beside, line.P = fmt.Sprintf("%+.4f [%+.4f, %+.4f]", d.Mean, d.Low, d.High), chance(chances[i])
		}
		rows = append(rows, line)
	}
	ndcg := fmt.Sprintf("ndcg@%d", opt.k)
	var plots []template.HTML
	for _, make := range []func() (*plot.Plot, error){
		func() (*plot.Plot, error) {
			return scatter("quality and training time", "seconds of training", ndcg, results, func(r result) float64 { return r.fitted.Seconds() })
		},
		func() (*plot.Plot, error) {
			return scatter("quality and memory", "peak MiB", ndcg, results, func(r result) float64 { return float64(r.peakRSS >> 20) })
		},
		func() (*plot.Plot, error) { return lengths(ndcg, results) },
	} {
		p, err := make()
		if err != nil {
			return err
		}
		svg, err := drawn(p)
		if err != nil {
			return err
		}
		plots = append(plots, svg)
	}
	return page.Execute(w, map[string]any{
		"Train": opt.train, "Users": results[0].users, "Seed": opt.seed, "K": opt.k, "First": results[0].model, "Rows": rows, "Plots": plots,
	})
}

// scatter has a point of each model: its quality against what it costs, on a logarithmic scale.
func scatter(title, x, y string, results []result, cost func(result) float64) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.Add(plotter.NewGrid())
	p.Legend.Top, p.Legend.Left = true, true // where a model would be that costs nothing and finds all
	low, high := math.Inf(1), 0.0
	for i, r := range results {
		c := max(cost(r), 0.001) // a logarithm has no zero
		low, high = min(low, c), max(high, c)
		dot, err := plotter.NewScatter(plotter.XYs{{X: c, Y: r.at.NDCG}})
		if err != nil {
			return nil, err
		}
		dot.GlyphStyle = draw.GlyphStyle{Color: plotutil.Color(i), Radius: vg.Points(4), Shape: plotutil.Shape(i)}
		p.Add(dot)
		p.Legend.Add(r.model, dot)
	}
	// Whole powers of ten around the points, so that there are marks, and room for the last of them.
	p.X.Min, p.X.Max = math.Pow(10, math.Floor(math.Log10(low))), 1.3*math.Pow(10, math.Ceil(math.Log10(high)))
	return p, nil
}

// lengths has a line of each model: its quality for users of more and more in their histories.
func lengths(y string, results []result) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "quality by length of history", "interactions in training", y
	p.Add(plotter.NewGrid())
	p.Legend.Top = true
	var names []string
	for _, s := range results[0].lengths {
		names = append(names, fmt.Sprintf("%s (%d)", s.name, s.users))
	}
	for i, r := range results {
		var points plotter.XYs
		for at, s := range r.lengths {
			if s.users > 0 {
				points = append(points, plotter.XY{X: float64(at), Y: s.ndcg})
			}
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		line.Color, dots.Color = plotutil.Color(i), plotutil.Color(i)
		dots.Shape = plotutil.Shape(i)
		p.Add(line, dots)
		p.Legend.Add(r.model, line, dots)
	}
	p.NominalX(names...)
	p.X.Max += 1.5 // room for the names of the models
	return p, nil
}

// drawn is the plot as SVG, to stand in a page.
func drawn(p *plot.Plot) (template.HTML, error) {
	canvas := vgsvg.New(vg.Points(620), vg.Points(340))
	p.Draw(draw.New(canvas))
	var text bytes.Buffer
	if _, err := canvas.WriteTo(&text); err != nil {
		return "", err
	}
	// The declaration before the element has no place within a page.
	at := max(bytes.Index(text.Bytes(), []byte("<svg")), 0)
	return template.HTML(text.Bytes()[at:]), nil
}
