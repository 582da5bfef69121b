package growthbook

import (
	"fmt"
)

// Options says how a payload is read. The zero value works.
type Options struct {
	// DecryptionKey is the base64 key of a payload whose parts are encrypted; empty: they are not.
	DecryptionKey string

	// GlobalAttributes are attributes of every user; a user's own win.
	GlobalAttributes map[string]any

	Disabled bool // nobody takes part in any experiment
	QAMode   bool // nobody takes part but those forced

	// ForcedFeatures overrules features by key, whatever their rules say.
	ForcedFeatures map[string]any
}

// Payload is GrowthBook's definitions, ready to evaluate. It is immutable and safe for concurrent use.
type Payload struct {
	opts        Options
	root        *object
	features    map[string]*feature
	experiments []*Experiment
	bandits     *object
	groups      groups
	globals     *object
}

// feature is a flag with its rules, the first of which that applies gives the value.
type feature struct {
	defaultValue any
	rules        []*rule
}

// rule is an experiment, or a forced value, with conditions of its own.
type rule struct {
	Experiment
	id         string
	hasForce   bool
	force      any
	coverage   *float64
	valueRange *Range
}

// encrypted names the parts that a payload may have encrypted.
var encryptedParts = [...]struct{ encrypted, part string }{
	{"encryptedFeatures", "features"},
	{"encryptedExperiments", "experiments"},
	{"encryptedSavedGroups", "savedGroups"},
	{"encryptedContextualBandits", "contextualBandits"},
}

// Parse reads a payload as GrowthBook's API serves it: an object with features, experiments, savedGroups and
// contextualBandits, all optional. What is not JSON is ErrInvalid, and a part that cannot be decrypted is ErrDecrypt.
func Parse(data []byte, opts Options) (*Payload, error) {
	v, err := parse(data)
	if err != nil {
		return nil, err
	}
	root, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("%w: not an object", ErrInvalid)
	}
	for _, names := range encryptedParts {
		text := asString(root.get(names.encrypted))
		if text == "" || opts.DecryptionKey == "" {
			continue
		}
		plaintext, err := Decrypt(text, opts.DecryptionKey)
		if err != nil {
			return nil, fmt.Errorf("%w (%s)", err, names.encrypted)
		}
		part, err := parse(plaintext)
		if err != nil {
			return nil, fmt.Errorf("%w (%s)", err, names.encrypted)
		}
		root.set(names.part, part)
		root.delete(names.encrypted)
	}
	return newPayload(root, opts), nil
}

func newPayload(root *object, opts Options) *Payload {
	p := &Payload{
		opts:     opts,
		root:     root,
		features: make(map[string]*feature),
		bandits:  asObject(root.get("contextualBandits")),
		groups:   groups{saved: asObject(root.get("savedGroups")), patterns: new(patterns)},
		globals:  asObject(ordered(opts.GlobalAttributes, 0)),
	}
	if features := asObject(root.get("features")); features != nil {
		for _, key := range features.keys {
			p.features[key] = readFeature(key, asObject(features.values[key]))
		}
	}
	for _, e := range asList(root.get("experiments")) {
		if o := asObject(e); o != nil {
			p.experiments = append(p.experiments, readExperiment(o))
		}
	}
	return p
}

func readFeature(key string, o *object) *feature {
	f := &feature{defaultValue: o.get("defaultValue")}
	for _, r := range asList(o.get("rules")) {
		if o := asObject(r); o != nil {
			f.rules = append(f.rules, readRule(key, o))
		}
	}
	return f
}

func readRule(featureKey string, o *object) *rule {
	r := &rule{Experiment: *readExperiment(o), id: asString(o.get("id"))}
	r.hasForce, r.force = o.has("force"), o.get("force")
	r.Force = nil // the rule's value, not the index of a variation
	r.Active, r.Status, r.URL, r.URLPatterns, r.Groups = nil, "", "", nil, nil
	if r.Key == "" {
		r.Key = featureKey
	}
	if r.valueRange = readRange(o.get("range")); r.valueRange == nil {
		r.coverage = r.Coverage
	}
	if list, ok := o.get("contextualVariations").([]any); ok {
		r.Variations = list
	}
	return r
}

// Experiment is one experiment, as a payload has it or as a program writes it. Only Key and Variations are required.
// Values in it are those of encoding/json.
type Experiment struct {
	Key        string
	Variations []any     // at least two
	Weights    []float64 // shares that add up to 1; nil: equal
	Coverage   *float64  // nil: all
	Ranges     []Range   // of the hashes, instead of Weights and Coverage

	HashAttribute     string // empty: "id"
	FallbackAttribute string // used with sticky buckets when the user lacks HashAttribute
	HashVersion       int    // 0 means 1
	Seed              string // empty: the key
	Namespace         *Namespace
	Filters           []Filter // instead of Namespace

	Condition        any // as a payload has it; nil: everybody
	ParentConditions []ParentCondition
	Groups           []string    // user groups that may take part; nil: all
	URL              string      // an expression that the URL must match; empty: any
	URLPatterns      []URLTarget // the same in the newer form

	Active *bool  // nil: true
	Status string // "draft" and "stopped" keep everybody out
	Force  *int   // the variation of all who take part

	Name, Phase            string
	Meta                   []VariationMeta
	DisableStickyBucketing bool
	BucketVersion          int
	MinBucketVersion       int
	PersistQueryString     bool
	ContextualBanditRef    string
	ContextualBandit       *BanditAssignment // set by the evaluation
}

