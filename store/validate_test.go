package store_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

// TestBatchMessages wants each refusal to say which entry it is about and what is wrong with it.
func TestBatchMessages(t *testing.T) {
	t.Parallel()
	good := store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: base}
	change := func(f func(in *store.Interaction)) store.Entry {
		in := good
		f(&in)
		return store.Entry{Interaction: in}
	}
	for _, test := range []struct {
		bad  store.Entry
		want string
	}{
		{
			change(func(in *store.Interaction) { in.Value = 2e9 }),
			`interaction 2 of 2 (user "ann", item "tea"): store: invalid: value 2e+09 is not within 1e+09`,
		},
		{change(func(in *store.Interaction) { in.User = "" }), `interaction 2 of 2 (item "tea"): store: invalid: interaction without a user`},
		{change(func(in *store.Interaction) { in.Kind = 0 }), `interaction 2 of 2 (user "ann", item "tea"): store: invalid: interaction without a kind`},
		{change(func(in *store.Interaction) { in.Rank = -1 }), `interaction 2 of 2 (user "ann", item "tea"): store: invalid: rank -1 is not within 0 and 65535`},
		{change(func(in *store.Interaction) { in.Time = time.Time{} }), `interaction 2 of 2 (user "ann", item "tea"): store: invalid: no time`},
		{store.Entry{Fact: store.Exposed}, "exposure 2 of 2: store: invalid: exposure without a user"},
		{store.Entry{Fact: store.Published, Model: "als"}, `published 2 of 2 (model "als"): store: invalid: published, without a version`},
		{store.Entry{Fact: 77, Interaction: good}, `fact(77) 2 of 2 (user "ann", item "tea"): store: invalid: unknown fact(77)`},
	} {
		err := store.ValidateBatch([]store.Entry{{Interaction: good}, test.bad})
		if err == nil || err.Error() != test.want {
			t.Errorf("error %v\n want %s", err, test.want)
		}
	}
	long := change(func(in *store.Interaction) { in.Item = strings.Repeat("\xff", 1<<20) })
	if err := store.ValidateBatch([]store.Entry{long}); err == nil || len(err.Error()) > 1000 {
		t.Errorf("a long identifier makes an error of %d bytes", len(err.Error()))
	}
}

// TestEntriesAsJSON: whatever entry may be in a log can be written as JSON and read back, one without a kind too.
func TestEntriesAsJSON(t *testing.T) {
	t.Parallel()
	for _, want := range []store.Entry{
		{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.Rating, Value: 4, Time: base}},
		{Fact: store.Exposed, Interaction: store.Interaction{User: "ann", Experiment: "ranking", Variant: "als", Time: base}},
		{Fact: store.ProfileChanged, Interaction: store.Interaction{User: "ann", Time: base}},
		{Fact: store.Published, Model: "recommend", Version: 7, Interaction: store.Interaction{Time: base}},
	} {
		if err := want.Validate(); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Errorf("%v: %v", want.Fact, err)
			continue
		}
		var got store.Entry
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
		if written := strings.Contains(string(text), `"kind"`); written != (want.Interaction.Kind != 0) {
			t.Errorf("%s: a kind is written: %v", text, written)
		}
	}
	// As a key of a map a kind is always written.
	kinds := map[store.Kind]int{0: 1, store.View: 2}
	text, err := json.Marshal(kinds)
	if want := `{"":1,"view":2}`; err != nil || string(text) != want {
		t.Errorf("%s, %v, want %s", text, err, want)
	}
	clear(kinds)
	if err := json.Unmarshal(text, &kinds); err != nil || kinds[0] != 1 || kinds[store.View] != 2 {
		t.Errorf("%s is read as %v, %v", text, kinds, err)
	}
	if _, err := store.Kind(77).MarshalText(); err == nil {
		t.Error("a number that is no kind is written")
	}
	if k := store.View; k.UnmarshalText([]byte("stare")) == nil {
		t.Error("a name that is no kind is read")
	}
}
