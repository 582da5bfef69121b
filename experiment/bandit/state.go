package bandit

import (
	"fmt"
	"math"
	"slices"
)

// StateVersion is the version of State's form.
const StateVersion = 1

// State is what a Bandit has learned: its JSON form may be kept and read again.
type State struct {
	Version int   `json:"version"`
	Arms    []Arm `json:"arms"`
}

// Arm is what was observed of one arm, with forgotten observations counting less.
type Arm struct {
	N       float64 `json:"n"`
	Sum     float64 `json:"sum"`
	Squares float64 `json:"squares"` // sum of squares
}

// Mean is the average reward, 0 before the first.
func (a Arm) Mean() float64 {
	if a.N == 0 {
		return 0
	}
	return a.Sum / a.N
}

func (a *Arm) add(reward float64) {
	a.N++
	a.Sum += reward
	a.Squares += reward * reward
}

func newState(arms int) State { return State{StateVersion, make([]Arm, arms)} }

func (s *State) decay(factor float64) {
	if factor == 1 {
		return
	}
	for i := range s.Arms {
		a := &s.Arms[i]
		a.N, a.Sum, a.Squares = a.N*factor, a.Sum*factor, a.Squares*factor
	}
}

func (s *State) weight() float64 {
	total := 0.0
	for i := range s.Arms {
		total += s.Arms[i].N
	}
	return total
}

func (s *State) validate(arms int) error {
	if s.Version != StateVersion || len(s.Arms) != arms {
		return fmt.Errorf("%w: state of version %d with %d arms, want version %d with %d", ErrInvalid, s.Version, len(s.Arms), StateVersion, arms)
	}
	for i, a := range s.Arms {
		// By Cauchy and Schwarz no numbers have a sum beyond sqrt(n squares).
		possible := a.N >= 0 && a.Squares >= 0 && a.Sum*a.Sum <= a.N*a.Squares*(1+1e-9)+1e-9
		if !possible || math.IsInf(a.N, 0) || math.IsInf(a.Squares, 0) {
			return fmt.Errorf("%w: state of arm %d: %+v", ErrInvalid, i, a)
		}
	}
	return nil
}

// Snapshot returns all that was learned.
func (b *Bandit) Snapshot() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return State{StateVersion, slices.Clone(b.state.Arms)}
}

// Drain returns what was learned by Update since the last Drain: what other processes have not seen yet.
func (b *Bandit) Drain() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.fresh
	b.fresh = newState(len(out.Arms))
	return out
}

// Merge adds what another process has drained, or what a snapshot held, to what is known here. A state of another
// version or number of arms, or that no rewards can have made, is ErrInvalid and changes nothing.
func (b *Bandit) Merge(s State) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := s.validate(len(b.state.Arms)); err != nil {
		return err
	}
	for i, a := range s.Arms {
		if (b.opts.Policy == ThompsonBeta || b.opts.Policy == UCB1) && (a.Sum < 0 || a.Sum > a.N*(1+1e-9)) {
			return fmt.Errorf("%w: rewards of arm %d are not 0 to 1", ErrInvalid, i)
		}
	}
	for i, a := range s.Arms {
		o := &b.state.Arms[i]
		o.N, o.Sum, o.Squares = o.N+a.N, o.Sum+a.Sum, o.Squares+a.Squares
	}
	b.stale, b.probabilities = 0, b.compute()
	return nil
}
