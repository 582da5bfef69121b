package experiment

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a definition.
const (
	IDMax            = 512    // bytes of a key, a salt or a unit
	VariantsMax      = 10_000 // of one experiment
	ExperimentsMax   = 10_000 // of one definition
	PrerequisiteCost = 1_000  // experiments asked, counted as often as they are, to answer for one

	// HashVersion is the one hash of native experiments. Versions 1 and 2 are GrowthBook's and live in
	// experiment/growthbook.
	HashVersion = 3

	weightTolerance = 1e-6
	slotsDefault    = 1000
)

// ErrInvalid says that a definition cannot be taken as it is; each Fault wraps it.
var ErrInvalid = errors.New("experiment: invalid")

// Fault is one thing that is wrong with a definition.
type Fault struct {
	Where   string // such as `experiment "ranking" variants[2].weight`
	Problem string
}

func (f *Fault) Error() string { return fmt.Sprintf("%v: %s: %s", ErrInvalid, f.Where, f.Problem) }

// Unwrap makes errors.Is(err, ErrInvalid) hold.
func (f *Fault) Unwrap() error { return ErrInvalid }

// faults collects what is wrong.
type faults struct{ list []error }

func (f *faults) add(where, format string, args ...any) {
	f.list = append(f.list, &Fault{Where: where, Problem: fmt.Sprintf(format, args...)})
}

// id checks a key or a salt.
func (f *faults) id(where, id string, required bool) {
	switch {
	case id == "" && required:
		f.add(where, "is empty")
	case len(id) > IDMax:
		f.add(where, "has %d bytes, more than %d", len(id), IDMax)
	case !utf8.ValidString(id):
		f.add(where, "is not UTF-8")
	case strings.ContainsRune(id, 0):
		f.add(where, "contains a zero byte")
	}
}

func (f *faults) share(where string, share float64) {
	if !(share >= 0 && share <= 1) { // NaN too
		f.add(where, "is %v, not between 0 and 1", share)
	}
}

func (f *faults) holdout(where string, h *Holdout) {
	if h == nil {
		return
	}
	f.id(where+".key", h.Key, true)
	f.id(where+".salt", h.Salt, false)
	f.share(where+".share", h.Share)
}

func (f *faults) layers(d *Definition) map[string]*Layer {
	layers := make(map[string]*Layer, len(d.Layers))
	for i := range d.Layers {
		l := &d.Layers[i]
		where := fmt.Sprintf("layer %q", clip(l.Key))
		if layers[l.Key] != nil {
			f.add(where, "is defined twice")
		}
		layers[l.Key] = l
		f.id(where+" key", l.Key, true)
		f.id(where+" salt", l.Salt, false)
		f.holdout(where+" holdout", l.Holdout)
	}
	return layers
}

// experiment checks what can be said of one experiment by itself.
func (f *faults) experiment(e *Experiment) {
	where := fmt.Sprintf("experiment %q", clip(e.Key))
	f.id(where+" key", e.Key, true)
	f.id(where+" salt", e.Salt, false)
	switch e.HashVersion {
	case 0, HashVersion:
	case 1:
		f.add(where+" hashVersion", "1 correlates the arms of different experiments; use %d", HashVersion)
	default:
		f.add(where+" hashVersion", "is %d, not %d", e.HashVersion, HashVersion)
	}
	if e.Coverage != nil {
		f.share(where+" coverage", *e.Coverage)
	}
	if !e.Start.IsZero() && !e.End.IsZero() && !e.Start.Before(e.End) {
		f.add(where+" end", "%v is not after the start, %v", e.End, e.Start)
	}
	if e.Phase < 0 {
		f.add(where+" phase", "is %d, below 0", e.Phase)
	}
	f.holdout(where+" holdout", e.Holdout)
	f.variants(where, e)
}

func (f *faults) variants(where string, e *Experiment) {
	if n := len(e.Variants); n == 0 || n > VariantsMax {
		f.add(where+" variants", "are %d, not 1 to %d", n, VariantsMax)
		return
	}
	seen := make(map[string]bool, len(e.Variants))
	sum, ranged := 0.0, false
	for i := range e.Variants {
		v := &e.Variants[i]
		at := fmt.Sprintf("%s variants[%d]", where, i)
		f.id(at+".key", v.Key, true)
		if seen[v.Key] {
			f.add(at+".key", "%q is there twice", clip(v.Key))
		}
		seen[v.Key] = true
		f.share(at+".weight", v.Weight)
		sum += v.Weight
		ranged = ranged || len(v.Ranges) > 0
	}
	if sum != 0 && !(math.Abs(sum-1) <= weightTolerance) {
		f.add(where+" variants", "have weights that add up to %v, not 1", sum)
	}
	if ranged {
		f.ranges(where+" variants", e)
	}
	for unit, variant := range e.Forced {
		if !seen[variant] {
			f.add(where+" forced", "%q is forced into %q, which is no variant", clip(unit), clip(variant))
		}
	}
}

