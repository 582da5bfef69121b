package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// all is the log.
func all(t testing.TB, st store.Log) []store.Entry {
	t.Helper()
	var entries []store.Entry
	for entry, err := range st.Scan(t.Context(), store.Place{}) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry)
	}
	return entries
}

// randomEntries is what happens to a few users and items.
func randomEntries(rng *rand.Rand, n int) []store.Entry {
	kinds := []store.Kind{store.View, store.Click, store.Cart, store.Purchase, store.Dislike, store.Rating, store.Impression}
	var entries []store.Entry
	for range n {
		in := store.Interaction{
			User: fmt.Sprint("user-", rng.IntN(6)), Item: itemOf(rng.IntN(tastes), rng.IntN(perItem)), Kind: kinds[rng.IntN(len(kinds))],
			Value: float64(rng.IntN(5)), Time: monday.Add(-time.Duration(rng.IntN(1e6)) * time.Second),
		}
		switch rng.IntN(12) {
		case 0:
			in.Experiment, in.Variant, in.Time = "test", "a", monday
			entries = append(entries, store.Entry{Fact: store.Exposed, Interaction: in})
		case 1:
			entries = append(entries, store.Entry{Fact: store.ProfileChanged, Interaction: store.Interaction{User: in.User, Time: in.Time}})
		default:
			entries = append(entries, store.Entry{Interaction: in})
		}
	}
	return entries
}

// remembered is what an engine holds of the log.
type remembered struct {
	Histories map[string][]recommend.Event
	Seen      map[string]int
	Trending  []recommend.Recommendation
	Scores    map[string]float32 // of what is trending, as counted: those of a page are relative to its first
	Pages     map[string][]recommend.Recommendation
	Exposures int
	Entries   string
}

// counted is what each item counts for in what is trending.
func counted(eng *recommend.Engine) map[string]float32 {
	counted := map[string]float32{}
	for taste := range tastes {
		for i := range perItem {
			counted[itemOf(taste, i)] = eng.Score(itemOf(taste, i))
		}
	}
	return counted
}

func remember(t testing.TB, eng *recommend.Engine, users int) remembered {
	t.Helper()
	r := remembered{
		Histories: map[string][]recommend.Event{}, Seen: map[string]int{}, Pages: map[string][]recommend.Recommendation{},
		Trending: trending(t, eng, 100).Items, Scores: counted(eng), Exposures: eng.ExposedToday(), Entries: eng.Status().Entries,
	}
	for i := range users {
		user := fmt.Sprint("user-", i)
		r.Pages[user] = ask(t, eng, recommend.Request{User: user, N: 20}).Items
		r.Histories[user], r.Seen[user] = eng.Memory(user)
	}
	return r
}

// What an engine holds depends on which entries it has applied, and neither on their order nor on how often they came: it is
// what one holds that is opened on the log.
func TestEntriesInAnyOrderAndTwice(t *testing.T) {
	t.Parallel()
	for seed, n := range []int{0, 1, 2, 10, 50, 100, 300, 300, 300, 300, 3000} {
		rng, cat := rand.New(rand.NewPCG(uint64(seed), 1)), newCatalog(t)
		entries := randomEntries(rng, n)
		opts := recommend.Options{Catalog: cat, Experiments: []recommend.Assigner{everybodyIn("test", "")}}
		for name, order := range map[string]func(entries []store.Entry) []store.Entry{
			"in order":       func(entries []store.Entry) []store.Entry { return entries },
			"the last first": func(entries []store.Entry) []store.Entry { slices.Reverse(entries); return entries },
			"twice":          func(entries []store.Entry) []store.Entry { return append(entries, entries...) },
			"shuffled and twice": func(entries []store.Entry) []store.Entry {
				entries = append(entries, entries...)
				rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
				return entries
			},
		} {
			st := memory()
			eng := open(t, st, opts)
			for i := range 6 {
				ask(t, eng, recommend.Request{User: fmt.Sprint("user-", i)}) // or nothing of them is in memory
			}
			if err := st.Append(t.Context(), entries); err != nil {
				t.Fatal(err)
			}
			eng.Apply(order(all(t, st))...)
			want, got := remember(t, open(t, st, opts), 6), remember(t, eng, 6)
			if diff := cmp.Diff(want, got, nearly); diff != "" {
				t.Fatalf("seed %d, %d entries, %s (-opened +got):\n%s", seed, n, name, diff)
			}
		}
	}
}
