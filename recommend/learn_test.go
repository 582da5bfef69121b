package recommend_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// moveOn is a model that expects everybody to move on to the next taste.
type moveOn struct{}

func (moveOn) Name() string { return "move on" }

func (moveOn) Train(context.Context, *model.Dataset, model.TrainOptions) (model.Model, error) {
	return moveOn{}, nil
}

func (moveOn) Load(r *codec.Reader, _ []uint32) (model.Model, error) {
	r.Section("move on", 1)
	return moveOn{}, r.Err()
}

func (moveOn) Save(w *codec.Writer) { w.Section("move on", 1) }

func (moveOn) Scale(*model.User) float32 { return 0.5 }

func (moveOn) Score(dst []float32, u *model.User, items []uint32) {
	clear(dst)
	if len(u.History) == 0 {
		return
	}
	next := (u.History[0].Item/perItem + 1) % tastes
	for i, item := range items {
		if item/perItem == next {
			dst[i] = 1
		}
	}
}

func (m moveOn) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
	for item := range uint32(tastes * perItem) {
		var score [1]float32
		if m.Score(score[:], u, []uint32{item}); score[0] > 0 && n > 0 && (allow == nil || allow.Contains(item)) {
			dst = append(dst, model.Scored{Item: item, Score: 1})
			n--
		}
	}
	return dst
}

// movers are interactions of users who move on to the next taste.
func movers(users int) []store.Interaction {
	var log []store.Interaction
	for u := range users {
		for i := range 2 {
			in := buy(fmt.Sprintf("user-%03d", u), itemOf((u+1)%tastes, (u/tastes+7*i)%perItem))
			in.Time = monday.Add(-time.Duration(2-i) * time.Hour)
			log = append(log, in)
		}
	}
	return log
}

// The weights of the next generation are learned by the parts in service from what users did after these were trained: the part that
// saw it coming gains, when enough users say so.
func TestWeightsAreLearnedFromWhatCame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		users int
		gains bool
	}{{100, false}, {600, true}} {
		eng := open(t, memory(), recommend.Options{
			Catalog: newCatalog(t), Trainers: []model.Trainer{itemknn.Trainer{}, moveOn{}},
		})
		record(t, eng, shoppers(600, 1)...)
		first := train(t, eng)
		before := eng.Weight("move on", 8)
		if before > 0.3 {
			t.Fatalf("a part that foresees nothing weighs %v", before)
		}
		record(t, eng, movers(tt.users)...)
		second, after := train(t, eng), eng.Weight("move on", 8)
		if gained := after > 0.5; gained != tt.gains || !second.Published {
			t.Errorf("%d users moved on: the part that foresaw it weighs %v, and %v before; report %+v", tt.users, after, before, second)
		}
		if learned := second.Blend.Examples != first.Blend.Examples || second.Blend.Blend != first.Blend.Blend; learned != tt.gains {
			t.Errorf("%d users moved on: the blend's report is %+v, before %+v", tt.users, second.Blend, first.Blend)
		}
	}
}

// watchful is a trainer that counts the impressions it is shown, and may ask for them.
type watchful struct {
	model.Trainer
	asks bool
	seen *atomic.Int64
}

func (w watchful) Impressions() bool { return w.asks }

func (w watchful) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	n := int64(0)
	for u := range data.UserCount() {
		for _, e := range data.History(uint32(u)) {
			if e.Kind == store.Impression && e.Weight == 0 {
				n++
			}
		}
	}
	w.seen.Store(max(w.seen.Load(), n))
	return w.Trainer.Train(ctx, data, opt)
}

// Impressions are in what is trained on when a trainer asks for them, do not count as news, and are held for nobody otherwise.
func TestImpressionsReachTraining(t *testing.T) {
	t.Parallel()
	for _, asks := range []bool{false, true} {
		seen := new(atomic.Int64)
		eng := open(t, memory(), recommend.Options{
			Catalog: newCatalog(t), Trainers: []model.Trainer{watchful{itemknn.Trainer{}, asks, seen}, moveOn{}},
		})
		record(t, eng, shoppers(600, 1)...)
		train(t, eng)
		record(t, eng, movers(600)...)
		for u := range 600 {
			for i := range 2 { // as many as there are news of the user
				record(t, eng, store.Interaction{
					User: fmt.Sprintf("user-%03d", u), Item: itemOf(u%tastes, i), Kind: store.Impression, Time: monday,
				})
			}
		}
		train(t, eng)
		if got := seen.Load(); asks != (got == 1200) || !asks && got != 0 {
			t.Errorf("asked %v: shown %d impressions of 1200", asks, got)
		}
		if weight := eng.Weight("move on", 8); weight < 0.5 {
			t.Errorf("asked %v: the part that foresaw what came weighs %v", asks, weight)
		}
	}
}
