package recommend_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

// habits is a log of users who do the same kind of thing for ever: items of three shelves mostly, some more often than
// others, and one in ten of another shelf. It is given out a few events of every user at a time.
type habits struct {
	rng    *rand.Rand
	within *rand.Zipf
	tastes [regulars][3]int
	hour   int
}

const (
	regulars = 600
	shelves  = 20
	onShelf  = 100
)

func newHabits(seed uint64) *habits {
	rng := rand.New(rand.NewPCG(seed, 7))
	h := &habits{rng: rng, within: rand.NewZipf(rng, 1.1, 1, onShelf-1)}
	for u := range h.tastes {
		for k := range h.tastes[u] {
			h.tastes[u][k] = rng.IntN(shelves)
		}
	}
	return h
}

// more is the next n events of every user.
func (h *habits) more(n int) []store.Interaction {
	var log []store.Interaction
	for range n {
		h.hour++
		for u := range regulars {
			shelf := h.tastes[u][h.rng.IntN(3)]
			if h.rng.IntN(10) == 0 {
				shelf = h.rng.IntN(shelves)
			}
			log = append(log, store.Interaction{
				User: fmt.Sprint("regular-", u), Item: fmt.Sprintf("%d/%d", shelf, h.within.Uint64()), Kind: store.Purchase,
				Time: monday.Add(time.Duration(h.hour-400) * time.Hour),
			})
		}
	}
	return log
}

// TestMoreOfTheSamePasses: models trained on more of the same kind are not turned away, nor are their parts.
func TestMoreOfTheSamePasses(t *testing.T) {
	t.Parallel()
	compared, worse := 0, 0
	for seed := range uint64(8) {
		h := newHabits(seed)
		eng := open(t, memory(), recommend.Options{Trainers: quick(), Seed: seed})
		record(t, eng, h.more(12)...)
		train(t, eng)
		for range 2 {
			record(t, eng, h.more(1)...)
			r := train(t, eng)
			if !r.Published {
				t.Errorf("seed %d: turned away: %+v", seed, r.Gate)
			}
			if r.Gate.Users < 60 {
				t.Errorf("seed %d: compared on %d of %d users", seed, r.Gate.Users, regulars)
			}
			for _, p := range r.Parts {
				compared++
				if p.Kept {
					worse++
				}
			}
		}
	}
	if worse > 0 {
		t.Errorf("%d of %d parts were found worse", worse, compared)
	}
}

// shifted trains well or, as told, models whose items are each mistaken for the next.
type shifted struct {
	model.Trainer
	bad *atomic.Bool
}

func (s shifted) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	if m, ok := opt.Previous.(mistaken); ok {
		opt.Previous = m.Model
	}
	m, err := s.Trainer.Train(ctx, data, opt)
	if err == nil && s.bad.Load() {
		m = mistaken{m}
	}
	return m, err
}

type mistaken struct{ model.Model }

func (m mistaken) Score(dst []float32, u *model.User, items []uint32) {
	before := make([]uint32, len(items))
	for i, item := range items {
		before[i] = item - 1
	}
	m.Model.Score(dst, u, before)
}

func (m mistaken) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, effort model.Effort) []model.Scored {
	from := len(dst)
	dst = m.Model.Propose(dst, u, n, model.AllowFunc(func(item uint32) bool { return allow == nil || allow.Contains(item+1) }), effort)
	for i := range dst[from:] {
		dst[from+i].Item++
	}
	return dst
}

// TestBrokenModelsAreTurnedAway: a model that takes each item for its neighbour is found out on however few users there
// are to compare on, with the same data that lets a good one pass.
func TestBrokenModelsAreTurnedAway(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		var bad atomic.Bool
		h := newHabits(seed)
		eng := open(t, memory(), recommend.Options{
			Trainers: []model.Trainer{shifted{popular.Trainer{}, &bad}, shifted{itemknn.Trainer{}, &bad}}, Seed: seed,
		})
		record(t, eng, h.more(12)...)
		train(t, eng)
		bad.Store(true)
		record(t, eng, h.more(1)...)
		if r := train(t, eng); r.Published || !r.Parts[1].Kept {
			t.Errorf("seed %d: a broken model took service: %+v %+v", seed, r.Gate, r.Parts)
		}
	}
}
