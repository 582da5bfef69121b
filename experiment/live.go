package experiment

import "sync/atomic"

// Live is the set in service. It is safe for concurrent use: an assignment is answered wholly by the set before a swap
// or wholly by the one after.
type Live struct {
	set atomic.Pointer[Set]
}

// NewLive puts a set into service.
func NewLive(s *Set) *Live {
	l := new(Live)
	l.set.Store(s)
	return l
}

// Set returns the set in service.
func (l *Live) Set() *Set { return l.set.Load() }

// Swap puts another set into service and returns the one before.
func (l *Live) Swap(s *Set) *Set { return l.set.Swap(s) }

// Assign asks the set in service; see Set.Assign.
func (l *Live) Assign(key string, subject Subject) Assignment {
	return l.set.Load().Assign(key, subject)
}

// Assigner answers for the named experiment, whether or not the set in service has it yet: until it has, nobody gets a
// variant. Assigner.Variants tells the two apart.
func (l *Live) Assigner(key string) *Assigner { return &Assigner{live: l, key: key} }

// Assigner answers for one experiment of a Live. It is what recommend.Options.Experiments takes, and safe for concurrent
// use.
type Assigner struct {
	live *Live
	key  string
}

// Key is the experiment's key.
func (a *Assigner) Key() string { return a.key }

// Variants returns the keys of the experiment's variants in the order of its definition, as the set in service has them
// now, and nil when that has no such experiment: a misspelt key would otherwise give nobody a variant and say nothing.
// The slice is the caller's.
func (a *Assigner) Variants() []string {
	e := a.live.Set().Experiment(a.key)
	if e == nil {
		return nil
	}
	keys := make([]string, len(e.Variants))
	for i := range e.Variants {
		keys[i] = e.Variants[i].Key
	}
	return keys
}

// Variant returns the key of the user's variant, "" outside the experiment. It allocates nothing.
func (a *Assigner) Variant(user string) string {
	return a.live.Assign(a.key, Subject{Unit: user}).VariantKey()
}

// Forced reports whether the user was given a variant by hand: they are shown it, but not exposed to it, since that
// would bias the comparison.
func (a *Assigner) Forced(user string) bool {
	return a.live.Assign(a.key, Subject{Unit: user}).Reason == Forced
}
