package recommend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

func TestTrainReports(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{Catalog: newCatalog(t)})
	log := shoppers(600, 1)
	record(t, eng, log...)
	first := train(t, eng)
	if first.Version != 1 || !first.Published || first.Users != 600 || first.Items != tastes*perItem ||
		first.Interactions != len(log) || first.Gate != (recommend.Gate{}) || len(first.Parts) != 2 || first.Before != nil || !first.Time.Equal(monday) {
		t.Errorf("first training: %+v", first)
	}
	record(t, eng, shoppers(600, 2)...)
	second := train(t, eng)
	if second.Version != 2 || second.Gate.Users == 0 || second.Gate.NDCGBefore <= 0 || second.Interactions != 2*len(log) ||
		len(second.Before) != 1 || second.Before[0].Version != 1 {
		t.Errorf("second training: %+v", second)
	}
	for i, name := range []string{"popular", "itemknn"} {
		if part := second.Parts[i]; part.Name != name || part.Gate.Users != second.Gate.Users || part.Kept {
			t.Errorf("second training, part %d: %+v", i, part)
		}
	}
	if got := ask(t, eng, recommend.Request{User: "user-001"}).ModelVersion; got != 2 {
		t.Errorf("pages carry version %d, want 2", got)
	}
	if diff := cmp.Diff(second, eng.Status().Report); diff != "" {
		t.Errorf("Status (-report +got):\n%s", diff)
	}
}

// A model takes service unless it is worse by more than a fiftieth and two and a half standard errors, on what neither was
// trained on.
func TestGate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		gate  recommend.Gate
		worse bool
	}{
		{recommend.Gate{}, false},
		{recommend.Gate{Users: 100, NDCG: 0.30, NDCGBefore: 0.40, StdErr: 0.036}, true}, // 0.392 - 0.3 is 2.56 of them
		{recommend.Gate{Users: 100, NDCG: 0.30, NDCGBefore: 0.40, StdErr: 0.038}, false},
		{recommend.Gate{Users: 100, NDCG: 0.391, NDCGBefore: 0.40}, true},
		{recommend.Gate{Users: 100, NDCG: 0.393, NDCGBefore: 0.40}, false},
		{recommend.Gate{Users: 100, NDCG: 0.50, NDCGBefore: 0.40, StdErr: 0.01}, false},
		{recommend.Gate{NDCG: 0.30, NDCGBefore: 0.40}, false},
	} {
		if got := tt.gate.Worse(); got != tt.worse {
			t.Errorf("%+v is worse: %v", tt.gate, got)
		}
	}
}

// Withheld is the latest item that a user took to, who had not had it before and took to another.
func TestGateWithholds(t *testing.T) {
	t.Parallel()
	ev := func(item uint32, weight float32) model.Event { return model.Event{Item: item, Weight: weight} }
	for name, tt := range map[string]struct {
		history []model.Event
		before  int
		ok      bool
	}{
		"nothing":                      {nil, 0, false},
		"the only item":                {[]model.Event{ev(1, 5)}, 0, false},
		"the only item, twice":         {[]model.Event{ev(1, 5), ev(1, 5)}, 0, false},
		"the second":                   {[]model.Event{ev(1, 5), ev(2, 5)}, 1, true},
		"all of the second":            {[]model.Event{ev(1, 5), ev(2, 0), ev(2, 5), ev(2, -1)}, 1, true},
		"one that was there before":    {[]model.Event{ev(2, 5), ev(1, 5), ev(2, 5)}, 0, false},
		"a dislike":                    {[]model.Event{ev(1, 5), ev(2, -5)}, 0, false},
		"the rest is disliked":         {[]model.Event{ev(1, -5), ev(2, 5)}, 0, false},
		"the rest was only looked at":  {[]model.Event{ev(1, 0), ev(2, 5)}, 0, false},
		"liked after another disliked": {[]model.Event{ev(1, 5), ev(3, -5), ev(2, 5)}, 2, true},
	} {
		before, item, ok := recommend.WithoutLatest(tt.history)
		if ok != tt.ok || ok && (before != tt.before || item != 2) {
			t.Errorf("%s: item %d from %d on, %v", name, item, before, ok)
		}
	}
}

