package bandit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// LinearPolicy is how a Linear chooses.
type LinearPolicy string

// The policies over features.
const (
	// LinUCB chooses the candidate whose expected reward plus Width of its standard error is highest (Li, Chu, Langford
	// and Schapire 2010).
	LinUCB LinearPolicy = "lin-ucb"
	// LinThompson draws the expected rewards of all candidates from the belief, widened by Width, and chooses the highest
	// (Agrawal and Goyal 2013).
	LinThompson LinearPolicy = "lin-thompson"
)

// Limits of a Linear.
const (
	DimensionMax  = 256
	CandidatesMax = 1024
)

// LinearOptions configures a Linear. The zero value is LinThompson without forgetting.
type LinearOptions struct {
	Policy   LinearPolicy // empty: LinThompson
	Width    float64      // how much uncertainty counts, in the reward's unit; 0 means 0.25
	Ridge    float64      // how strongly coefficients are held at 0, in observations; 0 means 1
	HalfLife float64      // after how many updates an observation counts half; 0 means that nothing is forgotten
	Floor    float64      // the probability spread evenly over all candidates, 0 to 1; 0 means none
	Draws    int          // of LinThompson, to know the propensities; 0 means 128
	Seed     uint64       // of the draws
}

// Linear chooses among candidates by their features, under the belief that the expected reward is linear in them: ridge
// regression whose Cholesky factor is kept up to date with rank-one updates. It is safe for concurrent use. With d
// features an update costs d² and a choice d² a candidate; at d = 256 about 0.1 ms each.
type Linear struct {
	opts  LinearOptions
	decay float64
	d     int

	mu    sync.Mutex
	rng   *rand.Rand
	state LinearState // all that was learned
	fresh LinearState // what was learned here since Drain
	chol  []float64   // lower triangle L of Gram + Ridge I = L L', row by row
	theta []float64   // coefficients; nil when they have to be solved for
	since int         // updates since chol was computed anew
}

// NewLinear returns a bandit over d features that knows nothing.
func NewLinear(d int, opts LinearOptions) (*Linear, error) {
	if opts.Policy == "" {
		opts.Policy = LinThompson
	}
	if opts.Width == 0 {
		opts.Width = 0.25
	}
	if opts.Ridge == 0 {
		opts.Ridge = 1
	}
	if opts.Draws == 0 {
		opts.Draws = 128
	}
	positive := func(v float64) bool { return v > 0 && v < 1e100 }
	switch {
	case d < 1 || d > DimensionMax:
		return nil, fmt.Errorf("%w: %d features", ErrInvalid, d)
	case opts.Policy != LinUCB && opts.Policy != LinThompson:
		return nil, fmt.Errorf("%w: policy %q", ErrInvalid, opts.Policy)
	case !positive(opts.Width) || !positive(opts.Ridge):
		return nil, fmt.Errorf("%w: width %v, ridge %v", ErrInvalid, opts.Width, opts.Ridge)
	case !(opts.Floor >= 0 && opts.Floor <= 1):
		return nil, fmt.Errorf("%w: floor %v", ErrInvalid, opts.Floor)
	case !(opts.HalfLife >= 0) || math.IsInf(opts.HalfLife, 0):
		return nil, fmt.Errorf("%w: half-life %v", ErrInvalid, opts.HalfLife)
	case opts.Draws < 1 || opts.Draws > 100_000:
		return nil, fmt.Errorf("%w: %d draws", ErrInvalid, opts.Draws)
	}
	l := &Linear{opts: opts, decay: decayOf(opts.HalfLife), d: d, rng: rand.New(rand.NewPCG(opts.Seed, stream))}
	l.state, l.fresh = newLinearState(d), newLinearState(d)
	l.refactor()
	return l, nil
}

