package store_test

import (
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