// Who has done nothing since the models in service were trained is in what they were trained on: nobody is compared on them.
func TestGateComparesOnWhatIsNew(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{Catalog: newCatalog(t)})
	record(t, eng, shoppers(600, 1)...)
	train(t, eng)
	if r := train(t, eng); r.Gate.Users != 0 || !r.Published {
		t.Errorf("with nothing new: %+v", r)
	}
	record(t, eng, shoppers(100, 2)...)
	if r := train(t, eng); r.Gate.Users == 0 || r.Gate.Users > 30 {
		t.Errorf("with news of 100 of 600, of whom a tenth is asked: %+v", r.Gate)
	}
}

// busyStore has something recorded between the moment a training looks where the log ends and the moment it reads.
type busyStore struct {
	store.Store
	record func()
}

func (s *busyStore) End(ctx context.Context) (store.Place, error) {
	place, err := s.Store.End(ctx)
	if s.record != nil {
		s.record()
	}
	return place, err
}

// What arrives while a training reads the log is for the next one, and counts once after a restart.
func TestSnapshotEnds(t *testing.T) {
	t.Parallel()
	st := &busyStore{Store: memory()}
	eng := open(t, st, recommend.Options{})
	record(t, eng, buy("ann", "tea"))
	st.record = func() { record(t, eng, buy("bob", "mug"), buy("eve", "tea")) }
	if r := train(t, eng); r.Interactions != 1 || r.Users != 1 {
		t.Errorf("trained on %d interactions of %d users, want one", r.Interactions, r.Users)
	}
	want := []float32{eng.Score("tea"), eng.Score("mug")}
	again := open(t, st.Store, recommend.Options{})
	if diff := cmp.Diff(want, []float32{again.Score("tea"), again.Score("mug")}, nearly); diff != "" {
		t.Errorf("counted (-before +after a restart):\n%s", diff)
	}
}

// A file that names an item twice would have it on a page twice.
func TestFileWithAnItemTwice(t *testing.T) {
	t.Parallel()
	eng, _ := trained(t, recommend.Options{})
	for name, id := range map[string]func(ids []string, i int) string{
		"as it was":       func(ids []string, i int) string { return ids[i] },
		"the first again": func(ids []string, i int) string { return ids[i*min(1, i/2)] },
		"the last again":  func(ids []string, i int) string { return ids[min(i, len(ids)-2)] },
	} {
		var ids []string
		for h := range uint32(eng.Status().Items) {
			ids = append(ids, eng.Catalog().ID(h))
		}
		var file bytes.Buffer
		if err := eng.WriteFile(&file, func(i int) string { return id(ids, i) }); err != nil {
			t.Fatal(err)
		}
		_, err := recommend.Open(t.Context(), serving(t, file.Bytes()), defaults(recommend.Options{}))
		if good := name == "as it was"; good && err != nil || !good && !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fickle trains well or badly, as told: a bad model proposes the worst that it would.
type fickle struct {
	model.Trainer
	bad *atomic.Bool
}

func (f fickle) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	if c, ok := opt.Previous.(contrary); ok {
		opt.Previous = c.Model
	}
	m, err := f.Trainer.Train(ctx, data, opt)
	if f.bad.Load() && err == nil {
		return contrary{m}, nil
	}
	return m, err
}

// contrary likes what its model has nothing to say for.
type contrary struct{ model.Model }

func (c contrary) Score(dst []float32, u *model.User, items []uint32) {
	c.Model.Score(dst, u, items)
	for i, score := range dst {
		dst[i] = 0
		if score == 0 && items[i] < tastes*perItem {
			dst[i] = 1
		}
	}
}

func (c contrary) Propose(dst []model.Scored, u *model.User, n int, allow model.Allow, _ model.Effort) []model.Scored {
	for item := range uint32(tastes * perItem) {
		var score [1]float32
		if c.Score(score[:], u, []uint32{item}); score[0] > 0 && n > 0 && (allow == nil || allow.Contains(item)) {
			dst = append(dst, model.Scored{Item: item, Score: score[0]})
			n--
		}
	}
	return dst
}

func (c contrary) Scale(*model.User) float32 { return 1 }

// worsened is an engine whose fickle parts have turned bad after the first training, and its report of the second.
func worsened(t *testing.T, trainers func(bad *atomic.Bool) []model.Trainer) (*recommend.Engine, store.Store, recommend.Report, *recommend.Page) {
	t.Helper()
	bad, st := new(atomic.Bool), memory()
	eng := open(t, st, recommend.Options{Catalog: newCatalog(t), Trainers: trainers(bad)})
	record(t, eng, shoppers(600, 1)...)
	train(t, eng)
	before := ask(t, eng, recommend.Request{User: "user-001"})
	bad.Store(true)
	record(t, eng, shoppers(600, 2)[8*2:]...) // not user-001
	return eng, st, train(t, eng), before
}

func TestWorseModelIsDropped(t *testing.T) {
	t.Parallel()
	eng, st, report, before := worsened(t, func(bad *atomic.Bool) []model.Trainer {
		return []model.Trainer{fickle{itemknn.Trainer{}, bad}}
	})
	if report.Published || report.Version != 1 || !report.Gate.Worse() {
		t.Fatalf("a worse model took service: %+v", report)
	}
	if versions, _ := st.ModelVersions(t.Context(), recommend.ModelName); len(versions) != 1 {
		t.Errorf("the store keeps versions %v, want the first alone", versions)
	}
	if diff := cmp.Diff(before, ask(t, eng, recommend.Request{User: "user-001"})); diff != "" {
		t.Errorf("the page changed (-before +after):\n%s", diff)
	}
}

// A part that has become worse is left out for the one in service, while the rest takes service: a blend that gives it
// little weight does not let it through.
func TestWorsePartIsKept(t *testing.T) {
	t.Parallel()
	eng, _, report, _ := worsened(t, func(bad *atomic.Bool) []model.Trainer {
		return []model.Trainer{itemknn.Trainer{}, named{fickle{itemknn.Trainer{}, bad}, "fickle"}}
	})
	if len(report.Parts) != 2 || report.Parts[0].Kept || !report.Parts[1].Kept || !report.Parts[1].Gate.Worse() {
		t.Fatalf("parts %+v: want the second kept", report.Parts)
	}
	for _, item := range items(ask(t, eng, recommend.Request{User: "user-002", N: 8, Model: "fickle"})) {
		if tasteOf(item) != "t2" {
			t.Errorf("the kept part recommends %s", item)
		}
	}
}

// chain notes what each of its trainings went on from, and what came of it.
type chain struct {
	model.Trainer
	from, made *[]model.Model
}

func (c chain) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	m, err := c.Trainer.Train(ctx, data, opt)
	*c.from, *c.made = append(*c.from, opt.Previous), append(*c.made, m)
	return m, err
}

