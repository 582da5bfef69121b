package offpolicy

import (
	"fmt"
	"iter"

	"github.com/goldrec/gold/store"
)

// LogOptions is how to read a log.
type LogOptions struct {
	// Target is the chance with which the target would have shown the item at that place of that page, 0 to 1.
	Target func(shown store.Interaction) float64
	// Reward is what an interaction that came of a shown item earned, such as 1 of a purchase, or its value; 0 adds nothing.
	Reward func(in store.Interaction) float64
}

// FromLog makes samples of an engine's log, such as of Store.Scan from its beginning: one of each impression that names its page and
// has a propensity, with the sum of the rewards of that user's other interactions with that item from that page, wherever in the log
// they stand. Impressions are what callers record of what was seen (store.Impression); of one that is recorded again the first
// counts. What was shown without a drawing has propensity 1, and only a target that shows the same has any weight there. Units are
// users. The log's error is returned as it is. It holds all impressions in memory, some 200 bytes each.
func FromLog(log iter.Seq2[store.Entry, error], opt LogOptions) ([]Sample, error) {
	if opt.Target == nil || opt.Reward == nil {
		return nil, fmt.Errorf("%w: no Target or no Reward", ErrInvalid)
	}
	type place struct{ user, page, item string }
	var samples []Sample
	at, earned := map[place]int{}, map[place]float64{}
	var order []place
	for e, err := range log {
		if err != nil {
			return nil, err
		}
		in := e.Interaction
		if e.Fact != store.Interacted || in.Page == "" {
			continue
		}
		key := place{in.User, in.Page, in.Item}
		if in.Kind != store.Impression {
			earned[key] += opt.Reward(in)
			continue
		}
		if _, again := at[key]; again || in.Propensity == 0 {
			continue
		}
		at[key] = len(samples)
		order = append(order, key)
		samples = append(samples, Sample{Unit: in.User, Propensity: in.Propensity, Target: opt.Target(in)})
	}
	for i, key := range order {
		samples[i].Reward = earned[key]
	}
	return samples, nil
}
