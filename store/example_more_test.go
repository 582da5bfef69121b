package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/goldrec/gold/store"
)

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// What happened is appended, and whoever follows the log from a place hears of it.
func Example() {
	ctx, st := context.Background(), store.NewMemory(store.MemoryOptions{})
	defer st.Close()
	batch := []store.Entry{{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: noon()}}}
	if err := st.Append(ctx, batch); err != nil {
		log.Fatal(err)
	}
	var place store.Place // the beginning
	for entry, err := range st.Scan(ctx, place) {
		if err != nil {
			log.Fatal(err)
		}
		place = place.With(entry.Partition, entry.Position)
		fmt.Println(entry.Interaction.User, entry.Interaction.Kind, entry.Interaction.Item)
	}
	fmt.Println("up to", place)
	// Output:
	// ann view tea
	// up to 1:1
}

// A store whose clock is the caller's, for tests.
func ExampleNewMemory() {
	ctx := context.Background()
	st := store.NewMemory(store.MemoryOptions{Now: noon})
	defer st.Close()
	lease, err := st.Acquire(ctx, "train", time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(lease.Token, lease.Expires.Format(time.TimeOnly))
	_, err = st.Acquire(ctx, "train", time.Minute)
	fmt.Println(errors.Is(err, store.ErrHeld))
	// Output:
	// 1 12:01:00
	// true
}

// Columns of other names, kinds of a shop's own, and rows of visitors without an account, which are counted.
func ExampleReadCSVWith() {
	file := strings.NewReader("when;who;what;did\n2026-03-01;ann;tea;ADD\n2026-03-01;;mug;SEE\n2026-03-02;bob;mug;SEE\n")
	strangers := 0
	rows := store.ReadCSVWith(file, store.CSVOptions{
		Columns: store.CSVColumns{User: "who", Item: "what", Kind: "did", Time: "when"},
		Kinds:   map[string]store.Kind{"SEE": store.View, "ADD": store.Cart},
		Bad: func(row *store.RowError) error {
			if errors.Is(row, store.ErrNoUser) {
				strangers++
				return nil
			}
			return row
		},
	})
	for in, err := range rows {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(in.User, in.Item, in.Kind)
	}
	fmt.Println(strangers, "without a user")
	// Output:
	// ann tea cart
	// bob mug view
	// 1 without a user
}

// Which row and column is wrong stands in the error.
func ExampleRowError() {
	for _, err := range store.ReadCSV(strings.NewReader("user,item,time\nann,tea,yesterday\n")) {
		if row, ok := errors.AsType[*store.RowError](err); ok {
			fmt.Println(row.Line, row.Column)
		}
	}
	// Output: 2 time
}

func ExampleParseKind() {
	fmt.Println(store.ParseKind("purchase"))
	_, err := store.ParseKind("bought")
	fmt.Println(errors.Is(err, store.ErrInvalid))
	// Output:
	// purchase <nil>
	// true
}

// Kinds are words in JSON and in the log's text.
func ExampleKind() {
	text, err := json.Marshal(store.Interaction{User: "ann", Item: "tea", Kind: store.Like, Time: noon()})
	fmt.Println(string(text), err)
	fmt.Println(store.Kind(99), store.Kind(99).Valid())
	// Output:
	// {"user":"ann","item":"tea","kind":"like","time":"2026-03-02T12:00:00Z"} <nil>
	// kind(99) false
}

// What a store would refuse can be known before.
func ExampleInteraction_Validate() {
	in := store.Interaction{User: "ann", Item: "tea", Time: noon()}
	fmt.Println(in.Validate())
	in.Kind = store.Click
	fmt.Println(in.Validate())
	// Output:
	// store: invalid: interaction without a kind
	// <nil>
}

// A fact other than an interaction: a user was exposed to a variant.
func ExampleEntry_Validate() {
	exposed := store.Entry{Fact: store.Exposed, Interaction: store.Interaction{
		User: "ann", Experiment: "ranking", Variant: "blend", Time: noon(),
	}}
	fmt.Println(exposed.Fact, exposed.Validate())
	exposed.Model = "recommend" // which would be lost
	fmt.Println(exposed.Validate())
	// Output:
	// exposure <nil>
	// store: invalid: exposure with a model
}

func ExampleFact() {
	fmt.Println(store.Interacted, store.Exposed, store.Forgotten, store.ProfileChanged, store.Published)
	// Output: interaction exposure forgotten profile changed published
}

// A follower keeps its place as text, and goes on from there another day.
func ExamplePlace() {
	var place store.Place
	text, err := place.With(0, 57).MarshalText()
	if err != nil {
		log.Fatal(err)
	}
	var again store.Place
	if err := again.UnmarshalText(text); err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text), again.At(0), again.Covers(place), place.IsZero())
	// Output: 1:57 57 true true
}

// A copy that may be changed without changing what others hold.
func ExampleProfile_Clone() {
	p := store.Profile{User: "ann", Segments: []string{"vip"}}
	c := p.Clone()
	c.Segments[0] = "new"
	fmt.Println(p.Segments, c.Segments, p.Validate())
	// Output: [vip] [new] <nil>
}

// A batch is stored whole or not at all, so which entry is wrong is worth knowing.
func ExampleValidateBatch() {
	err := store.ValidateBatch([]store.Entry{
		{Interaction: store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: noon()}},
		{Interaction: store.Interaction{User: "bob", Kind: store.View, Time: noon()}},
	})
	fmt.Println(err)
	// Output: interaction 2 of 2 (user "bob"): store: invalid: interaction without an item
}

