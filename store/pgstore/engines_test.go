package pgstore_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/pgstore"
)

// TestEngines has two engines, as two processes would be, on one store: a model that one trains serves in both, and a click
// on one is in the pages of the other.
func TestEngines(t *testing.T) {
	t.Parallel()
	pg := server(t)
	name := schema()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	var engines []*recommend.Engine
	for range 2 {
		st := open(t, pg.URL, pgstore.Options{Schema: name})
		t.Cleanup(func() { _ = st.Close() })
		cat := catalog.New()
		for _, id := range []string{"green tea", "teapot", "honey", "coffee", "grinder", "milk jug"} {
			if _, err := cat.Upsert(catalog.Item{ID: id, Available: true}); err != nil {
				t.Fatal(err)
			}
		}
		eng, err := recommend.Open(ctx, st, recommend.Options{Catalog: cat, PageTTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = eng.Close() })
		running.Go(func() {
			if err := eng.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		engines = append(engines, eng)
	}
	a, b := engines[0], engines[1]
	for user, bought := range map[string][]string{
		"ann": {"green tea", "teapot", "honey"}, "bob": {"green tea", "teapot"},
		"eve": {"coffee", "grinder", "milk jug"}, "fay": {"coffee", "grinder"},
	} {
		for _, item := range bought {
			if err := a.Record(ctx, store.Interaction{User: user, Item: item, Kind: store.Purchase}); err != nil {
				t.Fatal(err)
			}
		}
	}
	report, err := a.Train(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(eng *recommend.Engine) (page *recommend.Page) {
		page, err := eng.Recommend(ctx, recommend.Request{User: "new", N: 2})
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	within(t, 2*time.Second, "the model that the other has trained", func() bool { return ask(b).ModelVersion == report.Version })
	if err := a.Record(ctx, store.Interaction{User: "new", Item: "grinder", Kind: store.Click}); err != nil {
		t.Fatal(err)
	}
	took := within(t, 500*time.Millisecond, "a click on the other", func() bool { return slices.Equal(items(ask(b)), []string{"coffee", "milk jug"}) })
	if want := items(ask(a)); !slices.Equal(items(ask(b)), want) {
		t.Errorf("one shows %v, the other %v", items(ask(b)), want)
	}
	t.Logf("the click was in the other's page after %v", took)
}

func items(page *recommend.Page) (list []string) {
	for item := range page.All() {
		list = append(list, item)
	}
	return list
}

func within(t *testing.T, d time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		if ok() {
			return time.Since(began)
		}
		if time.Since(began) > 10*d { // other tests share the machine
			t.Fatalf("%s: not within %v", what, 10*d)
		}
	}
}
