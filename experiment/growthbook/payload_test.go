package growthbook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment/growthbook"
)

func parse(t testing.TB, text string, opts growthbook.Options) *growthbook.Payload {
	t.Helper()
	p, err := growthbook.Parse([]byte(text), opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ExampleParse() {
	payload := `{"features": {"checkout": {"defaultValue": "old", "rules": [
	  {"condition": {"country": {"$in": ["FR", "DE"]}}, "force": "new"}]}}}`
	p, err := growthbook.Parse([]byte(payload), growthbook.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, country := range []string{"FR", "US"} {
		r := p.Feature("checkout", &growthbook.User{Attributes: map[string]any{"country": country}})
		fmt.Println(country, r.Value, r.Source)
	}
	// Output:
	// FR new force
	// US old defaultValue
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "nul", "[]", "5", "{", `{"features": {}} x`, strings.Repeat("[", 100_000), `{"a":` + strings.Repeat(`{"a":`, 2_000)} {
		if _, err := growthbook.Parse([]byte(text), growthbook.Options{}); !errors.Is(err, growthbook.ErrInvalid) {
			t.Errorf("%.20q: error = %v, want ErrInvalid", text, err)
		}
	}
	secret := `{"encryptedFeatures": "bm9uZQ==.bm9uZQ=="}`
	if _, err := growthbook.Parse([]byte(secret), growthbook.Options{DecryptionKey: "Zvwv/+uhpFDznZ6SX28Yjg=="}); !errors.Is(err, growthbook.ErrDecrypt) {
		t.Errorf("error = %v, want ErrDecrypt", err)
	}
	text := `{"encryptedFeatures": "m5ylFM6ndyOJA2OPadubkw==.Uu7ViqgKEt/dWvCyhI46q088PkAEJbnXKf3KPZjf9IEQQ+A8fojNoxw4wIbPX3aj"}`
	p := parse(t, text, growthbook.Options{DecryptionKey: "Zvwv/+uhpFDznZ6SX28Yjg=="})
	if r := p.Feature("feature", &growthbook.User{}); !r.On {
		t.Errorf("the decrypted feature is %+v", r)
	}
}

// TestHostileConditions holds that conditions made to exhaust an evaluator are answered. A minute is for busy machines:
// what is exponential takes ages.
func TestHostileConditions(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"$not":`, 900) + `{"a":1}` + strings.Repeat(`}`, 900)
	wide := `{"$or":[` + strings.Repeat(`{"a":{"$regex":"^(x+)+$"}},`, 200) + `{"b":1}]}`
	ladder := `{"$savedGroup":{"id":"g0"}}`
	groups := []string{}
	for i := range 30 {
		next := fmt.Sprintf(`{"$savedGroup":{"id":"g%d"}}`, i+1)
		groups = append(groups, fmt.Sprintf(`"g%d":{"type":"condition","condition":{"$and":[%s,%s]}}`, i, next, next))
	}
	groups = append(groups, `"g30":{"type":"condition","condition":{}}`)
	for name, condition := range map[string]string{
		"deep": deep, "wide": wide, "ladder": ladder, "lookahead": `{"a":{"$regex":"(?=x)"}}`,
		"null": `{"$or":null}`, "number": `{"$and":5}`, "list": `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := fmt.Sprintf(`{"features":{"f":{"defaultValue":0,"rules":[{"condition":%s,"force":1}]}},"savedGroups":{%s}}`,
				condition, strings.Join(groups, ","))
			p := parse(t, text, growthbook.Options{})
			start := time.Now()
			r := p.Feature("f", &growthbook.User{Attributes: map[string]any{"a": strings.Repeat("x", 1_000) + "y"}})
			if name != "deep" && r.On {
				t.Errorf("%+v", r)
			}
			if _, err := p.Reduce(growthbook.ReduceOptions{Attributes: map[string]any{"none": 1}}); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestPrerequisiteLadder(t *testing.T) {
	t.Parallel()
	var features []string
	for i := range 30 {
		parent := fmt.Sprintf(`{"id":"f%d","condition":{"value":{"$exists":true}}}`, i+1)
		features = append(features, fmt.Sprintf(`"f%d":{"defaultValue":1,"rules":[{"parentConditions":[%s,%s],"force":2}]}`, i, parent, parent))
	}
	features = append(features, `"f30":{"defaultValue":1}`)
	p := parse(t, `{"features":{`+strings.Join(features, ",")+`}}`, growthbook.Options{})
	start := time.Now()
	p.Feature("f0", &growthbook.User{})
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

func TestAttributeTypes(t *testing.T) {
	t.Parallel()
	p := parse(t, `{"features":{"f":{"defaultValue":0,"rules":[
	  {"condition":{"n":{"$gt":5},"tags":{"$in":["a"]},"m.k":"v","named":"x"},"force":1}]}}}`, growthbook.Options{})
	type named string
	for name, attributes := range map[string]map[string]any{
		"int":     {"n": 6, "tags": []string{"a"}, "m": map[string]string{"k": "v"}, "named": named("x")},
		"uint8":   {"n": uint8(6), "tags": []any{"b", "a"}, "m": map[string]any{"k": "v"}, "named": "x"},
		"float32": {"n": float32(6), "tags": [1]string{"a"}, "m": map[string]any{"k": named("v")}, "named": "x"},
		"number":  {"n": json.Number("6"), "tags": "a", "m": map[named]string{"k": "v"}, "named": "x"},
	} {
		if r := p.Feature("f", &growthbook.User{Attributes: attributes}); !r.On {
			t.Errorf("%s: %+v", name, r)
		}
	}
	// What JSON does not know is no attribute.
	r := p.Feature("f", &growthbook.User{Attributes: map[string]any{"n": make(chan int), "tags": func() {}}})
	if r.On {
		t.Errorf("%+v", r)
	}
}

func TestExposuresAndConcurrentUse(t *testing.T) {
	t.Parallel()
	p := parse(t, `{"features":{"f":{"defaultValue":"none","rules":[{"key":"e","variations":["a",{"x":1}],"hashVersion":2,
	  "condition":{"u":{"$regex":"^u"}}}]}}}`, growthbook.Options{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 200 {
				id := fmt.Sprint("u", i)
				var seen []string
				user := &growthbook.User{Attributes: map[string]any{"id": id, "u": id}}
				user.OnExposure = func(e growthbook.ExposedTo) { seen = append(seen, e.Experiment.Key+" "+e.Result.Key) }
				r := p.Feature("f", user)
				want := []string{"e " + r.ExperimentResult.Key}
				if diff := cmp.Diff(want, seen); diff != "" {
					t.Error(diff)
				}
				if r.ExperimentResult.Key == "1" && !cmp.Equal(r.Value, any(map[string]any{"x": 1.0})) {
					t.Errorf("value %#v", r.Value)
				}
			}
		})
	}
	wg.Wait()
}

func TestReduceKeepsAnswers(t *testing.T) {
	t.Parallel()
	text := `{"features":{"f":{"defaultValue":0,"rules":[
	  {"condition":{"id":"1","$or":[{"country":"FR"},{"plan":"pro"}]},"force":1},
	  {"condition":{"$savedGroup":{"id":"g"}},"force":2}]}},
	  "savedGroups":{"g":{"type":"condition","condition":{"id":{"$in":["2"]},"country":"DE"}}}}`
	whole := parse(t, text, growthbook.Options{})
	for _, id := range []string{"1", "2", "3"} {
		small, err := whole.Reduce(growthbook.ReduceOptions{Attributes: map[string]any{"id": id}})
		if err != nil {
			t.Fatal(err)
		}
		reduced := parse(t, string(small), growthbook.Options{})
		for _, country := range []string{"FR", "DE", "US"} {
			for _, plan := range []string{"pro", "free"} {
				user := &growthbook.User{Attributes: map[string]any{"id": id, "country": country, "plan": plan}}
				if a, b := whole.Feature("f", user), reduced.Feature("f", user); !cmp.Equal(a.Value, b.Value) {
					t.Errorf("%v: %v became %v by %s", user.Attributes, a.Value, b.Value, small)
				}
			}
		}
	}
}

// FuzzPayload evaluates and reduces whatever parses: answers of any kind are fine, panics and hangs are not.
func FuzzPayload(f *testing.F) {
	f.Add(`{"features":{"f":{"defaultValue":1,"rules":[{"key":"e","variations":[1,2],"weights":[0.5,0.5],"coverage":0.4,"hashVersion":2}]}}}`, `{"id":"1"}`)
	f.Add(`{"features":{"f":{"rules":[{"condition":{"a.b":{"$elemMatch":{"$gt":1}},"$not":{"v":{"$vgt":"1.2"}}},"force":{}}]}}}`, `{"a":{"b":[1,2]},"v":"1.3"}`)
	f.Add(`{"features":{"f":{"rules":[{"parentConditions":[{"id":"f","condition":{"value":1},"gate":true}],"range":[0,1],"force":1}]}}}`, `{}`)
	f.Add(`{"features":{"f":{"rules":[{"contextualVariations":[1,2],"contextualBanditRef":"b","ranges":[[0,1]]}]}},"contextualBandits":{"b":{"contexts":[{"leafId":1,"weights":[1,0]}]}}}`, `{"id":5}`)
	f.Add(`{"experiments":[{"key":"e","variations":[{},{"urlRedirect":"http://x/y?z=1"}],"persistQueryString":true,"urlPatterns":[{"type":"simple","pattern":"*/a"}]}]}`, `{"id":"u"}`)
	f.Fuzz(func(t *testing.T, text, attributes string) {
		p, err := growthbook.Parse([]byte(text), growthbook.Options{})
		if err != nil {
			return
		}
		user := &growthbook.User{URL: "http://host/a?e=1&b=2"}
		_ = json.Unmarshal([]byte(attributes), &user.Attributes) // what does not parse is no attributes
		p.Feature("f", user)
		p.Redirects(user)
		small, err := p.Reduce(growthbook.ReduceOptions{Attributes: user.Attributes})
		if err != nil {
			t.Fatal(err)
		}
		again, err := growthbook.Parse(small, growthbook.Options{})
		if err != nil {
			t.Fatalf("%s: %v", small, err)
		}
		if a, b := p.Feature("f", user), again.Feature("f", user); !cmp.Equal(a.Value, b.Value) {
			t.Errorf("%v became %v by %s", a.Value, b.Value, small)
		}
	})
}
