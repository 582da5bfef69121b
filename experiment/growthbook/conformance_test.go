package growthbook

import (
	stdcmp "cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestConformance runs a file of GrowthBook's conformance cases: the one that GROWTHBOOK_CASES names, or
// growthbook/cases-sample.json in GOLD_DATA. Every group of the file must be known, so that none is passed over.
//
//	GROWTHBOOK_CASES=FILE go test ./experiment/growthbook -run Conformance -v
func TestConformance(t *testing.T) {
	file := os.Getenv("GROWTHBOOK_CASES")
	if file == "" {
		data := os.Getenv("GOLD_DATA")
		if data == "" {
			data = "../../.data"
		}
		file = filepath.Join(data, "growthbook", "cases-sample.json")
		if _, err := os.Stat(file); err != nil {
			t.Skip("no cases: set GROWTHBOOK_CASES or GOLD_DATA")
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	root, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	passed, failed := runGroups(t, "", asObject(root))
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if passed+failed == 0 {
		t.Error("the file has no cases")
	}
}

// runGroups runs the groups of cases of an object, some of which are objects of groups in turn.
func runGroups(t *testing.T, prefix string, root *object) (passed, failed int) {
	for _, name := range root.keys {
		if name == "specVersion" {
			continue
		}
		if sub := asObject(root.values[name]); sub != nil {
			p, f := runGroups(t, prefix+name+".", sub)
			passed, failed = passed+p, failed+f
			continue
		}
		judge := judges[name]
		for i, c := range asList(root.values[name]) {
			label := fmt.Sprintf("%s%s[%d] %v", prefix, name, i, asList(c)[0])
			if judge == nil {
				t.Errorf("%s: unknown group", label)
				failed++
			} else if diff := judge(asList(c)); diff != "" {
				t.Errorf("%s:\n%s", label, diff)
				failed++
			} else {
				passed++
			}
		}
	}
	return passed, failed
}

// judges run a case each and return what differs. Indices past the end of a case read as nil through at.
var judges = map[string]func(c []any) string{
	"evalCondition":          judgeEval,
	"pruneCondition":         judgePrune,
	"reducePayload":          judgeReduce,
	"hash":                   judgeHash,
	"getBucketRange":         judgeRanges,
	"chooseVariation":        judgeChoose,
	"getQueryStringOverride": judgeQuery,
	"inNamespace":            judgeNamespace,
	"getEqualWeights":        judgeWeights,
	"decrypt":                judgeDecrypt,
	"feature":                judgeFeature,
	"contextualBandit":       judgeFeature,
	"run":                    judgeRun,
	"stickyBucket":           judgeSticky,
	"urlRedirect":            judgeRedirect,
}

func at(c []any, i int) any {
	if i < len(c) {
		return c[i]
	}
	return nil
}

// differ compares by type and value; numbers that went through arithmetic may be off by rounding.
func differ(want, got any) string {
	close := cmp.Comparer(func(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-9 })
	return cmp.Diff(plain(ordered(want, 0)), plain(ordered(got, 0)), close)
}

func judgeEval(c []any) string {
	g := groups{saved: asObject(at(c, 4)), patterns: new(patterns)}
	return differ(c[3], g.holds(c[2], c[1]))
}

func judgePrune(c []any) string {
	g := groups{saved: asObject(at(c, 4)), patterns: new(patterns)}
	return differ(c[3], g.prune(asObject(c[2]), c[1], nil))
}

func judgeReduce(c []any) string {
	in := asObject(c[1])
	var opts ReduceOptions
	opts.Include, opts.Exclude = filtersOf(in.get("include")), filtersOf(in.get("exclude"))
	if in.get("prerequisites") == "filter" {
		opts.Prerequisites = FilterPrerequisites
	}
	known := newObject()
	for _, part := range []string{"globalAttributes", "attributes"} {
		if o := asObject(in.get(part)); o != nil {
			for _, key := range o.keys {
				known.set(key, o.values[key])
			}
		}
	}
	before, _ := json.Marshal(in.get("payload"))
	got := newPayload(asObject(in.get("payload")), Options{}).reduce(known, opts)
	if after, _ := json.Marshal(in.get("payload")); string(after) != string(before) {
		return "the payload was changed"
	}
	return differ(c[2], got)
}

func filtersOf(v any) (f Filters) {
	list := func(v any) (out []string) {
		if !truthy(v) {
			return nil
		}
		out = []string{}
		for _, e := range asList(v) {
			out = append(out, asString(e))
		}
		return out
	}
	o := asObject(v)
	f.Projects, f.Tags = list(o.get("projects")), list(o.get("tags"))
	if fields := asObject(o.get("customFields")); fields != nil {
		f.CustomFields = make(map[string][]any)
		for _, key := range fields.keys {
			f.CustomFields[key] = asList(fields.values[key])
		}
	}
	return f
}

func judgeHash(c []any) string {
	n, ok := hash(asString(c[0]), asString(c[1]), asInt(c[2]))
	if !ok {
		return differ(c[3], nil)
	}
	return differ(c[3], n)
}

func judgeRanges(c []any) string {
	in := asList(c[1])
	got := bucketRanges(asInt(in[0]), in[1].(float64), readWeights(in[2]))
	return differ(c[2], got)
}

func judgeChoose(c []any) string {
	var ranges []Range
	for _, r := range asList(c[2]) {
		ranges = append(ranges, *readRange(r))
	}
	return differ(c[3], chooseVariation(c[1].(float64), ranges))
}

func judgeQuery(c []any) string {
	if i, ok := queryOverride(asString(c[1]), asString(c[2]), asInt(c[3])); ok {
		return differ(c[4], i)
	}
	return differ(c[4], nil)
}

func judgeNamespace(c []any) string {
	return differ(c[3], readNamespace(c[2]).holds(asString(c[1])))
}

func judgeWeights(c []any) string {
	want := asList(c[1]) // rounded to eight places
	got := equalWeights(asInt(c[0]))
	if len(want) != len(got) {
		return differ(want, got)
	}
	for i := range got {
		got[i] = math.Round(got[i]*1e8) / 1e8
		want[i] = math.Round(want[i].(float64)*1e8) / 1e8
	}
	return differ(want, got)
}

func judgeDecrypt(c []any) string {
	plaintext, err := Decrypt(asString(c[1]), asString(c[2]))
	if err != nil {
		return differ(c[3], nil)
	}
	return differ(c[3], string(plaintext))
}

// contextOf reads the context of a case: a payload, its options and a user.
func contextOf(v any) (*Payload, *User) {
	o := asObject(v)
	opts := Options{Disabled: o.get("enabled") == false, QAMode: asBool(o.get("qaMode"))}
	if forced := asObject(o.get("forcedFeatureValues")); forced != nil {
		opts.ForcedFeatures, _ = plain(forced).(map[string]any)
	}
	if globals := asObject(o.get("globalAttributes")); globals != nil {
		opts.GlobalAttributes, _ = plain(globals).(map[string]any)
	}
	user := &User{URL: asString(o.get("url")), ForcedVariations: make(map[string]int)}
	if attributes := asObject(o.get("attributes")); attributes != nil {
		user.Attributes, _ = plain(attributes).(map[string]any)
	}
	if forced := asObject(o.get("forcedVariations")); forced != nil {
		for _, key := range forced.keys {
			user.ForcedVariations[key] = asInt(forced.values[key])
		}
	}
	if ids, ok := o.get("remoteGroupIds").([]any); ok {
		user.RemoteGroups = []string{}
		for _, id := range ids {
			user.RemoteGroups = append(user.RemoteGroups, asString(id))
		}
	}
	if groups := asObject(o.get("groups")); groups != nil {
		for _, name := range groups.keys {
			if truthy(groups.values[name]) {
				user.Groups = append(user.Groups, name)
			}
		}
	}
	if overrides := asObject(o.get("overrides")); overrides != nil {
		user.Overrides = make(map[string]map[string]any)
		for _, key := range overrides.keys {
			user.Overrides[key], _ = plain(overrides.values[key]).(map[string]any)
		}
	}
	return newPayload(o, opts), user
}

func judgeFeature(c []any) string {
	p, user := contextOf(c[1])
	r := p.Feature(asString(c[2]), user)
	got := map[string]any{
		"value": r.Value, "on": r.On, "off": !r.On, "source": string(r.Source), "ruleId": r.RuleID,
	}
	want := asObject(c[3])
	if r.Experiment != nil {
		got["experiment"] = experimentFields(r.Experiment)
		got["experimentResult"] = resultFields(r.ExperimentResult)
	}
	return differ(want, got)
}

// experimentFields writes the fields that are set as a payload has them.
func experimentFields(e *Experiment) map[string]any {
	m := map[string]any{"key": e.Key, "variations": e.Variations}
	set := func(key string, value any, isSet bool) {
		if isSet {
			m[key] = value
		}
	}
	set("weights", e.Weights, e.Weights != nil)
	if e.Coverage != nil {
		m["coverage"] = *e.Coverage
	}
	set("ranges", e.Ranges, e.Ranges != nil)
	set("hashAttribute", e.HashAttribute, e.HashAttribute != "")
	set("fallbackAttribute", e.FallbackAttribute, e.FallbackAttribute != "")
	set("hashVersion", e.HashVersion, e.HashVersion != 0)
	set("seed", e.Seed, e.Seed != "")
	set("name", e.Name, e.Name != "")
	set("phase", e.Phase, e.Phase != "")
	set("condition", e.Condition, e.Condition != nil)
	set("disableStickyBucketing", true, e.DisableStickyBucketing)
	set("bucketVersion", e.BucketVersion, e.BucketVersion != 0)
	set("minBucketVersion", e.MinBucketVersion, e.MinBucketVersion != 0)
	if e.Namespace != nil {
		m["namespace"] = []any{e.Namespace.Name, e.Namespace.Range[0], e.Namespace.Range[1]}
	}
	if e.Meta != nil {
		var meta []any
		for _, v := range e.Meta {
			o := map[string]any{}
			if v.Key != "" {
				o["key"] = v.Key
			}
			if v.Name != "" {
				o["name"] = v.Name
			}
			if v.Passthrough {
				o["passthrough"] = true
			}
			meta = append(meta, o)
		}
		m["meta"] = meta
	}
	if e.Filters != nil {
		var filters []any
		for _, f := range e.Filters {
			o := map[string]any{"seed": f.Seed, "ranges": f.Ranges}
			if f.Attribute != "" {
				o["attribute"] = f.Attribute
			}
			if f.HashVersion != 0 {
				o["hashVersion"] = f.HashVersion
			}
			filters = append(filters, o)
		}
		m["filters"] = filters
	}
	if e.ContextualBandit != nil {
		m["contextualBandit"] = banditFields(e.ContextualBandit, map[string]any{})
	}
	return m
}

func banditFields(b *BanditAssignment, m map[string]any) map[string]any {
	m["leafId"], m["variationWeights"] = b.LeafID, b.VariationWeights
	if b.BanditVersion != nil {
		m["banditVersion"] = *b.BanditVersion
	}
	return m
}

func resultFields(r *ExperimentResult) map[string]any {
	m := map[string]any{
		"key": r.Key, "featureId": r.FeatureID, "inExperiment": r.InExperiment, "hashUsed": r.HashUsed,
		"variationId": r.VariationID, "value": r.Value, "hashAttribute": r.HashAttribute, "hashValue": r.HashValue,
		"stickyBucketUsed": r.StickyBucketUsed,
	}
	if r.Bucket != nil {
		m["bucket"] = *r.Bucket
	}
	if r.Name != "" {
		m["name"] = r.Name
	}
	if r.Passthrough {
		m["passthrough"] = true
	}
	if r.Bandit != nil {
		banditFields(r.Bandit, m)
	}
	return m
}

func judgeRun(c []any) string {
	p, user := contextOf(c[1])
	r := p.Run(readExperiment(asObject(c[2])), user)
	return differ([]any{c[3], c[4], c[5]}, []any{r.Value, r.InExperiment, r.HashUsed})
}

// memoryBuckets keeps sticky buckets as the documents that cases are written in.
type memoryBuckets map[[2]string]map[string]string

func (m memoryBuckets) Assignments(attribute, value string) map[string]string {
	return m[[2]string{attribute, value}]
}

func (m memoryBuckets) Save(attribute, value string, assignments map[string]string) {
	m[[2]string{attribute, value}] = assignments
}

func judgeSticky(c []any) string {
	p, user := contextOf(c[1])
	buckets := memoryBuckets{}
	load := func(doc *object) {
		assignments := map[string]string{}
		for key, v := range asObject(doc.get("assignments")).values {
			assignments[key] = asString(v)
		}
		buckets.Save(asString(doc.get("attributeName")), asString(doc.get("attributeValue")), assignments)
	}
	if docs := asObject(asObject(c[1]).get("stickyBucketAssignmentDocs")); docs != nil {
		for _, key := range docs.keys {
			load(asObject(docs.values[key]))
		}
	}
	for _, doc := range asList(c[2]) {
		load(asObject(doc))
	}
	user.StickyBuckets = buckets
	r := p.Feature(asString(c[3]), user)
	var got any
	if r.ExperimentResult != nil {
		got = resultFields(r.ExperimentResult)
	}
	// Those of the user, by the attributes that the features hash on.
	asked := map[string]bool{}
	for _, f := range p.features {
		for _, r := range f.rules {
			if r.Variations != nil {
				asked[stdcmp.Or(r.HashAttribute, "id")], asked[r.FallbackAttribute] = true, true
			}
		}
	}
	docs := map[string]any{}
	for _, key := range slices.SortedFunc(maps.Keys(buckets), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		if id := identity(ordered(user.Attributes[key[0]], 0)); asked[key[0]] && id != "" && id == key[1] {
			docs[key[0]+"||"+key[1]] = map[string]any{
				"attributeName": key[0], "attributeValue": key[1], "assignments": buckets[key],
			}
		}
	}
	return differ([]any{c[4], c[5]}, []any{got, docs})
}

func judgeRedirect(c []any) string {
	p, user := contextOf(c[1])
	want, got := []any{}, []any{}
	for _, w := range asList(c[2]) { // where there is no redirect, null, "" and nothing mean the same
		w := asObject(w)
		want = append(want, []any{w.get("inExperiment"), asString(w.get("urlRedirect")), asString(w.get("urlWithParams"))})
	}
	for _, r := range p.Redirects(user) {
		if !r.Result.InExperiment { // the file names those that the user takes part in
			continue
		}
		got = append(got, []any{r.Result.InExperiment, r.URL, r.WithQuery})
	}
	return differ(want, got)
}
