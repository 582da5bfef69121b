package growthbook

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHashVectors pins both hashes; the numbers are those of GrowthBook's Python SDK.
func TestHashVectors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		seed, value string
		version     int
		want        float64
	}{
		{"exp", "ann", 1, 0.463},
		{"exp", "ann", 2, 0.8249},
		{"ключ", "日本😀", 1, 0.493},
		{"ключ", "日本😀", 2, 0.1518},
		{"", "u", 2, 0.3129},
	} {
		if got, ok := hash(c.seed, c.value, c.version); !ok || got != c.want {
			t.Errorf("hash(%q, %q, %d) = %v, want %v", c.seed, c.value, c.version, got, c.want)
		}
	}
	if _, ok := hash("exp", "ann", 3); ok {
		t.Error("there is a version 3")
	}
}

// TestRun walks through what keeps a user out of an experiment, or decides the variation, in the order in which it is
// asked. The experiment's ranges give everybody variation 1.
func TestRun(t *testing.T) {
	t.Parallel()
	type e = Experiment
	type u = User
	page := []URLTarget{{Type: "simple", Pattern: "*/shop/*", Include: true}, {Type: "regex", Pattern: "secret", Include: false}}
	off := Options{Disabled: true}
	tests := []struct {
		name         string
		opts         Options
		change       func(x *e, y *u)
		variation    int
		in, hashUsed bool
	}{
		{"plain", Options{}, func(*e, *u) {}, 1, true, true},
		{"one variation", Options{}, func(x *e, _ *u) { x.Variations = x.Variations[:1] }, 0, false, false},
		{"disabled", off, func(*e, *u) {}, 0, false, false},
		{"override to draft", Options{}, func(_ *e, y *u) { y.Overrides = map[string]map[string]any{"x": {"status": "draft"}} }, 0, false, false},
		{"override of the ranges", Options{}, func(_ *e, y *u) {
			y.Overrides = map[string]map[string]any{"x": {"ranges": [][]float64{{0, 1}, {1, 1}}}}
		}, 0, true, true},
		{"other page", Options{}, func(x *e, y *u) { x.URLPatterns, y.URL = page, "http://h/cart/1" }, 0, false, false},
		{"its page", Options{}, func(x *e, y *u) { x.URLPatterns, y.URL = page, "http://h/shop/1" }, 1, true, true},
		{"excluded page", Options{}, func(x *e, y *u) { x.URLPatterns, y.URL = page, "http://h/shop/secret" }, 0, false, false},
		{"query", Options{}, func(_ *e, y *u) { y.URL = "http://h/?a=1&x=0#x=1" }, 0, true, false},
		{"forced", Options{}, func(_ *e, y *u) { y.ForcedVariations = map[string]int{"x": 0} }, 0, true, false},
		{"forced outside", Options{}, func(_ *e, y *u) { y.ForcedVariations = map[string]int{"x": 7} }, 0, false, false},
		{"inactive", Options{}, func(x *e, _ *u) { x.Active = new(false) }, 0, false, false},
		{"nobody", Options{}, func(_ *e, y *u) { y.Attributes = nil }, 0, false, false},
		{"other attribute", Options{}, func(x *e, _ *u) { x.HashAttribute = "device" }, 0, false, false},
		{"filtered out", Options{}, func(x *e, _ *u) { x.Filters = []Filter{{Seed: "s", Ranges: []Range{{0, 0}}}} }, 0, false, false},
		{"outside the namespace", Options{}, func(x *e, _ *u) { x.Namespace = &Namespace{"ns", Range{0, 0}} }, 0, false, false},
		{"condition fails", Options{}, func(x *e, _ *u) { x.Condition = map[string]any{"id": "bob"} }, 0, false, false},
		{"condition holds", Options{}, func(x *e, _ *u) { x.Condition = map[string]any{"id": "ann"} }, 1, true, true},
		{"prerequisite fails", Options{}, func(x *e, _ *u) {
			x.ParentConditions = []ParentCondition{{ID: "flag", Condition: map[string]any{"value": false}}}
		}, 0, false, false},
		{"prerequisite holds", Options{}, func(x *e, _ *u) {
			x.ParentConditions = []ParentCondition{{ID: "flag", Condition: map[string]any{"value": true}}}
		}, 1, true, true},
		{"not in the group", Options{}, func(x *e, _ *u) { x.Groups = []string{"staff"} }, 0, false, false},
		{"in the group", Options{}, func(x *e, y *u) { x.Groups, y.Groups = []string{"staff"}, []string{"staff"} }, 1, true, true},
		{"older URL form", Options{}, func(x *e, y *u) { x.URL, y.URL = "^/shop", "https://h/shop" }, 1, true, true},
		{"older URL form fails", Options{}, func(x *e, y *u) { x.URL, y.URL = "^/cart", "https://h/shop" }, 0, false, false},
		{"hash version", Options{}, func(x *e, _ *u) { x.HashVersion = 9 }, 0, false, false},
		{"no coverage", Options{}, func(x *e, _ *u) { x.Ranges, x.Coverage = nil, new(0.0) }, 0, false, false},
		{"force", Options{}, func(x *e, _ *u) { x.Force = new(0) }, 0, true, false},
		{"QA mode", Options{QAMode: true}, func(*e, *u) {}, 0, false, false},
		{"stopped", Options{}, func(x *e, _ *u) { x.Status = "stopped" }, 0, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := Parse([]byte(`{"features": {"flag": {"defaultValue": true}}}`), test.opts)
			if err != nil {
				t.Fatal(err)
			}
			x := e{Key: "x", Variations: []any{"a", "b"}, Ranges: []Range{{0, 0}, {0, 1}}}
			y := u{Attributes: map[string]any{"id": "ann"}}
			test.change(&x, &y)
			r := p.Run(&x, &y)
			if r.VariationID != test.variation || r.InExperiment != test.in || r.HashUsed != test.hashUsed {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestStickyBuckets(t *testing.T) {
	t.Parallel()
	buckets := memoryBuckets{}
	user := &User{Attributes: map[string]any{"id": "ann", "device": "d1"}, StickyBuckets: buckets}
	evaluate := func(rule string) *ExperimentResult {
		t.Helper()
		p, err := Parse([]byte(`{"features":{"f":{"defaultValue":0,"rules":[{"key":"e","variations":[1,2],
		  "meta":[{"key":"a"},{"key":"b"}],"fallbackAttribute":"device",`+rule+`}]}}}`), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p.Feature("f", user).ExperimentResult
	}
	if r := evaluate(`"ranges":[[0,1],[1,1]]`); r.Key != "a" || r.StickyBucketUsed {
		t.Fatalf("first: %+v", r)
	}
	if r := evaluate(`"ranges":[[1,1],[0,1]],"condition":{"id":"nobody"}`); r != nil {
		t.Fatalf("a rule's condition is asked before: %+v", r)
	}
	if r := evaluate(`"ranges":[[1,1],[0,1]]`); r.Key != "a" || !r.StickyBucketUsed {
		t.Fatalf("the ranges have moved: %+v", r)
	}
	if r := evaluate(`"ranges":[[1,1],[0,1]],"disableStickyBucketing":true`); r.Key != "b" {
		t.Fatalf("not sticky: %+v", r)
	}
	if r := evaluate(`"ranges":[[1,1],[0,1]],"bucketVersion":1`); r.Key != "b" || r.StickyBucketUsed {
		t.Fatalf("a new version: %+v", r)
	}
	if r := evaluate(`"ranges":[[1,1],[0,1]],"bucketVersion":2,"minBucketVersion":1`); r != nil {
		t.Fatalf("kept out by version 0: %+v", r)
	}
	want := memoryBuckets{{"id", "ann"}: {"e__0": "a", "e__1": "b"}}
	if diff := cmp.Diff(want, buckets); diff != "" {
		t.Error(diff)
	}
	delete(user.Attributes, "id") // now by the device
	if r := evaluate(`"ranges":[[1,1],[0,1]]`); r.HashAttribute != "device" || r.HashValue != "d1" {
		t.Errorf("by the fallback: %+v", r)
	}
}

func TestContextualBandit(t *testing.T) {
	t.Parallel()
	p, err := Parse([]byte(`{"features":{"f":{"defaultValue":0,"rules":[{"key":"e","contextualVariations":["a","b"],
	  "weights":[1,0],"contextualBanditRef":"cb"}]}},
	  "contextualBandits":{"cb":{"banditVersion":3,"contexts":[
	    {"leafId":1,"condition":{"plan":"pro"},"weights":[0,1]},
	    {"leafId":2,"condition":{"plan":"bad"},"weights":[0.2,0.2]}]}}}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for plan, want := range map[string]BanditAssignment{
		"pro":  {1, []float64{0, 1}, new(3)},
		"free": {NoLeaf, []float64{1, 0}, new(3)},
		"bad":  {NoLeaf, []float64{1, 0}, new(3)}, // its weights are none
	} {
		r := p.Feature("f", &User{Attributes: map[string]any{"id": "ann", "plan": plan}})
		if diff := cmp.Diff(&want, r.ExperimentResult.Bandit); diff != "" {
			t.Errorf("%s: %s", plan, diff)
		}
		if value := map[bool]any{true: "b", false: "a"}[want.LeafID == 1]; r.Value != value {
			t.Errorf("%s: value %v", plan, r.Value)
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	const text = `{"experiments":[{"key":"e","variations":[{},{"urlRedirect":"http://h/new?a=2"}],"ranges":[[0,0],[0,1]],
	  "urlPatterns":[{"type":"simple","pattern":"http://h/old","include":true}],"persistQueryString":true}]}`
	p, err := Parse([]byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string][2]string{
		"http://h/old?a=1&b=3": {"http://h/new?a=2", "http://h/new?a=2&b=3"},
		"http://h/other":       {"", ""},
		"":                     {"", ""},
		"::bad":                {"", ""},
	} {
		got := p.Redirects(&User{URL: page, Attributes: map[string]any{"id": "ann"}})
		if len(got) != 1 || got[0].URL != want[0] || got[0].WithQuery != want[1] {
			t.Errorf("%q: %+v, want %v", page, got, want)
		}
	}
}

// The first redirect experiment that a user takes part in is the last that is run.
func TestRedirectsOnce(t *testing.T) {
	t.Parallel()
	const on, elsewhere = `"urlPatterns":[{"type":"simple","pattern":"http://h/a","include":true}]`, `"urlPatterns":[{"type":"simple","pattern":"http://h/b","include":true}]`
	const second = `"ranges":[[0,0],[0,1]]`
	const first = `"ranges":[[0,1],[1,1]]`
	tests := []struct {
		name, experiments string
		want              []string // "key URL" of each that was evaluated
		exposed           string
	}{
		{"two that redirect", `{"key":"x","variations":[{},{"urlRedirect":"http://h/x"}],` + on + `,` + second + `},
		  {"key":"y","variations":[{},{"urlRedirect":"http://h/y"}],` + on + `,` + second + `}`, []string{"x http://h/x"}, "x"},
		{"one of another page before", `{"key":"w","variations":[{},{"urlRedirect":"http://h/w"}],` + elsewhere + `,` + second + `},
		  {"key":"x","variations":[{},{"urlRedirect":"http://h/x"}],` + on + `,` + second + `},
		  {"key":"y","variations":[{},{"urlRedirect":"http://h/y"}],` + on + `,` + second + `}`, []string{"w ", "x http://h/x"}, "x"},
		{"the first keeps its user on the page", `{"key":"x","variations":[{},{"urlRedirect":"http://h/x"}],` + on + `,` + first + `},
		  {"key":"y","variations":[{},{"urlRedirect":"http://h/y"}],` + on + `,` + second + `}`, []string{"x "}, "x"},
		{"the first changes the page only", `{"key":"x","variations":[{},{"css":"b{}"}],` + on + `,` + second + `},
		  {"key":"y","variations":[{},{"urlRedirect":"http://h/y"}],` + on + `,` + second + `}`, []string{"x ", "y http://h/y"}, "xy"},
	}
	for _, tt := range tests {
		p, err := Parse([]byte(`{"experiments":[`+tt.experiments+`]}`), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var exposed strings.Builder
		var got []string
		for _, r := range p.Redirects(&User{URL: "http://h/a", Attributes: map[string]any{"id": "ann"},
			OnExposure: func(e ExposedTo) { exposed.WriteString(e.Experiment.Key) }}) {
			got = append(got, r.Experiment.Key+" "+r.URL)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || exposed.String() != tt.exposed {
			t.Errorf("%s: exposed to %q, want %q; redirects (-want +got):\n%s", tt.name, exposed.String(), tt.exposed, diff)
		}
	}
}

func TestURLTargets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, page string
		want          bool
	}{
		{"http://www.example.com/post", "http://www.example.com/post/", true},
		{"http://www.example.com/post", "http://www.example.com/posts", false},
		{"www.example.com/*", "https://www.example.com/a/b?c=d", true},
		{"www.example.com/*", "https://example.com/a", false},
		{"*.example.com/a", "http://shop.EXAMPLE.com/A", true},
		{"/a*", "http://anywhere/abc", true},
		{"/a?x=*1", "http://h/a?y=2&x=31", true},
		{"/a?x=1", "http://h/a", false},
		{"/a#b", "http://h/a#b", true},
		{"/a#b", "http://h/a", false},
		{"*/shop/*", "http://h/shop/1", true},
		{"a.b", "http://a+b/", false},
	} {
		if got := (URLTarget{"simple", c.pattern, true}).matches(c.page); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.page, got)
		}
	}
}

func TestForcedFeature(t *testing.T) {
	t.Parallel()
	p, err := Parse([]byte(`{"features":{"f":{"defaultValue":1}}}`), Options{ForcedFeatures: map[string]any{"f": []string{"x"}}})
	if err != nil {
		t.Fatal(err)
	}
	r := p.Feature("f", &User{})
	if diff := cmp.Diff([]any{"x"}, r.Value); diff != "" || r.Source != FromOverride {
		t.Errorf("%v %s", r.Source, diff)
	}
}
