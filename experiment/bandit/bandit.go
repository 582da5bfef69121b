// Package bandit learns while it chooses which of several arms (variants, rankers, banners) does best.
//
// A [Bandit] chooses among fixed arms; a [Linear] chooses among candidates described by features, which may change from
// call to call. Both say with which probability they chose what they chose, so that the log can evaluate other policies
// later; both forget, when asked to, in a world that drifts; and both merge what several processes learn.
//
//	b, err := bandit.New(3, bandit.Options{Policy: bandit.ThompsonBeta, Seed: 7})
//	choice := b.Choose()
//	err = b.Update(choice.Arm, reward)
//
// # Cost and concurrency
//
// A Bandit and a Linear are safe for concurrent use. A choice of a Bandit costs a draw, and its probabilities are
// computed anew when enough was learned to change them. With d features an update of a Linear costs d² and a choice d²
// a candidate, at d = 256 about 0.1 ms each. The State of either has a JSON form, to keep or to send: what one process
// drains, another merges.
//
// # Caveats
//
// A bandit minimises what is lost while it learns; it is no experiment. The arms it neglects are known badly, and its
// plain averages are biased downwards: to say which arm is better and how sure that is, randomise evenly (package
// experiment), or weight by the propensities.
package bandit

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// ErrInvalid says that an option, a reward, an arm, a context or a state cannot be taken as it is.
var ErrInvalid = errors.New("bandit: invalid")

// Policy is how a Bandit chooses.
type Policy string

// The policies.
const (
	// ThompsonBeta chooses each arm with the probability that it is the best, rewards being 0 to 1 and the belief about
	// each mean Beta(1 + sum, 1 + n - sum) (Thompson 1933; Agrawal and Goyal 2012).
	ThompsonBeta Policy = "thompson-beta"
	// ThompsonGaussian does the same for rewards of any size: the belief is normal around the average, with the pooled
	// variance over n.
	ThompsonGaussian Policy = "thompson-gaussian"
	// UCB1 chooses the arm whose average plus sqrt(2 log N / n) is highest, rewards being 0 to 1 (Auer, Cesa-Bianchi and
	// Fischer 2002).
	UCB1 Policy = "ucb1"
	// EpsilonGreedy chooses the arm of the highest average, and with probability Epsilon any.
	EpsilonGreedy Policy = "epsilon-greedy"
)

// stream keeps the draws apart from those of callers who use the same seed for something else.
const stream = 0x62616e646974

// ArmsMax is the most arms of a Bandit.
const ArmsMax = 256

// Options configures a Bandit. The zero value is ThompsonBeta without forgetting.
type Options struct {
	Policy   Policy  // empty: ThompsonBeta
	Epsilon  float64 // of EpsilonGreedy; 0 means 0.1
	HalfLife float64 // after how many updates an observation counts half; 0 means that nothing is forgotten
	Floor    float64 // the least probability of all arms together spread evenly, 0 to 1; 0 means none
	Seed     uint64  // of the draws
}

// Choice is an arm and the probability with which it was chosen.
type Choice struct {
	Arm        int
	Propensity float64
}

// Bandit chooses among fixed arms. It is safe for concurrent use. A choice costs a draw; the probabilities behind it are
// computed anew when enough was learned to change them: at every update at first, later at every twentieth of all.
type Bandit struct {
	opts  Options
	decay float64 // of every observation, at each update

	mu            sync.Mutex
	rng           *rand.Rand
	state         State // all that was learned
	fresh         State // what was learned here since Drain
	probabilities []float64
	stale         float64 // updates since the probabilities were computed
}

// New returns a bandit that knows nothing.
func New(arms int, opts Options) (*Bandit, error) {
	if opts.Policy == "" {
		opts.Policy = ThompsonBeta
	}
	if opts.Epsilon == 0 {
		opts.Epsilon = 0.1
	}
	switch {
	case arms < 1 || arms > ArmsMax:
		return nil, fmt.Errorf("%w: %d arms", ErrInvalid, arms)
	case !slices.Contains([]Policy{ThompsonBeta, ThompsonGaussian, UCB1, EpsilonGreedy}, opts.Policy):
		return nil, fmt.Errorf("%w: policy %q", ErrInvalid, opts.Policy)
	case !(opts.Epsilon > 0 && opts.Epsilon <= 1):
		return nil, fmt.Errorf("%w: epsilon %v", ErrInvalid, opts.Epsilon)
	case !(opts.Floor >= 0 && opts.Floor <= 1):
		return nil, fmt.Errorf("%w: floor %v", ErrInvalid, opts.Floor)
	case !(opts.HalfLife >= 0) || math.IsInf(opts.HalfLife, 0):
		return nil, fmt.Errorf("%w: half-life %v", ErrInvalid, opts.HalfLife)
	}
	b := &Bandit{opts: opts, decay: decayOf(opts.HalfLife), rng: rand.New(rand.NewPCG(opts.Seed, stream))}
	b.state, b.fresh = newState(arms), newState(arms)
	b.probabilities = b.compute()
	return b, nil
}

