package main

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// draw draws queries per second against recall, a line an engine, as SVG and as PNG.
func draw(rows []row, c config, path string) error {
	p := plot.New()
	p.Title.Text = fmt.Sprintf("recall@%d and queries per second on one thread, %s", c.K, c.Metric)
	p.X.Label.Text, p.Y.Label.Text = "recall", "queries per second"
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	p.X.Min, p.X.Max = 0.5, 1
	p.Legend.Left = true // the curves fall to the right
	p.Add(plotter.NewGrid())
	var lines []any
	for from := 0; from < len(rows); {
		var points plotter.XYs
		to := from
		for ; to < len(rows) && rows[to].Engine == rows[from].Engine && rows[to].Storage == rows[from].Storage; to++ {
			if rows[to].Recall >= p.X.Min && rows[to].QPS > 0 {
				points = append(points, plotter.XY{X: rows[to].Recall, Y: rows[to].QPS})
			}
		}
		if len(points) > 0 {
			lines = append(lines, rows[from].Engine+" "+rows[from].Storage, points)
		}
		from = to
	}
	if len(lines) == 0 {
		return fmt.Errorf("nothing above a recall of %v to draw", p.X.Min)
	}
	if err := plotutil.AddLinePoints(p, lines...); err != nil {
		return err
	}
	for _, kind := range []string{".svg", ".png"} {
		if err := p.Save(20*vg.Centimeter, 13*vg.Centimeter, path+kind); err != nil {
			return err
		}
	}
	return nil
}
