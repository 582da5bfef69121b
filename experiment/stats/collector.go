package stats

import (
	"fmt"
	"math"
	"slices"
)

// Collector adds up what each exposed unit did, and makes the arms of an analysis of it: the step between a log and
// Analyze. A unit counts from its first exposure in the variant it saw; one that saw a second variant is left out and
// counted in Crossed. It holds all units in memory and is not safe for concurrent use.
type Collector struct {
	Crossed int64 // units that saw more than one variant
	Bad     int64 // observations that were not finite

	plan     Plan
	variants []Arm // with Variant and Weight
	offsets  []int // of each metric's columns in a unit's
	columns  int
	unitsMax int
	units    map[string]*unit
	order    []*unit // in the order of exposure, so that sums do not depend on a map's
}

// unit is one unit's arm, -1 when it saw several, and the sums of its columns.
type unit struct {
	arm     int
	columns []float64
}

// ErrFull says that a collector has as many units as it may.
var ErrFull = fmt.Errorf("%w: as many units as the collector may hold", ErrInvalid)

// NewCollector returns a collector for the plan's metrics. Of the arms only Variant and Weight are looked at, the first
// being the control. unitsMax bounds its memory; 0 or less means ten million.
func NewCollector(plan Plan, arms []Arm, unitsMax int) (*Collector, error) {
	plan = plan.withDefaults()
	if unitsMax <= 0 {
		unitsMax = 10_000_000
	}
	c := &Collector{plan: plan, unitsMax: unitsMax, units: make(map[string]*unit)}
	for _, m := range plan.Metrics {
		c.offsets = append(c.offsets, c.columns)
		c.columns += m.Columns()
	}
	for _, a := range arms {
		c.variants = append(c.variants, Arm{Variant: a.Variant, Weight: a.Weight})
	}
	if err := plan.validate(c.arms()); err != nil {
		return nil, err
	}
	return c, nil
}

// Expose says that the unit saw the variant. A variant that is no arm is ErrInvalid, a new unit beyond the bound ErrFull.
func (c *Collector) Expose(name, variant string) error {
	arm := slices.IndexFunc(c.variants, func(a Arm) bool { return a.Variant == variant })
	if arm < 0 {
		return fmt.Errorf("%w: variant %q", ErrInvalid, variant)
	}
	u := c.units[name]
	if u == nil {
		if len(c.units) >= c.unitsMax {
			return fmt.Errorf("%w: %d", ErrFull, c.unitsMax)
		}
		u = &unit{arm, make([]float64, c.columns)}
		c.units[name] = u
		c.order = append(c.order, u)
	} else if u.arm >= 0 && u.arm != arm {
		u.arm = -1
		c.Crossed++
	}
	return nil
}

// Remove takes a unit out, as if it had never been exposed.
func (c *Collector) Remove(name string) {
	if u := c.units[name]; u != nil {
		if u.arm < 0 {
			c.Crossed--
		}
		delete(c.units, name)
		c.order = slices.DeleteFunc(c.order, func(v *unit) bool { return v == u })
	}
}

// Exposed reports whether the unit saw a variant: only then Observe counts.
func (c *Collector) Exposed(name string) bool { return c.units[name] != nil }

// Observe adds to the unit's columns of a metric, which Kind lists: a purchase to a mean, (clicks, impressions) to a ratio,
// 1 to a proportion, which any number above 0 makes a success. A unit that was not exposed is passed over. An unknown
// metric or another number of columns is ErrInvalid; so are columns that are not finite, which are counted in Bad.
func (c *Collector) Observe(name, metric string, columns ...float64) error {
	i := slices.IndexFunc(c.plan.Metrics, func(m Metric) bool { return m.Name == metric })
	if i < 0 || len(columns) != c.plan.Metrics[i].Columns() {
		return fmt.Errorf("%w: %d columns of metric %q", ErrInvalid, len(columns), metric)
	}
	for _, v := range columns {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			c.Bad++
			return fmt.Errorf("%w: %v for metric %q", ErrInvalid, v, metric)
		}
	}
	if u := c.units[name]; u != nil {
		for k, v := range columns {
			u.columns[c.offsets[i]+k] += v
		}
	}
	return nil
}

// arms makes the arms of what was collected. A unit that did nothing counts with zeros.
func (c *Collector) arms() []Arm {
	arms := slices.Clone(c.variants)
	for i := range arms {
		arms[i].Metrics = make([]*Summary, len(c.plan.Metrics))
		arms[i].Quantiles = make([]*Quantiles, len(c.plan.Metrics))
		for k, m := range c.plan.Metrics {
			if m.Kind == Quantile {
				arms[i].Quantiles[k] = new(Quantiles)
			} else {
				arms[i].Metrics[k] = m.NewSummary()
			}
		}
	}
	row := make([]float64, c.columns)
	for _, u := range c.order {
		if u.arm < 0 {
			continue
		}
		arms[u.arm].Units++
		copy(row, u.columns)
		for k, m := range c.plan.Metrics {
			part := row[c.offsets[k] : c.offsets[k]+m.Columns()]
			if m.Kind == Proportion {
				part[0] = min(math.Ceil(max(part[0], 0)), 1)
			}
			// A sum that has grown out of bounds is counted as bad where it is added.
			if q := arms[u.arm].Quantiles[k]; q != nil {
				_ = q.Add(part[0])
			} else {
				_ = arms[u.arm].Metrics[k].Add(part...)
			}
		}
	}
	return arms
}

// Report analyses what was collected so far, and says how many units saw several variants.
func (c *Collector) Report() (*Report, error) {
	r, err := Analyze(c.plan, c.arms())
	if err != nil {
		return nil, err
	}
	if c.Crossed > 0 {
		r.problem("%d units saw more than one variant and are left out", c.Crossed)
	}
	if c.Bad > 0 {
		r.problem("%d observations were not finite and are left out", c.Bad)
	}
	return r, nil
}