// Writers of stores use the same checks, so that all refuse the same.
func ExampleValidateID() {
	fmt.Println(store.ValidateID("user", "ann"))
	fmt.Println(store.ValidateID("user", strings.Repeat("a", store.IDMax+1)))
	// Output:
	// <nil>
	// store: invalid: user of 513 bytes, more than 512
}

func ExampleValidateModelName() {
	fmt.Println(store.ValidateModelName("recommend"), errors.Is(store.ValidateModelName(""), store.ErrInvalid))
	// Output: <nil> true
}

func ExampleValidateCached() {
	fmt.Println(store.ValidateCached("ann", "home", time.Minute))
	fmt.Println(errors.Is(store.ValidateCached("ann", "home", 0), store.ErrInvalid))
	// Output:
	// <nil>
	// true
}

// A session that a program keeps beside its store, for a day.
func ExampleNewMemoryCache() {
	ctx, now := context.Background(), noon()
	sessions := store.NewMemoryCache(store.MemoryCacheOptions{Now: func() time.Time { return now }})
	if err := sessions.Put(ctx, "ann", "session", []byte("signed in"), 24*time.Hour); err != nil {
		log.Fatal(err)
	}
	value, err := sessions.Get(ctx, "ann", "session")
	fmt.Println(string(value), err)
	now = now.Add(24 * time.Hour)
	_, err = sessions.Get(ctx, "ann", "session")
	fmt.Println(errors.Is(err, store.ErrNotFound))
	// Output:
	// signed in <nil>
	// true
}

// All that is kept of a user goes at once.
func ExampleMemoryCache() {
	ctx := context.Background()
	var pages store.Cache = store.NewMemoryCache(store.MemoryCacheOptions{})
	for _, key := range []string{"home", "cart"} {
		if err := pages.Put(ctx, "ann", key, []byte("..."), time.Hour); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(pages.Drop(ctx, "ann"))
	_, err := pages.Get(ctx, "ann", "cart")
	fmt.Println(errors.Is(err, store.ErrNotFound))
	// Output:
	// <nil>
	// true
}

func ExampleValidateLease() {
	fmt.Println(store.ValidateLease("train", time.Minute), errors.Is(store.ValidateLease("train", 0), store.ErrInvalid))
	// Output: <nil> true
}

// What is cached lives for less than its ttl, and not at all before it was put.
func ExampleLives() {
	put := noon()
	fmt.Println(store.Lives(put, time.Minute, put.Add(59*time.Second)))
	fmt.Println(store.Lives(put, time.Minute, put.Add(time.Minute)))
	fmt.Println(store.Lives(put, time.Minute, put.Add(-time.Second)))
	// Output:
	// true
	// false
	// false
}

// How a lease comes about, for those who write stores: from the last of its name, and the store's clock.
func ExampleAcquireLease() {
	lease, err := store.AcquireLease(store.Lease{}, "train", time.Minute, noon())
	fmt.Println(lease.Token, err)
	_, err = store.AcquireLease(lease, "train", time.Minute, noon().Add(time.Second))
	fmt.Println(errors.Is(err, store.ErrHeld))
	next, err := store.AcquireLease(lease, "train", time.Minute, noon().Add(time.Hour)) // it has expired
	fmt.Println(next.Token, err)
	// Output:
	// 1 <nil>
	// true
	// 2 <nil>
}

func ExampleRenewLease() {
	lease, err := store.AcquireLease(store.Lease{}, "train", time.Minute, noon())
	if err != nil {
		log.Fatal(err)
	}
	longer, err := store.RenewLease(lease, lease, time.Minute, noon().Add(30*time.Second))
	fmt.Println(longer.Token, longer.Expires.Sub(noon()), err)
	// Output: 1 1m30s <nil>
}

func ExampleReleaseLease() {
	lease, err := store.AcquireLease(store.Lease{}, "train", time.Minute, noon())
	if err != nil {
		log.Fatal(err)
	}
	free := store.ReleaseLease(lease, lease)
	next, err := store.AcquireLease(free, "train", time.Minute, noon())
	fmt.Println(next.Token, err)
	// Output: 2 <nil>
}

// Models are kept by name and version; which is in service is said apart.
func ExampleMemory_SetCurrent() {
	ctx, st := context.Background(), store.NewMemory(store.MemoryOptions{})
	defer st.Close()
	for _, text := range []string{"first", "second"} {
		if _, err := st.PutModel(ctx, "recommend", strings.NewReader(text)); err != nil {
			log.Fatal(err)
		}
	}
	if err := st.SetCurrent(ctx, "recommend", 1, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println(st.Current(ctx, "recommend"))
	fmt.Println(st.ModelVersions(ctx, "recommend"))
	// Output:
	// 1 <nil>
	// [1 2] <nil>
}

// Interactions older than a time are dropped; what others have to learn of stays.
func ExampleMemory_Trim() {
	ctx, st := context.Background(), store.NewMemory(store.MemoryOptions{})
	defer st.Close()
	for day := range 3 {
		in := store.Interaction{User: "ann", Item: "tea", Kind: store.View, Time: noon().AddDate(0, 0, day)}
		if err := st.Append(ctx, []store.Entry{{Interaction: in}}); err != nil {
			log.Fatal(err)
		}
	}
	if err := st.Trim(ctx, noon().AddDate(0, 0, 2)); err != nil {
		log.Fatal(err)
	}
	history, err := st.History(ctx, "ann", 10)
	fmt.Println(len(history), err)
	// Output: 1 <nil>
}

// A user is in the same partition wherever users are shared out over as many.
func ExamplePartitionOf() {
	fmt.Println(store.PartitionOf("ann", 256), store.PartitionOf("bob", 256))
	// Output: 120 223
}