// decayOf is the factor of one update.
func decayOf(halfLife float64) float64 {
	if halfLife == 0 {
		return 1
	}
	return math.Exp2(-1 / halfLife)
}

// Choose draws an arm.
func (b *Bandit) Choose() Choice {
	b.mu.Lock()
	defer b.mu.Unlock()
	return draw(b.rng, b.probabilities)
}

// draw chooses with the given probabilities.
func draw(rng *rand.Rand, probabilities []float64) Choice {
	u := rng.Float64()
	last := 0
	for i, p := range probabilities {
		if p == 0 {
			continue
		}
		if last = i; u < p {
			break
		}
		u -= p
	}
	return Choice{last, probabilities[last]}
}

// Propensities returns the probability of every arm for the next choice.
func (b *Bandit) Propensities() []float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.probabilities)
}

// Update takes in the reward that an arm brought: 0 to 1 for ThompsonBeta and UCB1, anything finite for the others.
// Everything else is ErrInvalid and changes nothing.
func (b *Bandit) Update(arm int, reward float64) error {
	bounded := b.opts.Policy == ThompsonBeta || b.opts.Policy == UCB1
	if arm < 0 || arm >= len(b.state.Arms) {
		return fmt.Errorf("%w: arm %d of %d", ErrInvalid, arm, len(b.state.Arms))
	}
	if !(math.Abs(reward) <= 1e100) || bounded && (reward < 0 || reward > 1) {
		return fmt.Errorf("%w: reward %v", ErrInvalid, reward)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range [...]*State{&b.state, &b.fresh} {
		s.decay(b.decay)
		s.Arms[arm].add(reward)
	}
	b.stale++
	if b.stale >= 1+min(b.state.weight()/20, b.forgets()/20) {
		b.stale, b.probabilities = 0, b.compute()
	}
	return nil
}

// forgets is how many updates a bandit effectively remembers.
func (b *Bandit) forgets() float64 {
	if b.opts.HalfLife == 0 {
		return math.Inf(1)
	}
	return b.opts.HalfLife
}

// compute returns the policy's probabilities for what is known.
func (b *Bandit) compute() []float64 {
	var p []float64
	switch b.opts.Policy {
	case ThompsonBeta:
		p = betaBest(b.state.Arms)
	case ThompsonGaussian:
		p = normalBest(b.state.Arms)
	case UCB1:
		p = oneHot(b.state.Arms, upperBound(b.state.weight()))
	case EpsilonGreedy:
		p = mix(oneHot(b.state.Arms, Arm.optimistic), b.opts.Epsilon)
	}
	return mix(p, b.opts.Floor)
}

// mix spreads a share of the probability evenly.
func mix(p []float64, share float64) []float64 {
	for i := range p {
		p[i] = (1-share)*p[i] + share/float64(len(p))
	}
	return p
}

// oneHot chooses the arm with the highest score, the first of equals.
func oneHot(arms []Arm, score func(Arm) float64) []float64 {
	p := make([]float64, len(arms))
	best := 0
	for i := range arms {
		if score(arms[i]) > score(arms[best]) {
			best = i
		}
	}
	p[best] = 1
	return p
}

// optimistic is the average, infinite for an arm never tried.
func (a Arm) optimistic() float64 {
	if a.N == 0 {
		return math.Inf(1)
	}
	return a.Mean()
}

func upperBound(total float64) func(Arm) float64 {
	return func(a Arm) float64 {
		if a.N == 0 {
			return math.Inf(1)
		}
		return a.Mean() + math.Sqrt(2*math.Log(max(total, 1))/a.N)
	}
}
