package recommend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

// titled is a catalogue whose items say of which taste they are.
func titled(t testing.TB) *catalog.Catalog {
	t.Helper()
	cat := catalog.New()
	for taste := range tastes {
		for i := range perItem {
			put(t, cat, itemOf(taste, i), title(taste, i))
		}
	}
	return cat
}

func title(taste, i int) string {
	return fmt.Sprintf("%s %s n%d", [...]string{"tea", "novel", "lamp", "garden"}[taste], [...]string{"pot", "book", "light", "spade"}[taste], i)
}

func put(t testing.TB, cat *catalog.Catalog, id, title string) {
	t.Helper()
	if _, err := cat.Upsert(catalog.Item{ID: id, Title: title, Available: true}); err != nil {
		t.Fatal(err)
	}
}

// extending are the parts that take in what is new: by content, and by first events.
func extending() []model.Trainer {
	return []model.Trainer{content.Trainer{}, als.Trainer{Factors: 16, Iterations: 8}}
}

func extend(t testing.TB, eng *recommend.Engine) {
	t.Helper()
	if err := eng.Extend(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// personal says who brought an item to a user's page: a filler, or a model.
func personal(t testing.TB, eng *recommend.Engine, user, item string) bool {
	t.Helper()
	for _, r := range ask(t, eng, recommend.Request{User: user, N: 100}).Items {
		if r.Item == item {
			return r.Source == recommend.Blended
		}
	}
	return false
}

// An item that is put into the catalogue after the training is on the pages of those whom it suits, and of no others, when
// the models have been extended, also on pages that have been served before.
func TestItemPutAfterTheTraining(t *testing.T) {
	t.Parallel()
	cat := titled(t)
	eng, st := trained(t, recommend.Options{Catalog: cat, Trainers: extending()})
	extend(t, eng) // nothing is new
	if v := eng.Epoch(); v != 1 {
		t.Errorf("epoch %d: nothing was new, and others took service", v)
	}
	put(t, cat, "new", title(2, 999))
	if personal(t, eng, "user-002", "new") {
		t.Fatal("a model knows of an item that has just come")
	}
	extend(t, eng)
	for u := range 12 {
		if got, want := personal(t, eng, fmt.Sprintf("user-%03d", u), "new"), u%tastes == 2; got != want {
			t.Errorf("user %d, of taste %d: on the page %v, want %v", u, u%tastes, got, want)
		}
	}
	extend(t, eng)
	if err := cat.Patch("new", catalog.Patch{Stock: new(7)}); err != nil {
		t.Fatal(err)
	}
	extend(t, eng)
	if v := eng.Epoch(); v != 2 {
		t.Errorf("epoch %d after one extension: others took service for nothing", v)
	}
	again := open(t, st, recommend.Options{Catalog: cat, Trainers: extending()})
	extend(t, again)
	if !personal(t, again, "user-002", "new") {
		t.Error("after a restart it is not on the page")
	}
	if _, err := open(t, st, recommend.Options{}).Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
		t.Errorf("an extension is stored: %v", err)
	}
}

// An item of which the catalogue says nothing is on personal pages when some have bought it, and the more say so the
// surer.
func TestFirstEventsOfAnItem(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	put(t, cat, "late", "")
	eng, st := trained(t, recommend.Options{Catalog: cat, Trainers: extending()})
	other := open(t, st, recommend.Options{Catalog: cat, Trainers: extending()})
	score := func(eng *recommend.Engine, user string) float32 {
		for _, r := range ask(t, eng, recommend.Request{User: user, N: 100, Model: "als"}).Items {
			if r.Item == "late" && r.Source == "als" {
				return r.Score
			}
		}
		return 0
	}
	before := float32(0)
	for round := range 3 {
		for i := range 4 {
			record(t, eng, buy(fmt.Sprintf("user-%03d", 2+tastes*(1+4*round+i)), "late"))
		}
		extend(t, eng)
		if got := score(eng, "user-002"); got <= before {
			t.Errorf("round %d: late has the score %v, %v before", round, got, before)
		} else {
			before = got
		}
		if got := score(eng, "user-001"); got > before/2 {
			t.Errorf("round %d: it has the score %v for somebody of another taste, %v of its own", round, got, before)
		}
	}
	if err := other.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	extend(t, other)
	opened := open(t, st, recommend.Options{Catalog: cat, Trainers: extending()})
	extend(t, opened)
	for _, user := range []string{"user-001", "user-002", "user-006"} { // however many extensions it took
		req := recommend.Request{User: user, N: 50}
		for name, eng2 := range map[string]*recommend.Engine{"elsewhere": other, "opened": opened} {
			if diff := cmp.Diff(ask(t, eng, req), ask(t, eng2, req), nearly); diff != "" {
				t.Errorf("%s, %s (-there +got):\n%s", user, name, diff)
			}
		}
	}
	record(t, eng, buy("user-003", itemOf(3, 3)))
	epoch := eng.Epoch()
	extend(t, eng)
	if eng.Epoch() != epoch {
		t.Error("an item that is known was taken in")
	}
}

// Users who are forgotten say nothing of what is new, and no more users are asked than there is room for.
func TestNewcomersAreBounded(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	put(t, cat, "late", "")
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: extending()})
	record(t, eng, buy("user-002", "late"))
	if n := eng.Newcomers(); n != 1 {
		t.Errorf("%d users to ask, want 1", n)
	}
	forget(t, eng, "user-002")
	if n := eng.Newcomers(); n != 0 {
		t.Errorf("%d users to ask, when the one is forgotten", n)
	}
	var batch []store.Interaction
	for i := range recommend.NewcomersMax + 10 {
		batch = append(batch, buy(fmt.Sprint("many-", i), "late"))
	}
	record(t, eng, batch...)
	if n := eng.Newcomers(); n != recommend.NewcomersMax {
		t.Errorf("%d users to ask", n)
	}
	train(t, eng) // by which the item is known
	record(t, eng, buy("user-006", "late"))
	extend(t, eng)
	if n := eng.Newcomers(); n != 0 {
		t.Errorf("%d users to ask, when everything is known", n)
	}
}

