package recommend_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/storetest"
)

// trimmedWorld is engines on one store that is trimmed, and who was forgotten when.
type trimmedWorld struct {
	t         *testing.T
	rng       *rand.Rand
	st        store.Store
	clock     clock
	engines   []*recommend.Engine
	opts      recommend.Options
	step      int
	gone      map[string]bool // who was forgotten and has not come back
	forgotten int             // the step of the last
	trained   map[uint64]int  // the step in which a version was
	did       []string
}

// TestRandomTrims lets engines do as they like on a store that is trimmed at random, so that what an engine has not heard is
// often gone when it looks. Whoever has looked knows nobody who was forgotten, and takes no model back from before; and a
// profile is as it was stated last.
func TestRandomTrims(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		w := &trimmedWorld{
			t: t, rng: rand.New(rand.NewPCG(seed, 5)), gone: map[string]bool{}, trained: map[uint64]int{},
		}
		w.st = storetest.NewPartitioned(1+int(seed%4), w.clock.now)
		w.opts = recommend.Options{Catalog: titled(t), Now: w.clock.now, UsersMax: 6, Trainers: extending()}
		if seed%2 == 0 {
			w.opts.Trainers = quick()
		}
		for range 3 {
			w.engines = append(w.engines, open(t, w.st, w.opts))
		}
		for w.step = range 250 {
			w.act()
			if t.Failed() {
				t.Fatalf("seed %d: %s", seed, strings.Join(w.did, " "))
			}
		}
	}
}

func (w *trimmedWorld) act() {
	i := w.rng.IntN(len(w.engines))
	eng, user := w.engines[i], fmt.Sprint("user-", w.rng.IntN(5))
	what, err := "", error(nil)
	switch n := w.rng.IntN(100); {
	case n < 22:
		what = "record"
		in := buy(user, itemOf(w.rng.IntN(tastes), w.rng.IntN(perItem)))
		in.Time = w.clock.now()
		err = eng.Record(w.t.Context(), in)
		delete(w.gone, user)
	case n < 42:
		what = "recommend"
		_, err = eng.Recommend(w.t.Context(), recommend.Request{User: user, N: 5})
	case n < 48:
		what = "look"
		err = w.look(eng)
	case n < 60:
		what = "advance"
		w.clock.advance(time.Duration(w.rng.IntN(20)) * time.Hour)
	case n < 66:
		what = "forget"
		w.gone[user], w.forgotten = true, w.step
		err = eng.Forget(w.t.Context(), user)
	case n < 80:
		what = "trim"
		err = w.st.Trim(w.t.Context(), w.clock.now().Add(-time.Duration(w.rng.IntN(12))*time.Hour))
	case n < 90:
		what = "train"
		var r recommend.Report
		if r, err = eng.Train(w.t.Context()); r.Published {
			w.trained[r.Version] = w.step
		}
	case n < 96:
		what = "roll back"
		err = w.rollback(eng)
	case n < 98:
		what = "extend"
		err = eng.Extend(w.t.Context())
	default:
		what = "kill"
		w.engines[i] = open(w.t, w.st, w.opts)
	}
	if w.did = append(w.did, fmt.Sprintf("%s:%d", what, i)); err != nil {
		w.t.Errorf("%s on engine %d: %v", what, i, err)
	}
}

// look has an engine find out, and looks at what it knows then.
func (w *trimmedWorld) look(eng *recommend.Engine) error {
	if err := eng.CatchUp(w.t.Context()); err != nil {
		return err
	}
	for user := range w.gone {
		if history, _ := eng.Memory(user); len(history) > 0 {
			w.t.Errorf("%s is remembered with %v", user, history)
		}
	}
	return nil
}

func (w *trimmedWorld) rollback(eng *recommend.Engine) error {
	v, err := eng.Rollback(w.t.Context())
	switch {
	case errors.Is(err, recommend.ErrNoRollback):
		return nil
	case err == nil && w.trained[v] < w.forgotten:
		w.t.Errorf("version %d of step %d is back, somebody was forgotten in step %d", v, w.trained[v], w.forgotten)
	}
	return err
}
