package growthbook_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/goldrec/gold/experiment/growthbook"
)

// An experiment on a feature: who takes part by hash is exposed, which the program is told of.
func Example() {
	payload := `{"features": {"ranking": {"defaultValue": "popular", "rules": [
	  {"key": "ranking", "variations": ["popular", "blend"], "hashVersion": 2, "condition": {"country": "FR"}}]}}}`
	p, err := growthbook.Parse([]byte(payload), growthbook.Options{})
	if err != nil {
		log.Fatal(err)
	}
	user := growthbook.User{
		Attributes: map[string]any{"id": "ann", "country": "FR"},
		OnExposure: func(e growthbook.ExposedTo) { fmt.Println("exposed to", e.Experiment.Key, e.Result.Key) },
	}
	fmt.Println(p.Feature("ranking", &user).Value)
	// Output:
	// exposed to ranking 1
	// blend
}

// What cannot be decrypted with the key is an error, whatever is wrong with it.
func ExampleDecrypt() {
	_, err := growthbook.Decrypt("no text of GrowthBook's", "no key")
	fmt.Println(errors.Is(err, growthbook.ErrDecrypt))
	// Output: true
}

// An experiment that a program writes itself.
func ExamplePayload_Run() {
	p, err := growthbook.Parse([]byte(`{}`), growthbook.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result := p.Run(&growthbook.Experiment{
		Key: "button", Variations: []any{"red", "green"}, HashVersion: 2,
	}, &growthbook.User{Attributes: map[string]any{"id": "bob"}})
	fmt.Println(result.InExperiment, result.Value)
	// Output: true green
}

// A payload for those in France only, smaller and with nothing in it that others would see.
func ExamplePayload_Reduce() {
	payload := `{"features": {"checkout": {"defaultValue": "old", "rules": [
	  {"condition": {"country": "FR"}, "force": "new"}, {"condition": {"country": "US"}, "force": "bold"}]}}}`
	p, err := growthbook.Parse([]byte(payload), growthbook.Options{})
	if err != nil {
		log.Fatal(err)
	}
	text, err := p.Reduce(growthbook.ReduceOptions{Attributes: map[string]any{"country": "FR"}})
	fmt.Println(string(text), err)
	// Output: {"features":{"checkout":{"defaultValue":"old","rules":[{"force":"new"},{"condition":{"$not":{}},"force":null}]}},"experiments":[],"savedGroups":{}} <nil>
}
