package experiment

import (
	"log/slog"
	"math"
	"math/bits"
	"slices"
	"sort"
	"time"
)

// Options configures a Set. The zero value works.
type Options struct {
	Now        func() time.Time                 // the clock of experiments with a Start or End; nil means time.Now
	Attributes func(unit string) map[string]any // what is known of a unit whose Subject brings nothing; nil: nothing
	Sticky     Sticky                           // keeps units in the variant they first got; nil: the hash decides anew
	Logger     *slog.Logger                     // told when Sticky fails; nil means silent
}

// Set is a checked definition ready to assign. It is immutable and safe for concurrent use.
type Set struct {
	opts        Options
	definition  Definition
	experiments map[string]*compiled
	holdout     *withheld
}

// Subject is whom an assignment is for.
type Subject struct {
	Unit       string         // what is randomised: a user, a session; 1 to IDMax bytes
	Attributes map[string]any // for conditions: strings, bools, numbers, lists of them; nil: Options.Attributes is asked
	Time       time.Time      // zero: the set's clock
}

// Assignment says which variant a subject gets, and why.
type Assignment struct {
	Experiment *Experiment // nil when there is no such experiment; read-only
	Variant    *Variant    // nil outside the experiment; read-only
	Reason     Reason
}

// VariantKey is the variant's key, "" outside the experiment.
func (a Assignment) VariantKey() string {
	if a.Variant == nil {
		return ""
	}
	return a.Variant.Key
}

// Reason says how an assignment came to be. Those up to Forced give a variant.
type Reason uint8

// The reasons, in the order in which they are asked for when Hashed is the answer in the end.
const (
	Hashed         Reason = iota + 1 // by hash
	Stuck                            // the variant that the unit got before
	Forced                           // named in Experiment.Forced; not to be counted
	Unknown                          // no such experiment
	InvalidUnit                      // the unit's identifier is empty or longer than IDMax
	Stopped                          // the kill switch is on
	OutsidePeriod                    // before Start, or End has come
	HeldOut                          // by the set's, the layer's or the experiment's own holdout
	OutsideSlots                     // the unit's slot belongs to another experiment of the layer
	NotTargeted                      // the condition does not hold
	NotPrerequired                   // a prerequisite does not hold
	NotCovered                       // outside the coverage
)

var reasonNames = [...]string{
	Hashed: "hashed", Stuck: "sticky", Forced: "forced", Unknown: "unknown experiment", InvalidUnit: "invalid unit",
	Stopped: "stopped", OutsidePeriod: "outside period", HeldOut: "held out", OutsideSlots: "outside slots",
	NotTargeted: "not targeted", NotPrerequired: "not prerequired", NotCovered: "not covered",
}

func (r Reason) String() string {
	if int(r) >= len(reasonNames) || reasonNames[r] == "" {
		return "invalid reason"
	}
	return reasonNames[r]
}

// compiled is an experiment ready to assign.
type compiled struct {
	*Experiment
	set *Set

	armSeed      uint64
	coverageSeed uint64
	covered      uint64 // buckets below are covered
	ends         []uint64
	arms         []uint32 // arms[i] has the buckets from ends[i-1] to before ends[i]

	layer         *layer
	holdout       *withheld
	condition     *matcher
	prerequisites []prerequisite
	forced        map[string]int
}

type layer struct {
	seed    uint64
	slots   uint64
	holdout *withheld
}

type withheld struct {
	seed  uint64
	share uint64 // buckets below are held out
}

type prerequisite struct {
	on       *compiled
	variants []int // of the other; nil: whichever
}

// holds reports whether the unit is held out; a nil receiver holds nobody.
func (w *withheld) holds(unit string) bool {
	return w != nil && bucket(w.seed, unit) < w.share
}

// Experiment returns the definition of an experiment of the set, nil when there is none; read-only.
func (s *Set) Experiment(key string) *Experiment {
	if c := s.experiments[key]; c != nil {
		return c.Experiment
	}
	return nil
}

// Definition returns what the set was compiled from; read-only.
func (s *Set) Definition() Definition { return s.definition }

// Assign says which variant the subject gets of the named experiment. It allocates nothing by itself, and costs well
// under 100 ns without condition, sticky variants or a period that asks the clock.
func (s *Set) Assign(key string, subject Subject) Assignment {
	c := s.experiments[key]
	if c == nil {
		return Assignment{Reason: Unknown}
	}
	arm, reason := c.assign(&subject)
	a := Assignment{Experiment: c.Experiment, Reason: reason}
	if arm >= 0 {
		a.Variant = &c.Variants[arm]
	}
	return a
}

// assign returns the index of the subject's variant, or -1, and the reason.
func (c *compiled) assign(subject *Subject) (arm int, why Reason) {
	unit := subject.Unit
	if unit == "" || len(unit) > IDMax {
		return -1, InvalidUnit
	}
	if c.Stopped {
		return -1, Stopped
	}
	if c.forced != nil {
		if arm, ok := c.forced[unit]; ok {
			return arm, Forced
		}
	}
	if !c.runs(subject) {
		return -1, OutsidePeriod
	}
	if c.set.holdout.holds(unit) || c.holdout.holds(unit) {
		return -1, HeldOut
	}
	if l := c.layer; l != nil {
		if l.holdout.holds(unit) {
			return -1, HeldOut
		}
		slot, _ := bits.Mul64(Hash(l.seed, unit), l.slots)
		if slot < uint64(c.Slots.From) || slot >= uint64(c.Slots.To) {
			return -1, OutsideSlots
		}
	}
	if c.set.opts.Sticky != nil {
		if arm := c.stuck(unit); arm >= 0 {
			return arm, Stuck
		}
	}
	if c.condition != nil && !c.condition.matches(c.attributes(subject)) {
		return -1, NotTargeted
	}
	for i := range c.prerequisites {
		if !c.prerequisites[i].holds(subject) {
			return -1, NotPrerequired
		}
	}
	if c.covered < Buckets && bucket(c.coverageSeed, unit) >= c.covered {
		return -1, NotCovered
	}
	arm = c.arm(bucket(c.armSeed, unit))
	if c.set.opts.Sticky != nil {
		c.stick(unit, arm)
	}
	return arm, Hashed
}

// runs reports whether the subject's time is within the experiment's period.
func (c *compiled) runs(subject *Subject) bool {
	if c.Start.IsZero() && c.End.IsZero() {
		return true
	}
	if subject.Time.IsZero() {
		subject.Time = c.set.opts.Now()
	}
	return !subject.Time.Before(c.Start) && (c.End.IsZero() || subject.Time.Before(c.End))
}

func (c *compiled) attributes(subject *Subject) map[string]any {
	if subject.Attributes == nil && c.set.opts.Attributes != nil {
		subject.Attributes = c.set.opts.Attributes(subject.Unit)
	}
	return subject.Attributes
}

// arm finds whose bucket it is.
func (c *compiled) arm(bucket uint64) int {
	if len(c.ends) <= 16 {
		i := 0
		for bucket >= c.ends[i] {
			i++
		}
		return int(c.arms[i])
	}
	i := sort.Search(len(c.ends), func(i int) bool { return bucket < c.ends[i] })
	return int(c.arms[i])
}

func (p *prerequisite) holds(subject *Subject) bool {
	arm, _ := p.on.assign(subject)
	if arm < 0 || p.variants == nil {
		return arm >= 0
	}
	return slices.Contains(p.variants, arm)
}

// threshold is how many buckets a share comes to, rounded down. Scaling by a power of two is exact, so no architecture
// can differ.
func threshold(share float64) uint64 {
	return uint64(math.Floor(share * Buckets))
}