// ranges checks that the ranges of all arms cover every bucket once.
func (f *faults) ranges(where string, e *Experiment) {
	owned := ownedRanges(e)
	var at uint64
	for _, o := range owned {
		if o.From != at || o.To <= o.From || o.To > Buckets {
			f.add(where, "have ranges that do not cover every bucket once, at %d", at)
			return
		}
		at = o.To
	}
	if at != Buckets {
		f.add(where, "have ranges that end at %d, not %d", at, uint64(Buckets))
	}
}

// placement checks the experiment's slots against its layer and the experiments placed there before it.
func (f *faults) placement(e *Experiment, layers map[string]*Layer, placed map[string][]*Experiment) {
	where := fmt.Sprintf("experiment %q", clip(e.Key))
	if e.Layer == "" {
		if e.Slots != (Slots{}) {
			f.add(where+" slots", "are given without a layer")
		}
		return
	}
	l := layers[e.Layer]
	if l == nil {
		f.add(where+" layer", "%q is not defined", clip(e.Layer))
		return
	}
	if e.Slots.From >= e.Slots.To || e.Slots.To > slotsOf(l) {
		f.add(where+" slots", "%d to %d are not a range of the layer's %d", e.Slots.From, e.Slots.To, slotsOf(l))
		return
	}
	for _, other := range placed[e.Layer] {
		if e.Slots.From < other.Slots.To && other.Slots.From < e.Slots.To && together(e, other) {
			f.add(where+" slots", "overlap those of %q", clip(other.Key))
		}
	}
	placed[e.Layer] = append(placed[e.Layer], e)
}

// together reports whether two experiments can run at one time.
func together(a, b *Experiment) bool {
	before := func(a, b *Experiment) bool { return !a.End.IsZero() && !b.Start.IsZero() && !a.End.After(b.Start) }
	return !a.Stopped && !b.Stopped && !before(a, b) && !before(b, a)
}

// prerequisites checks that every experiment and variant asked for exists, and resolves them.
func (f *faults) prerequisites(s *Set, c *compiled) {
	where := fmt.Sprintf("experiment %q prerequisites", clip(c.Key))
	for i, p := range c.Prerequisites {
		at := fmt.Sprintf("%s[%d]", where, i)
		on := s.experiments[p.Experiment]
		if on == nil {
			f.add(at, "%q is not defined", clip(p.Experiment))
			continue
		}
		resolved := prerequisite{on: on}
		for _, key := range p.Variants {
			arm := slices.IndexFunc(on.Variants, func(v Variant) bool { return v.Key == key })
			if arm < 0 {
				f.add(at, "%q has no variant %q", clip(p.Experiment), clip(key))
			}
			resolved.variants = append(resolved.variants, arm)
		}
		c.prerequisites = append(c.prerequisites, resolved)
	}
}

// cycles checks that prerequisites end, and that answering them is bounded. It walks without recursion, so that a long
// chain cannot exhaust the stack.
func (f *faults) cycles(order []*compiled) {
	const walking = -1
	cost := make(map[*compiled]int, len(order))
	for _, root := range order {
		path := []*compiled{root}
		for len(path) > 0 {
			c := path[len(path)-1]
			switch cost[c] {
			case 0:
				cost[c] = walking
				for _, p := range c.prerequisites {
					if cost[p.on] == walking {
						f.add(fmt.Sprintf("experiment %q prerequisites", clip(c.Key)), "lead back to itself through %q", clip(p.on.Key))
						return
					}
					if cost[p.on] == 0 {
						path = append(path, p.on)
					}
				}
			case walking:
				total := 1
				for _, p := range c.prerequisites {
					total += cost[p.on]
				}
				if total > PrerequisiteCost {
					f.add(fmt.Sprintf("experiment %q prerequisites", clip(c.Key)), "ask more than %d experiments", PrerequisiteCost)
					return
				}
				cost[c] = total
				path = path[:len(path)-1]
			default:
				path = path[:len(path)-1]
			}
		}
	}
}

// clip keeps messages readable when a key is enormous.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