// TestPartsGoOnFromDrafts wants drafts to go on from the models in service, and parts from the drafts of the same name.
func TestPartsGoOnFromDrafts(t *testing.T) {
	t.Parallel()
	var from, made [2][]model.Model
	eng := open(t, memory(), recommend.Options{Catalog: newCatalog(t), Trainers: []model.Trainer{
		chain{itemknn.Trainer{}, &from[0], &made[0]}, chain{als.Trainer{Factors: 8}, &from[1], &made[1]},
	}})
	record(t, eng, shoppers(600, 1)...)
	train(t, eng)
	record(t, eng, shoppers(600, 2)...)
	if report := train(t, eng); !report.Published || report.Parts[0].Kept || report.Parts[1].Kept {
		t.Fatalf("%+v: want all published", report)
	}
	for part := range from {
		if from[part][0] != nil || len(from[part]) != 4 {
			t.Fatalf("part %d: %d trainings, want 4, the first from nothing", part, len(from[part]))
		}
		for i, previous := range from[part][1:] {
			if previous != made[part][i] {
				t.Errorf("part %d: training %d goes on from %v", part, i+2, previous)
			}
		}
	}
}

// named is a trainer by another name.
type named struct {
	model.Trainer
	name string
}

func (n named) Name() string { return n.name }

func (n named) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	if m, ok := opt.Previous.(namedModel); ok {
		opt.Previous = m.Model
	}
	m, err := n.Trainer.Train(ctx, data, opt)
	return namedModel{m, n.name}, err
}

func (n named) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	m, err := n.Trainer.Load(r, at)
	return namedModel{m, n.name}, err
}

type namedModel struct {
	model.Model
	name string
}

func (m namedModel) Name() string                { return m.name }
func (m namedModel) Scale(u *model.User) float32 { return scaleOf(m.Model, u) }

// scaleOf is 1 for a model that does not know, as accumulators need not.
func scaleOf(m model.Model, u *model.User) float32 {
	if s, ok := m.(model.Scaler); ok {
		return s.Scale(u)
	}
	return 1
}

