package catalog_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/catalog"
)

// Filters have one key if they are written in one way, and two if they are not.
func TestKeysTellFiltersApart(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 8))
	texts, keys := map[string]string{}, map[string]string{}
	for range 20_000 {
		f := randomSpec(rng, 3).filter
		raw, err := json.Marshal(f)
		if err != nil {
			continue // an infinite number, which JSON has none of
		}
		text, key := string(raw), string(catalog.AppendKey(nil, f))
		if other, ok := texts[key]; ok && other != text {
			t.Fatalf("one key of %s and %s", text, other)
		}
		if other, ok := keys[text]; ok && other != key {
			t.Fatalf("two keys of %s", text)
		}
		texts[key], keys[text] = text, key
	}
	if len(texts) < 5000 {
		t.Errorf("only %d filters", len(texts))
	}
}
