package recommend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/hybrid"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

func TestTrainReports(t *testing.T) {
	st := store.NewMemory(store.MemoryOptions{})
	eng := open(t, st, recommend.Options{Catalog: newCatalog(t)})
	log := shoppers(200, 1)
	record(t, eng, log...)
	first := train(t, eng)
	if first.Version != 1 || !first.Published || first.Users != 200 || first.Items != tastes*perItem ||
		first.Interactions != len(log) || first.Gate.Users == 0 || first.Gate.NDCG <= 0 || first.Gate.NDCGBefore != 0 {
		t.Errorf("first training: %+v", first)
	}
	record(t, eng, shoppers(200, 2)...)
	second := train(t, eng)
	if second.Version != 2 || second.Gate.Users == 0 || second.Gate.NDCGBefore <= 0 {
		t.Errorf("second training: %+v", second)
	}
	if got := ask(t, eng, recommend.Request{User: "user-001"}).ModelVersion; got != 2 {
		t.Errorf("pages carry version %d, want 2", got)
	}
}

// fickle trains well or badly, as told: a bad model ranks by handle whatever the history.
type fickle struct {
	hybrid.Trainer
	bad *atomic.Bool
}

func (f fickle) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	m, err := f.Trainer.Train(ctx, data, opt)
	if f.bad.Load() {
		return contrary{m}, err
	}
	return m, err
}

// contrary proposes the worst that its model would.
type contrary struct{ model.Model }

func (c contrary) Candidates(dst []model.Scored, u *model.User, n int, allow func(uint32) bool) []model.Scored {
	all := c.Model.Candidates(nil, u, c.Items().Len(), allow)
	for i := len(all) - 1; i >= 0 && n > 0; i, n = i-1, n-1 {
		dst = append(dst, all[i])
	}
	return dst
}

func TestWorseModelIsDropped(t *testing.T) {
	bad := new(atomic.Bool)
	st := store.NewMemory(store.MemoryOptions{})
	eng := open(t, st, recommend.Options{Catalog: newCatalog(t), Trainer: fickle{small, bad}})
	record(t, eng, shoppers(600, 1)...)
	train(t, eng)
	want := ask(t, eng, recommend.Request{User: "user-001"})
	bad.Store(true)
	record(t, eng, shoppers(600, 2)[8*300:]...) // not user-001
	report := train(t, eng)
	if report.Published || report.Version != 1 || !report.Gate.Worse() {
		t.Fatalf("a worse model took service: %+v", report)
	}
	if versions, _ := st.ModelVersions(t.Context(), recommend.ModelName); len(versions) != 1 {
		t.Errorf("the store keeps versions %v, want the first alone", versions)
	}
	if diff := cmp.Diff(want, ask(t, eng, recommend.Request{User: "user-001"})); diff != "" {
		t.Errorf("the page changed (-before +after):\n%s", diff)
	}
}

func TestRollback(t *testing.T) {
	eng, st := trained(t, recommend.Options{Catalog: newCatalog(t)})
	if _, err := eng.Rollback(t.Context()); !errors.Is(err, recommend.ErrNoRollback) {
		t.Fatalf("error %v, want ErrNoRollback", err)
	}
	record(t, eng, shoppers(200, 2)[8*100:]...)
	for range 4 {
		train(t, eng)
	}
	versions, err := st.ModelVersions(t.Context(), recommend.ModelName)
	if err != nil || len(versions) != 3 {
		t.Errorf("the store keeps versions %v (%v), want three", versions, err)
	}
	version, err := eng.Rollback(t.Context())
	if err != nil || version != versions[1] {
		t.Fatalf("rolled back to %d (%v), want %d", version, err, versions[1])
	}
	if got := ask(t, eng, recommend.Request{User: "user-001"}).ModelVersion; got != version {
		t.Errorf("pages carry version %d, want %d", got, version)
	}
	again := open(t, st, recommend.Options{Catalog: eng.Catalog()})
	if got := ask(t, again, recommend.Request{User: "user-001"}).ModelVersion; got != version {
		t.Errorf("after a restart pages carry version %d, want %d", got, version)
	}
}

func TestDamagedModelFile(t *testing.T) {
	_, st := trained(t, recommend.Options{})
	r, _, err := st.OpenModel(t.Context(), recommend.ModelName, 0)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"empty": {}, "truncated": whole[:len(whole)/2], "short by one byte": whole[:len(whole)-1],
		"one bit flipped": append(append(bytes.Clone(whole[:len(whole)/3]), whole[len(whole)/3]^4), whole[len(whole)/3+1:]...),
		"something else":  []byte("PNG"),
	} {
		t.Run(name, func(t *testing.T) {
			st := store.NewMemory(store.MemoryOptions{})
			if _, err := st.PutModel(t.Context(), recommend.ModelName, bytes.NewReader(damaged)); err != nil {
				t.Fatal(err)
			}
			if _, err := recommend.Open(t.Context(), st, recommend.Options{}); !errors.Is(err, model.ErrCorrupt) {
				t.Errorf("error %v, want ErrCorrupt", err)
			}
		})
	}
}

