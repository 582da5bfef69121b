package pebblestore

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

var records = []store.Entry{
	{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: time.UnixMicro(1_750_000_000_000_000).UTC()}},
	{Interaction: store.Interaction{
		User: "a", Item: "\x00", Kind: store.Rating, Value: math.Copysign(0, -1), Time: time.UnixMicro(-1).UTC(), Variant: "b",
	}},
	{Interaction: store.Interaction{
		User: strings.Repeat("u", store.IDMax), Item: strings.Repeat("i", store.IDMax), Kind: store.Purchase,
		Value: store.ValueMax, Time: time.UnixMicro(math.MaxInt64 / 1000).UTC(), Session: strings.Repeat("s", store.IDMax),
		Placement: strings.Repeat("p", store.IDMax), Variant: strings.Repeat("v", 127), ID: strings.Repeat("d", 128),
		Experiment: strings.Repeat("e", store.IDMax), Source: "o", Page: strings.Repeat("g", store.IDMax), Rank: store.RankMax, Propensity: 0.5,
	}},
	{Fact: store.Exposed, Interaction: store.Interaction{User: "ann", Time: time.UnixMicro(1).UTC(), Experiment: "e", Variant: "v"}},
	{Fact: store.Exposed, Interaction: store.Interaction{User: "ann", Time: time.UnixMicro(1).UTC(), Page: "p", Rank: 256}},
	{Fact: store.Forgotten, Interaction: store.Interaction{User: "ann", Time: time.UnixMicro(1).UTC()}},
	{Fact: store.ProfileChanged, Interaction: store.Interaction{User: "ann", Time: time.UnixMicro(1).UTC()}},
	{Fact: store.Published, Model: "als", Version: math.MaxUint64, Interaction: store.Interaction{Time: time.UnixMicro(1).UTC()}},
}

func entryValue(e *store.Entry) []byte { return appendRecord(appendUser(nil, e.Interaction.User), e) }

func TestRecord(t *testing.T) {
	for i := range records {
		want := records[i]
		value := entryValue(&want)
		want.Position = 7
		e, err := decodeEntry(logKey(7), value)
		if err != nil || e != want {
			t.Errorf("decoded %+v, %v; want %+v", e, err, want)
		}
		for n := range value { // every part of it is damaged
			if _, err := decodeEntry(logKey(7), value[:n]); !errors.Is(err, ErrDamaged) {
				t.Errorf("%d of %d bytes of a record decode: %v", n, len(value), err)
			}
		}
		if _, err := decodeEntry(logKey(7), append(value, 0)); !errors.Is(err, ErrDamaged) {
			t.Errorf("a record with one byte more decodes: %v", err)
		}
	}
	if n := len(entryValue(&records[0])); n > 32 {
		t.Errorf("a small record takes %d bytes", n)
	}
}

// TestRecordVersion1 reads records as the first version wrote them, byte for byte.
func TestRecordVersion1(t *testing.T) {
	head := func(kind byte) string { return "\x01" + string([]byte{kind}) + "\x40\x42\x0f\x00\x00\x00\x00\x00" } // one second
	at := time.Unix(1, 0).UTC()
	for name, test := range map[string]struct {
		value string
		want  store.Interaction
	}{
		"small": {"\x03\x00ann" + head(1) + "\x03\x00tea", store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: at}},
		"value": {
			"\x01\x00a" + head(0x14) + "\x01\x00b" + "\x00\x00\x00\x00\x00\x00\x04\xc0",
			store.Interaction{User: "a", Item: "b", Kind: store.Purchase, Value: -2.5, Time: at},
		},
		"texts": {
			"\x01\x00a" + head(0xe9) + "\x01\x00b" + "\x01\x00s" + "\x02\x00pp" + "\x00\x01" + strings.Repeat("v", 256),
			store.Interaction{
				User: "a", Item: "b", Kind: store.Rating, Time: at, Session: "s", Placement: "pp", Variant: strings.Repeat("v", 256),
			},
		},
	} {
		e, err := decodeEntry(logKey(1), []byte(test.value))
		if want := (store.Entry{Position: 1, Interaction: test.want}); err != nil || e != want {
			t.Errorf("%s: decoded %+v, %v; want %+v", name, e, err, want)
		}
		for n := range len(test.value) {
			if _, err := decodeEntry(logKey(1), []byte(test.value[:n])); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %d of %d bytes decode", name, n, len(test.value))
			}
		}
	}
}

// TestRecordRefused has records that are whole, and say what no entry says.
func TestRecordRefused(t *testing.T) {
	change := func(e store.Entry, change func(value []byte)) []byte {
		value := entryValue(&e)
		change(value[2+len(e.Interaction.User):])
		return value
	}
	kind := func(fact store.Fact, kind byte) func(record []byte) {
		return func(record []byte) { record[1] = kind | byte(fact)<<4 }
	}
	view, exposed, published := records[0], records[3], records[7]
	nobody, someone, itemless := view, published, exposed
	nobody.Interaction.User, someone.Interaction.User, itemless.Fact = "", "ann", store.Interacted
	itemless.Interaction.Kind = store.View
	none := func([]byte) {}
	for name, value := range map[string][]byte{
		"version 0":           change(view, func(record []byte) { record[0] = 0 }),
		"version 3":           change(view, func(record []byte) { record[0] = 3 }),
		"a field more":        change(view, func(record []byte) { record[3] |= hasUnknown >> 8 }),
		"no kind":             change(view, kind(store.Interacted, 0)),
		"unknown kind":        change(view, kind(store.Interacted, 10)),
		"exposed to the same": change(exposed, kind(store.Exposed, 15)),
		"unknown fact":        change(view, kind(store.Published+1, 1)),
		"no item":             change(itemless, none),
		"no user":             change(nobody, none),
		"published by a user": change(someone, none),
	} {
		if e, err := decodeEntry(logKey(1), value); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: decoded %+v, %v", name, e, err)
		}
	}
	if _, err := decodeHistory(userKey(prefixHistory, "ann", 1), appendRecord(nil, &exposed)); !errors.Is(err, ErrDamaged) {
		t.Errorf("an exposure in a history: %v", err)
	}
}

// FuzzRecord decodes any bytes: an error, or an entry that encodes to one that decodes to itself.
func FuzzRecord(f *testing.F) {
	for i := range records {
		f.Add(entryValue(&records[i]))
	}
	f.Add([]byte{})
	f.Add([]byte("\x01\x00u\x01\xf1\xff\xff"))
	f.Add([]byte("\x01\x00u\x02\x01\xff\xff"))
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := decodeEntry(logKey(1), value)
		if err != nil {
			return
		}
		in := &e.Interaction
		if !e.Fact.Valid() || (in.User == "") != (e.Fact == store.Published) {
			t.Fatalf("decoded %+v", e)
		}
		if e.Fact == store.Interacted && (!in.Kind.Valid() || in.Item == "") {
			t.Fatalf("decoded %+v", e)
		}
		again, err := decodeEntry(logKey(1), entryValue(&e))
		if err != nil {
			t.Fatalf("%+v encodes to what does not decode: %v", e, err)
		}
		for _, in := range []*store.Interaction{in, &again.Interaction} { // NaN is not equal to itself
			in.Value, in.Propensity = float64(math.Float64bits(in.Value)), float64(math.Float64bits(in.Propensity))
		}
		if again != e {
			t.Fatalf("%+v, encoded and decoded: %+v", e, again)
		}
	})
}