// VariationMeta describes a variation.
type VariationMeta struct {
	Key         string // of the variation; empty: its index
	Name        string
	Passthrough bool // who gets it goes on to the next rule: a holdout
}

// Filter keeps users whose hash is outside all ranges out.
type Filter struct {
	Seed        string
	Attribute   string // empty: "id"
	HashVersion int    // 0 means 2
	Ranges      []Range
}

// ParentCondition is a prerequisite: a condition on the value of another feature.
type ParentCondition struct {
	ID        string
	Condition any
	Gate      bool // when it fails, the feature has no value, instead of trying the next rule
}

func readExperiment(o *object) *Experiment {
	e := &Experiment{
		Key:                    asString(o.get("key")),
		Weights:                readWeights(o.get("weights")),
		Coverage:               readFloat(o.get("coverage")),
		HashAttribute:          asString(o.get("hashAttribute")),
		FallbackAttribute:      asString(o.get("fallbackAttribute")),
		HashVersion:            asInt(o.get("hashVersion")),
		Seed:                   asString(o.get("seed")),
		Namespace:              readNamespace(o.get("namespace")),
		Condition:              o.get("condition"),
		URL:                    asString(o.get("url")),
		Status:                 asString(o.get("status")),
		Name:                   asString(o.get("name")),
		Phase:                  asString(o.get("phase")),
		DisableStickyBucketing: asBool(o.get("disableStickyBucketing")),
		BucketVersion:          asInt(o.get("bucketVersion")),
		MinBucketVersion:       asInt(o.get("minBucketVersion")),
		PersistQueryString:     asBool(o.get("persistQueryString")),
		ContextualBanditRef:    asString(o.get("contextualBanditRef")),
	}
	e.Variations, _ = o.get("variations").([]any)
	if active, ok := o.get("active").(bool); ok {
		e.Active = &active
	}
	if _, ok := o.get("force").(float64); ok {
		e.Force = new(asInt(o.get("force")))
	}
	for _, g := range asList(o.get("groups")) {
		e.Groups = append(e.Groups, asString(g))
	}
	readLists(e, o)
	return e
}

func readLists(e *Experiment, o *object) {
	for _, r := range asList(o.get("ranges")) {
		if r := readRange(r); r != nil {
			e.Ranges = append(e.Ranges, *r)
		}
	}
	for _, f := range asList(o.get("filters")) {
		e.Filters = append(e.Filters, readFilter(asObject(f)))
	}
	for _, m := range asList(o.get("meta")) {
		m := asObject(m)
		e.Meta = append(e.Meta, VariationMeta{asString(m.get("key")), asString(m.get("name")), asBool(m.get("passthrough"))})
	}
	for _, c := range asList(o.get("parentConditions")) {
		c := asObject(c)
		e.ParentConditions = append(e.ParentConditions,
			ParentCondition{asString(c.get("id")), c.get("condition"), asBool(c.get("gate"))})
	}
	for _, t := range asList(o.get("urlPatterns")) {
		t := asObject(t)
		e.URLPatterns = append(e.URLPatterns,
			URLTarget{asString(t.get("type")), asString(t.get("pattern")), t.get("include") != false})
	}
}

func readFilter(o *object) Filter {
	f := Filter{
		Seed:        asString(o.get("seed")),
		Attribute:   asString(o.get("attribute")),
		HashVersion: asInt(o.get("hashVersion")),
	}
	for _, r := range asList(o.get("ranges")) {
		if r := readRange(r); r != nil {
			f.Ranges = append(f.Ranges, *r)
		}
	}
	return f
}

func readFloat(v any) *float64 {
	if f, ok := v.(float64); ok {
		return &f
	}
	return nil
}

func readRange(v any) *Range {
	l := asList(v)
	if len(l) != 2 {
		return nil
	}
	from, ok := l[0].(float64)
	to, ok2 := l[1].(float64)
	if !ok || !ok2 {
		return nil
	}
	return &Range{from, to}
}

func readNamespace(v any) *Namespace {
	l := asList(v)
	if len(l) != 3 {
		return nil
	}
	r := readRange(l[1:])
	if r == nil {
		return nil
	}
	return &Namespace{asString(l[0]), *r}
}

// readWeights returns nil for what is no list of numbers, which means equal weights.
func readWeights(v any) []float64 {
	l, ok := v.([]any)
	if !ok {
		return nil
	}
	weights := make([]float64, len(l))
	for i := range l {
		if weights[i], ok = l[i].(float64); !ok {
			return nil
		}
	}
	return weights
}