// Update takes in the reward that a candidate with the features brought. Features of another number, or features or a
// reward that are not finite or beyond ±1e50, are ErrInvalid and change nothing.
func (l *Linear) Update(features []float64, reward float64) error {
	if err := l.check(features); err != nil {
		return err
	}
	if !(math.Abs(reward) <= 1e50) {
		return fmt.Errorf("%w: reward %v", ErrInvalid, reward)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range [...]*LinearState{&l.state, &l.fresh} {
		s.add(features, reward, l.decay)
	}
	l.theta = nil
	// Forgetting shrinks the ridge along with the rest; it is restored when the factor is made anew, every d updates,
	// which costs d² each as well.
	if l.since++; l.since >= l.d {
		l.refactor()
		return nil
	}
	if l.decay != 1 {
		root := math.Sqrt(l.decay)
		for i := range l.chol {
			l.chol[i] *= root
		}
	}
	rankOne(l.chol, slices.Clone(features))
	return nil
}

func (l *Linear) check(features []float64) error {
	if len(features) != l.d {
		return fmt.Errorf("%w: %d features, want %d", ErrInvalid, len(features), l.d)
	}
	for i, f := range features {
		if !(math.Abs(f) <= 1e50) {
			return fmt.Errorf("%w: feature %d is %v", ErrInvalid, i, f)
		}
	}
	return nil
}

// refactor makes the factor from the sums.
func (l *Linear) refactor() {
	a := slices.Clone(l.state.Gram)
	for i := range l.d {
		a[i*(i+1)/2+i] += l.opts.Ridge
	}
	cholesky(a, l.d)
	l.chol, l.theta, l.since = a, nil, 0
}

// Choose chooses one of the candidates, each given by its features; Choice.Arm is its index. No candidates, too many, or
// features that Update would refuse are ErrInvalid.
func (l *Linear) Choose(candidates [][]float64) (Choice, error) {
	if len(candidates) == 0 || len(candidates) > CandidatesMax {
		return Choice{}, fmt.Errorf("%w: %d candidates", ErrInvalid, len(candidates))
	}
	for _, c := range candidates {
		if err := l.check(c); err != nil {
			return Choice{}, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.probabilities(candidates)
	return draw(l.rng, mix(p, l.opts.Floor)), nil
}

// Predict returns the expected reward of a candidate and its standard error in units of Width.
func (l *Linear) Predict(features []float64) (mean, uncertainty float64, err error) {
	if err := l.check(features); err != nil {
		return 0, 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w := slices.Clone(features)
	forward(l.chol, w)
	return dot(l.coefficients(), features), math.Sqrt(dot(w, w)), nil
}

// coefficients solves for the mean of the belief when something was learned since.
func (l *Linear) coefficients() []float64 {
	if l.theta == nil {
		l.theta = slices.Clone(l.state.Moment)
		forward(l.chol, l.theta)
		backward(l.chol, l.theta)
	}
	return l.theta
}

// probabilities returns that of each candidate under the policy.
func (l *Linear) probabilities(candidates [][]float64) []float64 {
	theta := l.coefficients()
	means := make([]float64, len(candidates))
	whitened := make([][]float64, len(candidates)) // L⁻¹ x: the belief about x' theta has their inner products as covariance
	for i, c := range candidates {
		means[i] = dot(theta, c)
		whitened[i] = slices.Clone(c)
		forward(l.chol, whitened[i])
	}
	p := make([]float64, len(candidates))
	if l.opts.Policy == LinUCB {
		best, most := 0, math.Inf(-1)
		for i, w := range whitened {
			if bound := means[i] + l.opts.Width*math.Sqrt(dot(w, w)); bound > most {
				best, most = i, bound
			}
		}
		p[best] = 1
		return p
	}
	return l.thompson(means, whitened, p)
}

// thompson draws the rewards of all candidates together Draws times and counts which is highest. The choice is then drawn
// from these shares, so that they are its exact propensities.
func (l *Linear) thompson(means []float64, whitened [][]float64, p []float64) []float64 {
	z := make([]float64, l.d)
	for range l.opts.Draws {
		for i := range z {
			z[i] = l.rng.NormFloat64()
		}
		best, most := 0, math.Inf(-1)
		for i, w := range whitened {
			if drawn := means[i] + l.opts.Width*dot(w, z); drawn > most {
				best, most = i, drawn
			}
		}
		p[best] += 1 / float64(l.opts.Draws)
	}
	return p
}

// Snapshot returns all that was learned.
func (l *Linear) Snapshot() LinearState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.clone()
}

// Drain returns what was learned by Update since the last Drain: what other processes have not seen yet.
func (l *Linear) Drain() LinearState {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.fresh
	l.fresh = newLinearState(l.d)
	return out
}

// Merge adds what another process has drained, or what a snapshot held, to what is known here. A state of another
// version or size, or one that no observations can have made, is ErrInvalid and changes nothing.
func (l *Linear) Merge(s LinearState) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := s.validate(l.d, l.opts.Ridge); err != nil {
		return err
	}
	for i, v := range s.Gram {
		l.state.Gram[i] += v
	}
	for i, v := range s.Moment {
		l.state.Moment[i] += v
	}
	l.state.N += s.N
	l.refactor()
	return nil
}
