package growthbook

import "math"

// NoLeaf is the leaf of a contextual bandit's assignment when no leaf's condition held and the rule's own weights were
// used.
const NoLeaf = -1

// BanditAssignment says by which leaf of a contextual bandit a user was assigned, and with what probabilities: what an
// off-policy evaluation needs.
type BanditAssignment struct {
	LeafID           int
	VariationWeights []float64
	BanditVersion    *int // of the bandit's model; nil: not told
}

// routeBandit puts the weights of the first leaf whose condition holds onto the experiment. Without one, or when the
// leaf is malformed, the experiment keeps its weights under NoLeaf. A bandit that the payload lacks changes nothing.
func (ev *evaluation) routeBandit(e *Experiment) {
	found := ev.bandits.get(e.ContextualBanditRef)
	definition := asObject(found)
	if !truthy(found) {
		return
	}
	e.ContextualBandit = &BanditAssignment{LeafID: NoLeaf}
	if version, ok := wholeNumber(definition.get("banditVersion")); ok {
		e.ContextualBandit.BanditVersion = &version
	}
	for _, c := range asList(definition.get("contexts")) {
		leaf := asObject(c)
		condition := leaf.get("condition")
		if leaf == nil || truthy(condition) && !ev.groups.holds(ev.attributes, condition) {
			continue
		}
		weights := readWeights(leaf.get("weights"))
		if id, ok := wholeNumber(leaf.get("leafId")); ok && usable(len(e.Variations), weights) {
			e.ContextualBandit.LeafID, e.Weights = id, weights
		}
		break
	}
	e.syncBandit()
}

// syncBandit makes the reported probabilities those that are used. Explicit ranges overrule all weights, so then there
// are none to report.
func (e *Experiment) syncBandit() {
	if e.ContextualBandit == nil {
		return
	}
	if len(e.Ranges) > 0 {
		e.ContextualBandit = nil
		return
	}
	e.ContextualBandit.VariationWeights = usableWeights(len(e.Variations), e.Weights)
}

func usable(n int, weights []float64) bool {
	return len(weights) == n && n > 0 && &usableWeights(n, weights)[0] == &weights[0]
}

func wholeNumber(v any) (int, bool) {
	f, ok := v.(float64)
	if !ok || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false
	}
	return int(f), true
}
