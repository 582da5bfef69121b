package experiment_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/experiment"
)

// memorySink keeps batches in memory; gate, when set, is asked before each write.
type memorySink struct {
	mu      sync.Mutex
	gate    func(batch []experiment.Exposure) error
	written []experiment.Exposure
	batches int
}

func (s *memorySink) WriteExposures(_ context.Context, batch []experiment.Exposure) error {
	if s.gate != nil {
		if err := s.gate(batch); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches++
	s.written = append(s.written, batch...)
	return nil
}

var dawn = time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)

func exposed(unit, variant string) experiment.Exposure {
	return experiment.Exposure{Experiment: "e", Unit: unit, Variant: variant, Time: dawn}
}

func (s *memorySink) seen() (out []string) {
	for _, e := range s.written {
		out = append(out, e.Unit+e.Variant)
	}
	return out
}

func TestExposuresDeduplicateOnTheLatest(t *testing.T) {
	t.Parallel()
	var sink memorySink
	log := experiment.NewExposures(&sink, experiment.ExposuresOptions{})
	for _, e := range []experiment.Exposure{
		exposed("u", "a"), exposed("u", "a"), exposed("v", "a"), exposed("u", "b"), exposed("u", "b"), exposed("u", "a"),
		{Experiment: "e", Phase: 1, Unit: "u", Variant: "a", Time: dawn},
	} {
		if err := log.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"ua", "va", "ub", "ua", "ua"}, sink.seen()); diff != "" {
		t.Error(diff)
	}
}

func TestExposuresAreMarkedAfterTheWrite(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk full")
	fail := true
	sink := memorySink{gate: func([]experiment.Exposure) error {
		if fail {
			return broken
		}
		return nil
	}}
	log := experiment.NewExposures(&sink, experiment.ExposuresOptions{})
	if err := log.Record(t.Context(), exposed("u", "a")); !errors.Is(err, broken) {
		t.Errorf("error = %v, want that of the sink", err)
	}
	fail = false
	for range 2 {
		if err := log.Record(t.Context(), exposed("u", "a")); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"ua"}, sink.seen()); diff != "" {
		t.Error(diff)
	}
}

func TestExposuresForgetBeyondTheirBound(t *testing.T) {
	t.Parallel()
	var sink memorySink
	log := experiment.NewExposures(&sink, experiment.ExposuresOptions{UnitsMax: 2})
	for _, unit := range []string{"u", "v", "u", "w", "v", "w"} {
		if err := log.Record(t.Context(), exposed(unit, "a")); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"ua", "va", "wa", "va"}, sink.seen()); diff != "" { // w pushed v out, not u
		t.Error(diff)
	}
}

// TestExposuresShareWrites holds a write up while others come: they share the next one, those beyond its bound wait for
// room, and one that gives up strands nobody.
func TestExposuresShareWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		sink := memorySink{gate: func([]experiment.Exposure) error { <-hold; return nil }}
		log := experiment.NewExposures(&sink, experiment.ExposuresOptions{BatchMax: 3})
		impatient, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		record := func(ctx context.Context, unit string, want error) {
			wg.Go(func() {
				if err := log.Record(ctx, exposed(unit, "a")); !errors.Is(err, want) {
					t.Errorf("%s: error = %v, want %v", unit, err, want)
				}
			})
			synctest.Wait()
		}
		record(t.Context(), "1", nil)
		record(impatient, "2", context.Canceled)
		record(t.Context(), "2", nil)
		record(t.Context(), "1", nil) // waits for the write under way
		record(t.Context(), "3", nil)
		record(t.Context(), "4", nil)
		record(t.Context(), "5", nil) // no room: waits
		cancel()
		synctest.Wait()
		close(hold)
		wg.Wait()
		if diff := cmp.Diff([]string{"1a", "2a", "3a", "4a", "5a"}, sink.seen()); diff != "" {
			t.Error(diff)
		}
		if sink.batches != 3 {
			t.Errorf("%d writes, want 3", sink.batches)
		}
	})
}

// TestExposuresUnderFailure records from many goroutines into a sink that fails at random: what was acknowledged is
// there, and the written variants of a unit never repeat unless a failure was between.
func TestExposuresUnderFailure(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(1, 2))
	sink := memorySink{gate: func([]experiment.Exposure) error {
		mu.Lock()
		defer mu.Unlock()
		if rng.IntN(3) == 0 {
			return errors.New("sink failed")
		}
		return nil
	}}
	log := experiment.NewExposures(&sink, experiment.ExposuresOptions{BatchMax: 4})
	acknowledged := make([]map[string]bool, 8)
	var wg sync.WaitGroup
	for g := range acknowledged {
		acknowledged[g] = map[string]bool{}
		wg.Go(func() {
			for i := range 500 {
				e := exposed(fmt.Sprint(i/4), string(rune('a'+i%3)))
				if log.Record(t.Context(), e) == nil {
					acknowledged[g][e.Unit+e.Variant] = true
				}
			}
		})
	}
	wg.Wait()
	written := map[string]bool{}
	latest := map[string]string{}
	for _, e := range sink.written {
		written[e.Unit+e.Variant] = true
		if latest[e.Unit] == e.Variant {
			t.Errorf("unit %s: variant %s was written twice in a row", e.Unit, e.Variant)
		}
		latest[e.Unit] = e.Variant
	}
	for _, set := range acknowledged {
		for key := range set {
			if !written[key] {
				t.Errorf("%s was acknowledged but not written", key)
			}
		}
	}
}

func TestInvalidExposures(t *testing.T) {
	t.Parallel()
	log := experiment.NewExposures(&memorySink{}, experiment.ExposuresOptions{})
	for name, e := range map[string]experiment.Exposure{
		"empty":      {},
		"no unit":    {Experiment: "e", Variant: "a", Time: dawn},
		"no time":    {Experiment: "e", Variant: "a", Unit: "u"},
		"not UTF-8":  {Experiment: "e", Variant: "a", Unit: "\xff", Time: dawn},
		"enormous":   {Experiment: "e", Variant: "a", Unit: string(make([]byte, 513)), Time: dawn},
		"old":        {Experiment: "e", Variant: "a", Unit: "u", Time: dawn.AddDate(-1000, 0, 0)},
		"back phase": {Experiment: "e", Variant: "a", Unit: "u", Time: dawn, Phase: -1},
	} {
		if err := log.Record(t.Context(), e); !errors.Is(err, experiment.ErrInvalid) {
			t.Errorf("%s: error = %v, want ErrInvalid", name, err)
		}
	}
}

func TestMemoryLogIsBounded(t *testing.T) {
	t.Parallel()
	log := experiment.NewMemoryLog(3)
	x := experiment.NewExposures(log, experiment.ExposuresOptions{})
	for i := range 5 {
		if err := x.Record(t.Context(), exposed(fmt.Sprint(i), "a")); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for e, err := range log.All() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Unit)
	}
	if diff := cmp.Diff([]string{"2", "3", "4"}, got); diff != "" {
		t.Error(diff)
	}
	if err := log.WriteExposures(t.Context(), []experiment.Exposure{exposed("5", "a"), {}}); !errors.Is(err, experiment.ErrInvalid) {
		t.Errorf("error = %v, want ErrInvalid", err)
	}
}
