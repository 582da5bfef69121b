package howto

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/internal/quoted"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/recommendtest"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/recommend/stage/stagetest"
	"github.com/goldrec/gold/store"
	"github.com/goldrec/gold/store/storetest"
	"github.com/google/go-cmp/cmp"
)

func TestApproval(t *testing.T) {
	recommendtest.Run(t, func() model.Trainer { return ApprovalTrainer{} }, recommendtest.Options{Impersonal: true})
}

// One who says a million speaks as loud as 236.
func TestApprovalOfAShout(t *testing.T) {
	var b model.Builder
	b.Add("ann", "tea", 1e6, 0)
	m, err := ApprovalTrainer{}.Train(t.Context(), b.Build(), model.TrainOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if score := m.(Approval)[0]; !(score > 21 && score < 22) { // 236 / 11
		t.Errorf("score %v, want 21.5", score)
	}
}

func TestByWeather(t *testing.T) {
	stagetest.RunSource(t, func(*catalog.Catalog) stage.Source { return ByWeather{"": {"item3", "item7", "gone", "item1"}} })
}

func TestBudget(t *testing.T) {
	stagetest.Run(t, func() stage.Stage { return Budget{Usual: 150} })
}

func TestBudgetPutsWhatCostsMoreBehind(t *testing.T) {
	q := stage.Query{Catalog: stagetest.Catalog(), N: 2, Context: map[string]string{"budget": "105"}} // item5 costs 105
	page := Budget{}.Apply([]stage.Candidate{{Item: 9}, {Item: 8, Fixed: true}, {Item: 5}, {Item: 7}, {Item: 2}}, &q)
	var got []uint32
	for _, c := range page {
		got = append(got, c.Item)
	}
	if diff := cmp.Diff([]uint32{5, 8, 2, 9, 7}, got); diff != "" {
		t.Error(diff)
	}
	list := []stage.Candidate{{Item: 9}, {Item: 190}} // the second has no price
	if page := (Budget{}).Apply(list, &stage.Query{Catalog: q.Catalog}); page[0].Item != 9 {
		t.Errorf("without a budget %v, want the order as it was", page)
	}
	if !(Budget{}).Idle(&stage.Query{}) || (Budget{}).Idle(&q) {
		t.Error("Idle does not depend on the budget")
	}
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, now func() time.Time) store.Store { return NewStore(now) })
}

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// fill records who bought what: halves that have nothing in common.
func fill(t *testing.T, eng *recommend.Engine) {
	t.Helper()
	for u := range 30 {
		for i := range 4 {
			item := fmt.Sprint([]string{"tea-", "coffee-"}[u%2], (u/2+i)%6)
			if err := eng.Record(t.Context(), store.Interaction{User: fmt.Sprint("user-", u), Item: item, Kind: store.Purchase}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestOwnParts(t *testing.T) {
	opts := OwnParts(nil)
	opts.Now = noon
	eng, err := recommend.Open(t.Context(), store.NewMemory(store.MemoryOptions{}), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	fill(t, eng)
	if _, err := eng.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := eng.Part("approval"); !ok {
		t.Error("the model of one's own is not in service")
	}
	page, err := eng.Recommend(t.Context(), recommend.Request{User: "user-0", N: 3, Model: "approval"})
	if err != nil || len(page.Items) != 3 {
		t.Errorf("page %v, %v, want three items", page, err)
	}
}

func TestReplicas(t *testing.T) {
	st := store.NewMemory(store.MemoryOptions{})
	err := Replicas(t.Context(), st, 2, Small(nil), func(engines []*recommend.Engine) error {
		if err := engines[0].Record(t.Context(), store.Interaction{User: "ann", Item: "tea", Kind: store.Purchase}); err != nil {
			return err
		}
		for range 1000 {
			page, err := engines[1].Recommend(t.Context(), recommend.Request{User: "bob"})
			if err != nil {
				return err
			}
			if len(page.Items) == 1 && page.Items[0].Source == recommend.Trending {
				return nil
			}
			time.Sleep(5 * time.Millisecond)
		}
		return errors.New("the second engine does not hear of what the first recorded")
	})
	if err != nil {
		t.Error(err)
	}
}

// records counts those of a backup.
func records(t *testing.T, backup []byte) (n int) {
	t.Helper()
	for in := gob.NewDecoder(bytes.NewReader(backup)); ; n++ {
		var rec Record
		switch err := in.Decode(&rec); err {
		case nil:
		case io.EOF:
			return n
		default:
			t.Fatal(err)
		}
	}
}

func TestBackup(t *testing.T) {
	st := store.NewMemory(store.MemoryOptions{Now: noon})
	eng, err := recommend.Open(t.Context(), st, recommend.Options{Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	fill(t, eng)
	for user, segment := range map[string]string{"ann": "vip", "bob": "new"} {
		if _, err := eng.PutProfile(t.Context(), store.Profile{User: user, Segments: []string{segment}, Updated: noon()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := eng.Forget(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	shown := []store.Entry{{Fact: store.Exposed, Interaction: store.Interaction{User: "ann", Experiment: "x", Variant: "y", Time: noon()}}}
	if err := st.Append(t.Context(), shown); err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := Backup(t.Context(), st, &first); err != nil {
		t.Fatal(err)
	}
	restored := store.NewMemory(store.MemoryOptions{Now: noon})
	if err := Restore(t.Context(), restored, bytes.NewReader(first.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), restored, &second); err != nil {
		t.Fatal(err)
	}
	if n := records(t, first.Bytes()); n != 122 {
		t.Errorf("%d records, want 120 interactions, an exposure and a profile", n)
	}
	for _, user := range []string{"user-3", "ann", "bob"} {
		a, err := st.History(t.Context(), user, 100)
		b, err2 := restored.History(t.Context(), user, 100)
		if len(a) != len(b) || err != nil || err2 != nil {
			t.Errorf("%s has %d interactions, and %d when restored", user, len(a), len(b))
		}
	}
	if p, err := restored.Profile(t.Context(), "ann"); err != nil || len(p.Segments) != 1 {
		t.Errorf("profile %v, %v", p, err)
	}
	if strings.Contains(first.String(), "bob") {
		t.Error("the backup has a user who was forgotten")
	}
	if n := records(t, second.Bytes()); n != 122 {
		t.Errorf("%d records of the restored store, want 122", n)
	}
}

// The index has what the catalogue has, whatever changes: vectors that are new, others, gone or of another length.
func TestAlikeFollowsTheCatalogue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cat := catalog.New()
		put := func(id, brand string, vector ...float32) uint32 {
			t.Helper()
			h, err := cat.Upsert(catalog.Item{ID: id, Title: id, Brand: brand, Vector: vector, Available: true})
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		tea, cup, pot, bus := put("tea", "a", 1, 0), put("cup", "a", 1, 0.2), put("pot", "b", 1, 0.1), put("bus", "a", 0, 1)
		alike, err := NewAlike(cat, 2)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- alike.Follow(ctx) }()
		similar := func(n int, filter catalog.Filter, want ...uint32) {
			t.Helper()
			synctest.Wait() // Follow has nothing more to do
			got, err := alike.Similar(tea, n, filter)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		similar(3, nil, pot, cup, bus)
		similar(1, nil, pot)
		similar(3, catalog.Equals("brand", "a"), cup, bus)
		put("pot", "b", 0, 1)
		put("cup", "a", 1, 2, 3)
		similar(3, nil, pot, bus) // equal ones by handle
		cat.Delete("pot")
		similar(3, nil, bus)
		if _, err := alike.Similar(cup, 1, nil); !errors.Is(err, catalog.ErrUnknownItem) {
			t.Errorf("what is like an item without a vector: %v", err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow ended with %v", err)
		}
	})
}

func TestHealth(t *testing.T) {
	st, watch := store.NewMemory(store.MemoryOptions{}), new(Watch)
	eng, err := recommend.Open(t.Context(), st, recommend.Options{Now: noon, Observer: watch})
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close()
	health := func(after time.Duration) string {
		return fmt.Sprint(Health(t.Context(), eng, st, time.Hour, noon().Add(after)))
	}
	if got := health(0); !strings.Contains(got, "no models") {
		t.Errorf("without models: %s", got)
	}
	if _, err := eng.Recommend(t.Context(), recommend.Request{User: "ann"}); err != nil { // there is nothing yet
		t.Fatal(err)
	}
	fill(t, eng)
	if _, err := eng.Train(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Recommend(t.Context(), recommend.Request{User: "ann", N: 3}); err != nil {
		t.Fatal(err)
	}
	if got := health(time.Minute); got != "<nil>" {
		t.Errorf("after training: %s", got)
	}
	if got := health(2 * time.Hour); !strings.Contains(got, "old") {
		t.Errorf("two hours later: %s", got)
	}
	entry := []store.Entry{{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: noon()}}}
	if err := st.Append(t.Context(), entry); err != nil { // behind the engine's back, which does not Run
		t.Fatal(err)
	}
	if got := health(0); !strings.Contains(got, "ends at") {
		t.Errorf("with a log that has gone on: %s", got)
	}
	if watch.Pages.Load() != 2 || watch.Empty.Load() != 1 || watch.Filled.Load() != 1 {
		t.Errorf("watched %d pages, %d empty and %d filled, want 2, 1 and 1", watch.Pages.Load(), watch.Empty.Load(), watch.Filled.Load())
	}
}

func TestDocumentQuotesTheCode(t *testing.T) {
	problems, err := quoted.Check("../../docs/howto.md", ".", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}
