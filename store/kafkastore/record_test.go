package kafkastore

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/store"
)

func someEntry() store.Entry {
	return store.Entry{Fact: store.Exposed, Partition: 3, Interaction: store.Interaction{
		ID: "id", User: "ann", Item: "tea", Kind: store.Rating, Value: -2.5, Time: time.UnixMicro(-1).UTC(), Session: "s", Placement: "home",
		Experiment: "e", Variant: "v", Source: "als", Page: "p", Rank: store.RankMax, Propensity: 0.25,
	}, Model: "m", Version: math.MaxUint64}
}

// TestRecordBytes pins the stored form: what is in a topic must be read for ever.
func TestRecordBytes(t *testing.T) {
	t.Parallel()
	e := someEntry()
	for name, test := range map[string]struct {
		value []byte
		want  string
	}{
		"entries": {entriesRecord(1, appendEntry(nil, &e)), "0101010109ffff0301ffffffffffffffffff010300000000000004c0000000000000d03f" +
			"03616e6e03746561017304686f6d650165017603616c730170026964016d"},
		"forgotten": {forgottenRecord("ann", time.UnixMicro(64)), "0102800103616e6e"},
		"trimmed":   {trimmedRecord(-1), "010301"},
	} {
		if got := fmt.Sprintf("%x", test.value); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		if _, err := decodeRecord(append(test.value, 0), 0, 0); !errors.Is(err, ErrFormat) {
			t.Errorf("%s, and a byte behind it: %v, want ErrFormat", name, err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	e := someEntry()
	f.Add(entriesRecord(1, appendEntry(nil, &e)))
	f.Add(forgottenRecord("ann", time.UnixMicro(64)))
	f.Add(trimmedRecord(-1))
	f.Add([]byte{1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{2, 1, 0})
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := decodeRecord(value, 3, 7)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%v, want ErrFormat", err)
			}
			return
		}
		if r.kind != kindEntries {
			return
		}
		var body []byte
		for i := range r.entries {
			body = appendEntry(body, &r.entries[i])
		}
		again, err := decodeRecord(entriesRecord(len(r.entries), body), 3, 7)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(r) {
			t.Errorf("%+v, %v; was %+v", again, err, r)
		}
	})
}

func TestPositions(t *testing.T) {
	t.Parallel()
	for _, offset := range []int64{0, 1, 1 << 45} {
		for _, index := range []int{0, 1, store.BatchMax - 1} {
			if got := offsetOf(positionOf(offset, index)); got != offset {
				t.Errorf("the entry %d of record %d is in record %d", index, offset, got)
			}
		}
		if positionOf(offset, store.BatchMax-1) >= positionOf(offset+1, 0) {
			t.Errorf("the last of record %d does not lie before the next", offset)
		}
	}
	if offsetOf(0) != 0 {
		t.Error("the beginning is not at the first record")
	}
}

// TestViewEntry takes entries to the form of the view and back. An ID that has no room there is to be read elsewhere.
func TestViewEntry(t *testing.T) {
	t.Parallel()
	for id, whole := range map[string]bool{"": true, "id": true, strings.Repeat("x", idPartMax): true, strings.Repeat("x", idPartMax+1): false} {
		e := someEntry()
		e.Fact, e.Model, e.Version, e.Interaction.ID, e.Position = store.Interacted, "", 0, id, positionOf(1<<45, 7)
		v := toView(&e)
		if err := v.Validate(); err != nil {
			t.Errorf("ID of %d bytes: %v", len(id), err)
		}
		got, ok, err := fromView(v, e.Partition)
		if !whole {
			e.Interaction.ID = ""
		}
		if err != nil || ok != whole || !reflect.DeepEqual(got, e) {
			t.Errorf("ID of %d bytes: %+v, %v, %v; was %+v", len(id), got, ok, err, e)
		}
	}
	if _, _, err := fromView(store.Entry{Interaction: store.Interaction{ID: "of another"}}, 0); !errors.Is(err, ErrFormat) {
		t.Errorf("an entry of somebody else's: %v, want ErrFormat", err)
	}
}

func TestBase(t *testing.T) {
	t.Parallel()
	b := base{from: 1 << 40, end: positionOf(1<<41, 3), trimmed: 5, dups: []store.Position{7, 9}}
	if got, err := decodeBase(b.encode()); err != nil || !reflect.DeepEqual(got, b) {
		t.Errorf("%+v, %v; was %+v", got, err, b)
	}
	for _, bad := range [][]byte{nil, {}, {2, 1, 1, 1}, {1, 0xff}} {
		if _, err := decodeBase(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("%x: %v, want ErrFormat", bad, err)
		}
	}
}