// amidTrainer calls a function once, in the middle of a training.
type amidTrainer struct {
	model.Trainer
	amid func()
}

func (a *amidTrainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	if amid := a.amid; amid != nil {
		a.amid = nil
		amid()
	}
	return a.Trainer.Train(ctx, data, opt)
}

// A training goes on from the models as they were trained, takes the place of extended ones, and is not lost for an
// extension meanwhile; nor is the way back.
func TestExtendDuringATraining(t *testing.T) {
	t.Parallel()
	cat := titled(t)
	trainer := &amidTrainer{Trainer: popular.Trainer{}}
	eng := open(t, memory(), recommend.Options{Catalog: cat, Trainers: append(extending(), trainer)})
	record(t, eng, shoppers(100, 1)...)
	train(t, eng)
	put(t, cat, "new", title(2, 999))
	extend(t, eng)
	trainer.amid = func() {
		put(t, cat, "newer", title(2, 998))
		extend(t, eng)
	}
	if r := train(t, eng); !r.Published || r.Version != 2 {
		t.Fatalf("a training with an extension in the middle: %+v", r)
	}
	extend(t, eng)
	if !personal(t, eng, "user-002", "new") || !personal(t, eng, "user-002", "newer") {
		t.Error("what was new is not on the page after a training")
	}
	if v, err := eng.Rollback(t.Context()); v != 1 || err != nil {
		t.Errorf("rolled back to %d (%v), want 1", v, err)
	}
	extend(t, eng)
	if !personal(t, eng, "user-002", "new") {
		t.Error("what was new is not on the page after a rollback")
	}
}

