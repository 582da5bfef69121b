package eval

import (
	"cmp"
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Knob is a hyper-parameter that may be turned, and how far.
type Knob struct {
	Name      string // "als.Factors", as in [Config]
	Low, High float64
	Scale     Scale
	Step      float64 // values are its multiples; 0: any value
}

// Scale says how values lie between the ends of a knob.
type Scale uint8

const (
	Linear      Scale = iota // sums: 0.1, 0.2, 0.3
	Logarithmic              // factors: 0.1, 1, 10; both ends are above 0
)

// TuneOptions is how long to search, and how.
type TuneOptions struct {
	Trials   int              // configurations to try, that without changes included; 0 means 27, or with a Budget any number
	Budget   time.Duration    // no run is begun that is not expected to end within it, but the first; 0: none
	Now      func() time.Time // the clock of the Budget; nil means time.Now
	Seed     uint64
	Progress func(done Trial) // called after each run; may be nil
}

// Trial is one run: a configuration looked at with a part of the data.
type Trial struct {
	Number  int // of the configuration, from 0, which is that without changes
	Config  Config
	Part    float64 // of the data
	Score   float64 // higher is better; -Inf when Err is not nil
	Err     error   // why it could not be run with this configuration
	Elapsed time.Duration
}

// Tuned is what a search found.
type Tuned struct {
	Trial           // the best on all the data; of equal ones the first
	Default Trial   // that without changes
	Runs    []Trial // all, in order
}

// The search: of bracketMax configurations each a run with a ninth of the data, of the best third with a third, and of the best of
// these with all.
const (
	keepOneIn  = 3
	bracketMax = keepOneIn * keepOneIn
)

// Tune searches for the configuration of the highest score by successive halving (Jamieson & Talwalkar 2016): many are looked at
// with a small part of the data, and what looks bad there is not looked at any more. The configuration without changes is
// looked at first, on all the data, and is the answer where nothing does better. Run trains and scores with a configuration on a
// part, above 0 and up to 1, of what it likes, which must not be a test set; the same arguments should give the same score. It
// may use all processors: runs come one after another. An error of run, or a score of NaN, speaks against the configuration
// only; when the first run fails that is Tune's error, and when ctx ends, its.
//
// Which configurations are tried follows from the seed and the knobs; for a number of trials without a Budget all of the result but
// times does. The best of many scores is better than what the configuration would score on other data: look at it on some.
func Tune(ctx context.Context, knobs []Knob, run func(ctx context.Context, c Config, part float64) (float64, error), opt TuneOptions) (Tuned, error) {
	if err := checkKnobs(knobs, opt); err != nil {
		return Tuned{}, err
	}
	s := &search{run: run, opt: opt, knobs: knobs, now: opt.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if s.opt.Trials == 0 {
		if s.opt.Trials = 27; opt.Budget > 0 {
			s.opt.Trials = math.MaxInt
		}
	}
	s.start = s.now()
	first := s.look(ctx, 0, Config{}, 1)
	s.found.Default, s.found.Trial = first, first
	if err := cmp.Or(ctx.Err(), first.Err); err != nil {
		return s.found, err
	}
	for number := 1; len(knobs) > 0; {
		n := s.affordable(min(bracketMax, s.opt.Trials-number))
		if n == 0 {
			break
		}
		s.bracket(ctx, number, n)
		if ctx.Err() != nil {
			return s.found, ctx.Err()
		}
		number += n
	}
	return s.found, nil
}

func checkKnobs(knobs []Knob, opt TuneOptions) error {
	if opt.Trials < 0 || opt.Budget < 0 {
		return invalid("%d trials within %v", opt.Trials, opt.Budget)
	}
	for i, k := range knobs {
		switch {
		case !(k.Low <= k.High) || math.IsInf(k.Low, 0) || math.IsInf(k.High, 0):
			return invalid("knob %s from %v to %v", k.Name, k.Low, k.High)
		case k.Scale == Logarithmic && k.Low <= 0:
			return invalid("knob %s from %v on a logarithmic scale", k.Name, k.Low)
		case !(k.Step >= 0) || k.Step > 0 && math.Ceil(k.Low/k.Step) > math.Floor(k.High/k.Step):
			return invalid("knob %s in steps of %v", k.Name, k.Step)
		case slices.ContainsFunc(knobs[:i], func(o Knob) bool { return o.Name == k.Name }):
			return invalid("knob %s twice", k.Name)
		}
	}
	return nil
}

// search is a Tune under way.
type search struct {
	run   func(ctx context.Context, c Config, part float64) (float64, error)
	opt   TuneOptions
	knobs []Knob
	now   func() time.Time
	start time.Time
	found Tuned
}

// bracket looks at n configurations from a number on.
func (s *search) bracket(ctx context.Context, number, n int) {
	var field []Trial
	for i := range n {
		field = append(field, Trial{Number: number + i, Config: s.draw(number + i)})
	}
	for of := bracketMax; len(field) > 0; of /= keepOneIn {
		if len(field) == 1 {
			of = 1
		}
		for i, t := range field {
			if ctx.Err() != nil || s.left() < s.expected(of) {
				return // the time did not suffice as expected
			}
			field[i] = s.look(ctx, t.Number, t.Config, of)
		}
		field = slices.DeleteFunc(field, func(t Trial) bool { return t.Err != nil })
		slices.SortStableFunc(field, func(a, b Trial) int { return cmp.Compare(b.Score, a.Score) })
		if of == 1 {
			break
		}
		field = field[:kept(len(field))]
	}
	if ctx.Err() == nil && len(field) > 0 && field[0].Score > s.found.Score {
		s.found.Trial = field[0]
	}
}

// kept is how many of n go on.
func kept(n int) int { return (n + keepOneIn - 1) / keepOneIn }

// look makes one run, with one part in of of the data.
func (s *search) look(ctx context.Context, number int, c Config, of int) Trial {
	begun := s.now()
	score, err := s.run(ctx, maps.Clone(c), 1/float64(of))
	if err == nil && math.IsNaN(score) {
		err = invalid("a score of NaN")
	}
	t := Trial{Number: number, Config: c, Part: 1 / float64(of), Score: score, Err: err, Elapsed: s.now().Sub(begun)}
	if err != nil {
		t.Score = math.Inf(-1)
	}
	s.found.Runs = append(s.found.Runs, t)
	if s.opt.Progress != nil && ctx.Err() == nil {
		s.opt.Progress(t)
	}
	return t
}

// affordable is how many configurations, at most n, a bracket can have that is expected to come to its end in time: a search that
// looks at more and never at one with all of the data has found nothing.
func (s *search) affordable(n int) int {
	for ; n > 0; n-- {
		cost := s.expected(1)
		if n > 1 {
			cost += time.Duration(n) * s.expected(bracketMax)
		}
		if more := kept(n); more > 1 {
			cost += time.Duration(more) * s.expected(keepOneIn)
		}
		if cost <= s.left() {
			break
		}
	}
	return max(n, 0)
}

func (s *search) left() time.Duration {
	if s.opt.Budget == 0 {
		return math.MaxInt64
	}
	return s.opt.Budget - s.now().Sub(s.start)
}

// expected is how long a run with a part of the data should take: as long as the longest so far of such a part, and no less
// than in proportion to the first.
func (s *search) expected(of int) time.Duration {
	longest := s.found.Default.Elapsed / time.Duration(of)
	for _, t := range s.found.Runs {
		if t.Part == 1/float64(of) {
			longest = max(longest, t.Elapsed)
		}
	}
	return longest
}

// draw is the configuration of a number.
func (s *search) draw(number int) Config {
	rng := rand.New(rand.NewPCG(s.opt.Seed, uint64(number)))
	c := Config{}
	for _, k := range s.knobs {
		c[k.Name] = k.at(rng.Float64())
	}
	return c
}

// at is the value at a place from 0 to 1. It has few digits where it has no Step, as a person would write it.
func (k Knob) at(place float64) float64 {
	v := k.Low + place*(k.High-k.Low)
	if k.Scale == Logarithmic {
		v = k.Low * math.Pow(k.High/k.Low, place)
	}
	if k.Step > 0 {
		n := min(max(math.Round(v/k.Step), math.Ceil(k.Low/k.Step)), math.Floor(k.High/k.Step))
		return n * k.Step
	}
	if v != 0 {
		const digits = 3
		unit := math.Pow(10, digits-1-math.Floor(math.Log10(math.Abs(v))))
		v = math.Round(v*unit) / unit
	}
	return min(max(v, k.Low), k.High)
}
