package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math/bits"
	"slices"
	"time"
)

// Compile checks a definition and makes it ready to assign. It keeps the definition, which must not change afterwards.
// The error joins one *Fault for everything that is wrong.
func Compile(d Definition, opts Options) (*Set, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Set{opts: opts, definition: d, experiments: make(map[string]*compiled, len(d.Experiments))}
	var f faults
	if n := len(d.Experiments); n > ExperimentsMax {
		f.add("experiments", "are %d, more than %d", n, ExperimentsMax)
		return nil, f.list[0]
	}
	f.holdout("holdout", d.Holdout)
	layers := f.layers(&d)
	placed := make(map[string][]*Experiment)
	for i := range d.Experiments {
		e := &d.Experiments[i]
		f.experiment(e)
		f.placement(e, layers, placed)
		if s.experiments[e.Key] != nil {
			f.add(fmt.Sprintf("experiment %q", clip(e.Key)), "is defined twice")
		}
		c := &compiled{Experiment: e, set: s}
		s.experiments[e.Key] = c
		f.condition(c)
	}
	order := make([]*compiled, 0, len(d.Experiments))
	for i := range d.Experiments {
		c := s.experiments[d.Experiments[i].Key]
		f.prerequisites(s, c)
		order = append(order, c)
	}
	if len(f.list) == 0 { // a missing experiment would read as no prerequisite
		f.cycles(order)
	}
	if len(f.list) > 0 {
		return nil, errors.Join(f.list...)
	}
	s.holdout = compileHoldout(d.Holdout)
	for _, c := range order {
		c.compile(layers)
	}
	return s, nil
}

func (f *faults) condition(c *compiled) {
	if c.Condition == nil {
		return
	}
	nodes := ConditionNodesMax
	m, err := compileCondition(c.Condition, 0, &nodes)
	if err != nil {
		f.add(fmt.Sprintf("experiment %q condition", clip(c.Key)), "%v", err)
		return
	}
	c.condition = &m
}

// compile fills in what a valid experiment is assigned by.
func (c *compiled) compile(layers map[string]*Layer) {
	salt := cmp.Or(c.Salt, c.Key)
	c.armSeed = seedOf(askArm, salt)
	c.coverageSeed = seedOf(askCoverage, salt)
	c.covered = Buckets
	if c.Coverage != nil {
		c.covered = threshold(*c.Coverage)
	}
	c.holdout = compileHoldout(c.Holdout)
	if l := layers[c.Layer]; c.Layer != "" {
		c.layer = &layer{
			seed:    seedOf(askLayer, cmp.Or(l.Salt, l.Key)),
			slots:   uint64(slotsOf(l)),
			holdout: compileHoldout(l.Holdout),
		}
	}
	for _, o := range ownedRanges(c.Experiment) {
		c.ends = append(c.ends, o.To)
		c.arms = append(c.arms, o.arm)
	}
	if len(c.Forced) > 0 {
		c.forced = make(map[string]int, len(c.Forced))
		for unit, key := range c.Forced {
			c.forced[unit] = slices.IndexFunc(c.Variants, func(v Variant) bool { return v.Key == key })
		}
	}
}

func compileHoldout(h *Holdout) *withheld {
	if h == nil {
		return nil
	}
	return &withheld{seed: seedOf(askHoldout, cmp.Or(h.Salt, h.Key)), share: threshold(h.Share)}
}

func slotsOf(l *Layer) uint32 { return cmp.Or(l.Slots, slotsDefault) }

// ownedRange is a range and the arm that has it.
type ownedRange struct {
	Range
	arm uint32
}

// ownedRanges returns the buckets of every arm in order: the explicit ranges when there are any, else consecutive ones
// by weight. Empty ranges of weights are left out.
func ownedRanges(e *Experiment) []ownedRange {
	var owned []ownedRange
	for i := range e.Variants {
		for _, r := range e.Variants[i].Ranges {
			owned = append(owned, ownedRange{r, uint32(i)})
		}
	}
	if owned != nil {
		slices.SortFunc(owned, func(a, b ownedRange) int { return cmp.Compare(a.From, b.From) })
		return owned
	}
	var at uint64
	for i, end := range weightEnds(weightsOf(e)) {
		if end > at {
			owned = append(owned, ownedRange{Range{at, end}, uint32(i)})
			at = end
		}
	}
	return owned
}

func weightsOf(e *Experiment) []float64 {
	weights := make([]float64, len(e.Variants))
	for i := range e.Variants {
		weights[i] = e.Variants[i].Weight
	}
	return weights
}

// weightEnds returns where each arm's buckets end when they follow one another. The last arm with a weight ends at
// Buckets, whatever the rounding of the sum.
func weightEnds(weights []float64) []uint64 {
	ends := make([]uint64, len(weights))
	sum, last := 0.0, -1
	for i, w := range weights {
		sum += w // additions alone: nothing to fuse
		ends[i] = min(threshold(sum), Buckets)
		if w > 0 {
			last = i
		}
	}
	if last < 0 { // all zero: equal shares
		for i := range ends {
			hi, lo := bits.Mul64(uint64(i+1), Buckets)
			ends[i], _ = bits.Div64(hi, lo, uint64(len(ends)))
		}
		return ends
	}
	for i := last; i < len(ends); i++ {
		ends[i] = Buckets
	}
	return ends
}