// An engine that runs takes in what is new within seconds, and not again and again.
func TestRunExtends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cat, st := titled(t), memory()
		eng := start(t, st, recommend.Options{Catalog: cat, Trainers: extending(), Now: time.Now})
		record(t, eng.Engine, shoppers(100, 1)...)
		train(t, eng.Engine)
		time.Sleep(time.Minute)
		put(t, cat, "new", title(2, 999))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !personal(t, eng.Engine, "user-002", "new") {
			t.Error("after two seconds it is not on the page")
		}
		epoch := eng.Epoch()
		for i := range 30 {
			put(t, cat, fmt.Sprint("more-", i), title(2, 1000+i))
			time.Sleep(time.Second)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if n := eng.Epoch() - epoch; n < 3 || n > 5 {
			t.Errorf("%d extensions in fifty seconds, want one in ten while there is something new", n)
		}
		if !personal(t, eng.Engine, "user-002", "more-29") {
			t.Error("the last is not on the page")
		}
		eng.kill()
	})
}

// TestExtendEdges calls for an extension where there is nothing to extend.
func TestExtendEdges(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{Trainers: extending()})
	extend(t, eng) // without models
	train(t, eng)
	extend(t, eng)
	record(t, eng, buy("ann", "tea"))
	extend(t, eng)
	if got := items(ask(t, eng, recommend.Request{User: "bob"})); !slices.Equal(got, []string{"tea"}) {
		t.Errorf("page %v", got)
	}
	eng.Close()
	if err := eng.Extend(t.Context()); !errors.Is(err, recommend.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// hookTrainer makes models that call a function once when they are extended.
type hookTrainer struct {
	model.Trainer
	hook func()
}

func (h *hookTrainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	opt.Previous = nil
	m, err := h.Trainer.Train(ctx, data, opt)
	return &hooked{m, h}, err
}

type hooked struct {
	model.Model
	trainer *hookTrainer
}

func (h *hooked) Extend(context.Context, *model.Dataset, model.TrainOptions) (model.Model, error) {
	if hook := h.trainer.hook; hook != nil {
		h.trainer.hook = nil
		hook()
	}
	return &hooked{h.Model, h.trainer}, nil
}

// Models that are being extended while others take service do not take theirs.
func TestExtendIsOvertaken(t *testing.T) {
	t.Parallel()
	cat, trainer := newCatalog(t), &hookTrainer{Trainer: popular.Trainer{}}
	eng := open(t, memory(), recommend.Options{Catalog: cat, Trainers: []model.Trainer{trainer}})
	record(t, eng, shoppers(20, 1)...)
	train(t, eng)
	trainer.hook = func() {
		if r := train(t, eng); !r.Published {
			t.Errorf("%+v", r)
		}
	}
	extend(t, eng)
	if v := eng.Status().Version; v != 2 {
		t.Errorf("version %d is in service, want 2", v)
	}
}

// What a version that comes back did not know, and the one that it takes the place of had learned, it takes in.
func TestExtendAfterARollback(t *testing.T) {
	t.Parallel()
	cat := newCatalog(t)
	put(t, cat, "late", "")
	eng, _ := trained(t, recommend.Options{Catalog: cat, Trainers: extending()})
	for i := range 4 {
		record(t, eng, buy(fmt.Sprintf("user-%03d", 2+tastes*(1+i)), "late"))
	}
	extend(t, eng)
	if r := train(t, eng); !r.Published {
		t.Fatalf("%+v", r)
	}
	if v, err := eng.Rollback(t.Context()); v != 1 || err != nil {
		t.Fatalf("rolled back to %d (%v)", v, err)
	}
	if personal(t, eng, "user-002", "late") {
		t.Fatal("version 1 knows the item")
	}
	extend(t, eng)
	if !personal(t, eng, "user-002", "late") {
		t.Error("the item is not taken in again")
	}
}