func TestRollback(t *testing.T) {
	t.Parallel()
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t)})
	if _, err := eng.Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
		t.Fatalf("error %v, want ErrNoRollback", err)
	}
	record(t, eng, shoppers(200, 2)[8*100:]...)
	for range 4 {
		train(t, eng)
	}
	versions, err := st.ModelVersions(t.Context(), recommend.ModelName)
	if diff := cmp.Diff([]uint64{3, 4, 5}, versions); diff != "" || err != nil {
		t.Errorf("the store keeps (-want +got, %v):\n%s", err, diff)
	}
	version, err := eng.Rollback(t.Context())
	if err != nil || version != 4 {
		t.Fatalf("rolled back to %d (%v), want 4", version, err)
	}
	if got := ask(t, eng, recommend.Request{User: "user-001"}).ModelVersion; got != 4 {
		t.Errorf("pages carry version %d, want 4", got)
	}
	// Rollback moves the pointer to the current version and deletes nothing.
	if current, err := st.Current(t.Context(), recommend.ModelName); err != nil || current != 4 {
		t.Errorf("current is %d (%v), want 4", current, err)
	}
	again := open(t, st, recommend.Options{Catalog: eng.Catalog()})
	if got := ask(t, again, recommend.Request{User: "user-001"}).ModelVersion; got != 4 {
		t.Errorf("after a restart pages carry version %d, want 4", got)
	}
	if version, err := again.Rollback(t.Context()); err != nil || version != 3 {
		t.Errorf("rolled back again to %d (%v), want 3", version, err)
	}
	if _, err := again.Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
		t.Errorf("beyond the oldest: %v", err)
	}
	// What comes after a rollback goes on from what is in service, and the version left behind goes.
	if r := train(t, again); r.Version != 6 || r.Before[0].Version != 3 {
		t.Errorf("after a rollback: %+v", r)
	}
	if versions, _ := st.ModelVersions(t.Context(), recommend.ModelName); !slices.Equal(versions, []uint64{3, 6}) {
		t.Errorf("the store keeps %v, want 3 and 6", versions)
	}
}

