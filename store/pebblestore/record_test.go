package pebblestore

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

var records = []store.Interaction{
	{User: "ann", Item: "tea", Kind: store.View, Time: time.UnixMicro(1_750_000_000_000_000).UTC()},
	{User: "a", Item: "\x00", Kind: store.Rating, Value: math.Copysign(0, -1), Time: time.UnixMicro(-1).UTC(), Variant: "b"},
	{
		User: strings.Repeat("u", store.IDMax), Item: strings.Repeat("i", store.IDMax), Kind: store.Purchase,
		Value: math.MaxFloat64, Time: time.UnixMicro(math.MaxInt64 / 1000).UTC(), Session: strings.Repeat("s", store.IDMax),
		Placement: strings.Repeat("p", store.IDMax), Variant: strings.Repeat("v", store.IDMax),
	},
}

func entryValue(in *store.Interaction) []byte { return appendRecord(appendText(nil, in.User), in) }

func TestRecord(t *testing.T) {
	for i := range records {
		in := &records[i]
		value := entryValue(in)
		if want := textLen(in.User) + recordLen(in); len(value) != want {
			t.Errorf("%d bytes, foreseen were %d", len(value), want)
		}
		e, err := decodeEntry(logKey(7), value)
		if err != nil || e.Position != 7 || e.Interaction != *in {
			t.Errorf("decoded %+v, %v; want %+v", e, err, *in)
		}
		for n := range value { // every part of it is damaged
			if _, err := decodeEntry(logKey(7), value[:n]); err == nil {
				t.Errorf("%d of %d bytes of a record decode", n, len(value))
			}
		}
		if _, err := decodeEntry(logKey(7), append(value, 0)); err == nil {
			t.Error("a record with one byte more decodes")
		}
	}
	if n := len(entryValue(&records[0])); n > 32 {
		t.Errorf("a small record takes %d bytes", n)
	}
}

// FuzzRecord decodes any bytes: an error, or an interaction that encodes to one that decodes to itself.
func FuzzRecord(f *testing.F) {
	for i := range records {
		f.Add(entryValue(&records[i]))
	}
	f.Add([]byte{})
	f.Add([]byte("\x01\x00u\x01\xf1\xff\xff"))
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := decodeEntry(logKey(1), value)
		if err != nil {
			return
		}
		in := e.Interaction
		if !in.Kind.Valid() || in.User == "" || in.Item == "" {
			t.Fatalf("decoded %+v", in)
		}
		again, err := decodeEntry(logKey(1), entryValue(&in))
		if err != nil {
			t.Fatalf("%+v encodes to what does not decode: %v", in, err)
		}
		if math.IsNaN(in.Value) && math.IsNaN(again.Interaction.Value) {
			again.Interaction.Value, in.Value = 0, 0
		}
		if again.Interaction != in {
			t.Fatalf("%+v, encoded and decoded: %+v", in, again.Interaction)
		}
	})
}
