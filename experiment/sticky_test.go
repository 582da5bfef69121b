package experiment_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/goldrec/gold/experiment"
)

func TestStickyFailure(t *testing.T) {
	t.Parallel()
	table := &mapTable{err: errors.New("table is gone")}
	e := experiment.Experiment{Key: "e", Variants: variants(0.5, 0.5)}
	want := compile(t, one(e), experiment.Options{}).Assign("e", experiment.Subject{Unit: "u"}).VariantKey()
	for name, sticky := range map[string]experiment.Sticky{
		"stored":      experiment.NewStoredSticky(t.Context(), table, 0),
		"half answer": halfSticky{map[string]string{"a": "b", "b": "a"}[want]},
	} {
		var log strings.Builder
		opts := experiment.Options{Sticky: sticky, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		a := compile(t, one(e), opts).Assign("e", experiment.Subject{Unit: "u"})
		if a.VariantKey() != want || a.Reason != experiment.Hashed {
			t.Errorf("%s: %q, %v; want the hash's %q", name, a.VariantKey(), a.Reason, want)
		}
		for _, part := range []string{"not read", "not kept", "table is gone", "experiment=e"} {
			if !strings.Contains(log.String(), part) {
				t.Errorf("%s: the log lacks %q:\n%s", name, part, log.String())
			}
		}
	}
}

// halfSticky answers with a variant and an error.
type halfSticky struct{ variant string }

func (h halfSticky) Stuck(experiment.StickyKey) (string, error) {
	return h.variant, errors.New("table is gone")
}
func (h halfSticky) Stick(experiment.StickyKey, string) error { return errors.New("table is gone") }

// What a table said once is not asked for again, even of a unit that another process stuck.
func TestStoredStickyReadsOnce(t *testing.T) {
	t.Parallel()
	table := &mapTable{values: map[string][]byte{}}
	key := experiment.StickyKey{Experiment: "e", Unit: "ann"}
	if err := experiment.NewStoredSticky(t.Context(), table, 0).Stick(key, "b"); err != nil {
		t.Fatal(err)
	}
	again := experiment.NewStoredSticky(t.Context(), table, 0)
	for range 3 {
		if got, err := again.Stuck(key); got != "b" || err != nil {
			t.Fatalf("stuck to %q, error %v", got, err)
		}
	}
	if table.gets != 1 {
		t.Errorf("the table was asked %d times, want once", table.gets)
	}
}

func TestMemoryStickyForgets(t *testing.T) {
	t.Parallel()
	m := experiment.NewMemorySticky(2)
	key := func(unit string) experiment.StickyKey { return experiment.StickyKey{Experiment: "e", Unit: unit} }
	for _, unit := range []string{"a", "b", "a", "c"} { // b is the one used longest ago
		if err := m.Stick(key(unit), unit); err != nil {
			t.Fatal(err)
		}
	}
	for unit, want := range map[string]string{"a": "a", "b": "", "c": "c"} {
		if got, err := m.Stuck(key(unit)); got != want || err != nil {
			t.Errorf("%s is stuck to %q, error %v, want %q", unit, got, err, want)
		}
	}
}

func TestStickyKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]experiment.StickyKey{}
	for _, key := range []experiment.StickyKey{
		{Experiment: "a", Phase: 1, Unit: "2/x"}, {Experiment: "a/1", Phase: 2, Unit: "x"},
		{Experiment: "a", Phase: 12, Unit: "x"}, {Experiment: "a", Phase: 1, Unit: "x"}, {Experiment: "a", Unit: "1/x"},
	} {
		if other, ok := seen[key.String()]; ok {
			t.Errorf("%+v and %+v are both %s", key, other, key)
		}
		seen[key.String()] = key
	}
}

// mapTable is a Table in memory; err, when set, is what it answers.
type mapTable struct {
	values map[string][]byte
	err    error
	gets   int
}

func (m *mapTable) Get(_ context.Context, key string) ([]byte, error) {
	m.gets++
	return m.values[key], m.err
}

func (m *mapTable) Put(_ context.Context, key string, value []byte) error {
	if m.err == nil {
		m.values[key] = value
	}
	return m.err
}