func TestEmptyLogTrains(t *testing.T) {
	eng := open(t, store.NewMemory(store.MemoryOptions{}), recommend.Options{})
	if report := train(t, eng); !report.Published {
		t.Errorf("%+v", report)
	}
	if got := items(ask(t, eng, recommend.Request{User: "a"})); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestServesWhileTrainingAndRecording(t *testing.T) {
	cat := newCatalog(t)
	eng, _ := trained(t, recommend.Options{Catalog: cat, UsersMax: 20})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
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
	loop("train", func(int) error { _, err := eng.Train(ctx); return err })
	loop("patch", func(i int) error {
		item := *cat.Item(uint32(i % cat.Handles()))
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

func TestCachedPageAllocatesNothing(t *testing.T) {
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	ctx, req := t.Context(), recommend.Request{User: "user-001", N: 20}
	ask(t, eng, req)
	if got := testing.AllocsPerRun(100, func() { eng.Recommend(ctx, req) }); got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

// halves is an experiment whose variant is the last digit of the user.
type halves struct{}

func (halves) Variant(user string) string {
	if (user[len(user)-1]-'0')%2 == 0 {
		return "control"
	}
	return "popular-only"
}

type observer struct {
	mu   sync.Mutex
	seen []recommend.Exposure
}

func (o *observer) Observe(_ context.Context, ex recommend.Exposure) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen = append(o.seen, ex)
}

func TestVariantsChooseThePipeline(t *testing.T) {
	var obs observer
	eng, _ := trained(t, recommend.Options{
		Catalog: newCatalog(t), Experiment: halves{}, Observer: &obs,
		Pipelines: map[string][]string{"popular-only": {"popular"}},
	})
	control := ask(t, eng, recommend.Request{User: "user-002", N: 10, Placement: "home"})
	treated := ask(t, eng, recommend.Request{User: "user-003", N: 10, Placement: "home"})
	ask(t, eng, recommend.Request{User: "user-003", N: 10, Placement: "home"}) // cached
	if control.Variant != "control" || treated.Variant != "popular-only" {
		t.Errorf("variants %q and %q", control.Variant, treated.Variant)
	}
	want := ask(t, eng, recommend.Request{User: "user-003", N: 10, Model: "popular"})
	if diff := cmp.Diff(want.Items, treated.Items); diff != "" {
		t.Errorf("the variant is not served with its pipeline (-want +got):\n%s", diff)
	}
	if len(obs.seen) != 4 || obs.seen[2].Page != treated || obs.seen[0].Placement != "home" || !obs.seen[0].Time.Equal(monday) {
		t.Errorf("exposures: %+v", obs.seen)
	}
}

func TestVariantsAreServedBeforeTheirModel(t *testing.T) {
	eng, err := recommend.Open(t.Context(), store.NewMemory(store.MemoryOptions{}), recommend.Options{
		Catalog: newCatalog(t), Experiment: halves{}, Pipelines: map[string][]string{"popular-only": {"popular"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p := ask(t, eng, recommend.Request{User: "user-003", N: 3}); p.Variant != "popular-only" || len(p.Items) != 3 {
		t.Errorf("before the first training variant %q gets %d items, want 3", p.Variant, len(p.Items))
	}
	trainedEng, _ := trained(t, recommend.Options{
		Catalog: newCatalog(t), Experiment: halves{}, Pipelines: map[string][]string{"popular-only": {"no-such-model"}},
	})
	want := ask(t, trainedEng, recommend.Request{User: "user-003", N: 3, Model: "hybrid"})
	if diff := cmp.Diff(want.Items, ask(t, trainedEng, recommend.Request{User: "user-003", N: 3}).Items); diff != "" {
		t.Errorf("a variant without its model is not served with the blend (-want +got):\n%s", diff)
	}
}

func TestSeedsAndReasons(t *testing.T) {
	eng, _ := trained(t, recommend.Options{Catalog: newCatalog(t)})
	for _, name := range []string{"", "itemknn", "als"} {
		p := ask(t, eng, recommend.Request{Seeds: []string{itemOf(3, 4)}, N: 8, Model: name, Explain: true})
		for i, item := range items(p) {
			if tasteOf(item) != "t3" || item == itemOf(3, 4) {
				t.Errorf("model %q: %s goes with %s", name, item, itemOf(3, 4))
			}
			var shares float32
			for _, r := range p.Items[i].Reasons {
				shares += r.Share
			}
			if len(p.Items[i].Reasons) == 0 || shares > 1.001 {
				t.Errorf("model %q: reasons for %s: %+v", name, item, p.Items[i].Reasons)
			}
		}
	}
	p := ask(t, eng, recommend.Request{Seeds: []string{itemOf(3, 4)}, N: 1, Model: "itemknn", Explain: true})
	if got := p.Items[0].Reasons[0]; got.Because != itemOf(3, 4) || got.Model != "itemknn" {
		t.Errorf("reason %+v, want because of the seed", got)
	}
}