// modelFile is the model file of a trained engine.
func modelFile(t *testing.T, st store.Store) []byte {
	t.Helper()
	r, _, err := st.OpenModel(t.Context(), recommend.ModelName, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	whole, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// serving is a store whose current model is this file.
func serving(t *testing.T, file []byte) store.Store {
	t.Helper()
	st := memory()
	version, err := st.PutModel(t.Context(), recommend.ModelName, bytes.NewReader(file))
	if err == nil {
		err = st.SetCurrent(t.Context(), recommend.ModelName, version, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestDamagedModelFile(t *testing.T) {
	t.Parallel()
	_, st := trained(t, recommend.Options{})
	whole := modelFile(t, st)
	for name, damaged := range map[string][]byte{
		"empty": {}, "truncated": whole[:len(whole)/2], "short by one byte": whole[:len(whole)-1],
		"one bit flipped": append(append(bytes.Clone(whole[:len(whole)/3]), whole[len(whole)/3]^4), whole[len(whole)/3+1:]...),
		"one byte more":   append(bytes.Clone(whole), 0),
		"something else":  []byte("PNG"), "something else, longer": bytes.Repeat([]byte("PNG"), 100),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := recommend.Open(t.Context(), serving(t, damaged), defaults(recommend.Options{})); !errors.Is(err, model.ErrCorrupt) {
				t.Errorf("error %v, want ErrCorrupt", err)
			}
		})
	}
}

// A file of the form before sections is not read, nor is it damage: the engine opens without a model and says so.
func TestModelFileOfTheOldForm(t *testing.T) {
	t.Parallel()
	old := append([]byte("gold\x00mf\x01"), bytes.Repeat([]byte{7}, 1000)...)
	never := memory() // stores of that time had no current version
	if _, err := never.PutModel(t.Context(), recommend.ModelName, bytes.NewReader(old)); err != nil {
		t.Fatal(err)
	}
	for name, st := range map[string]store.Store{"current": serving(t, old), "never current": never} {
		var text bytes.Buffer
		eng := open(t, st, recommend.Options{Logger: slog.New(slog.NewTextHandler(&text, nil))})
		if !strings.Contains(text.String(), "older form") || eng.Status().Version != 0 {
			t.Errorf("%s: version %d, logged %q", name, eng.Status().Version, text.String())
		}
		record(t, eng, shoppers(50, 1)...)
		if r := train(t, eng); !r.Published || r.Version != 2 {
			t.Errorf("%s: trained %+v", name, r)
		}
	}
}

// Trainers may come and go between restarts: parts that nobody trains any more are passed over, and what is new comes with the
// next training.
func TestChangedTrainers(t *testing.T) {
	t.Parallel()
	other := named{itemknn.Trainer{}, "other"}
	for name, after := range map[string][]model.Trainer{
		"removed": {popular.Trainer{}},
		"added":   {popular.Trainer{}, itemknn.Trainer{}, other},
		"another": {other},
		"order":   {itemknn.Trainer{}, popular.Trainer{}},
	} {
		t.Run(name, func(t *testing.T) {
			cat := newCatalog(t)
			_, st := trained(t, recommend.Options{Catalog: cat})
			eng := open(t, st, recommend.Options{Catalog: cat, Trainers: after})
			if p := ask(t, eng, recommend.Request{User: "user-001", N: 5}); len(p.Items) != 5 || p.ModelVersion != 1 {
				t.Errorf("before the next training: %+v", p)
			}
			if r := train(t, eng); !r.Published || len(r.Parts) != len(after) {
				t.Errorf("trained %+v", r)
			}
			for _, trainer := range after {
				if _, ok := eng.Part(trainer.Name()); !ok {
					t.Errorf("part %s is not in service", trainer.Name())
				}
			}
			again := open(t, st, recommend.Options{Catalog: cat, Trainers: after})
			want := ask(t, eng, recommend.Request{User: "user-001", N: 9})
			if diff := cmp.Diff(want, ask(t, again, recommend.Request{User: "user-001", N: 9}), nearly); diff != "" {
				t.Errorf("after a restart (-before +after):\n%s", diff)
			}
		})
	}
	// One that takes the name of another and cannot read its file is told so, and not served.
	_, st := trained(t, recommend.Options{})
	_, err := recommend.Open(t.Context(), st, defaults(recommend.Options{
		Trainers: []model.Trainer{named{popular.Trainer{}, "itemknn"}},
	}))
	if !errors.Is(err, model.ErrCorrupt) {
		t.Errorf("a trainer under another's name: %v", err)
	}
}

func TestEmptyLogTrains(t *testing.T) {
	t.Parallel()
	eng := open(t, memory(), recommend.Options{Trainers: small()})
	for range 2 {
		if report := train(t, eng); !report.Published {
			t.Errorf("%+v", report)
		}
	}
	if got := items(ask(t, eng, recommend.Request{User: "a"})); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestServesWhileTrainingAndRecording(t *testing.T) {
	cat := newCatalog(t)
	eng, _ := trained(t, recommend.Options{Catalog: cat, UsersMax: 20})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	loop := func(name string, do func(i int) error) {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if err := do(i); err != nil && ctx.Err() == nil {
					t.Errorf("%s: %v", name, err)
					return
				}
			}
		})
	}
	wg.Go(func() { eng.Run(ctx) })
	loop("train", func(int) error { _, err := eng.Train(ctx); return err })
	loop("roll back", func(int) error {
		time.Sleep(100 * time.Millisecond)
		if _, err := eng.Rollback(ctx); !errors.Is(err, recommend.ErrNoRollback) {
			return err
		}
		return nil
	})
	loop("patch", func(i int) error {
		item := *cat.Item(uint32(i % (tastes * perItem)))
		item.Available = !item.Available
		_, err := cat.Upsert(item)
		return err
	})
	for w := range 2 {
		loop("record", func(i int) error {
			return eng.Record(ctx, click(fmt.Sprintf("user-%03d", (i*7+w)%40), itemOf(i%tastes, i%perItem)))
		})
		loop("recommend", func(i int) error {
			req := recommend.Request{User: fmt.Sprintf("user-%03d", (i*3+w)%40), N: 10, Explain: i%10 == 0}
			if i%5 == 0 {
				req.Filter = catalog.Equals("brand", "brand-2")
			}
			_, err := eng.Recommend(ctx, req)
			return err
		})
	}
	loop("forget", func(i int) error {
		time.Sleep(20 * time.Millisecond)
		return eng.Forget(ctx, fmt.Sprintf("user-%03d", i%40))
	})
	wg.Wait()
}
