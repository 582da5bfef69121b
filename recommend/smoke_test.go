package recommend_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	st := store.NewMemory(store.MemoryOptions{})
	e, err := recommend.Open(ctx, st, recommend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for u := range 200 {
		for k := range 10 {
			g := u % 4
			err := e.Record(ctx, store.Interaction{User: fmt.Sprintf("u%d", u), Item: fmt.Sprintf("g%d-%d", g, (u*7+k*3)%25), Kind: store.View, Time: now.Add(time.Duration(k) * time.Second)})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	r, err := e.Train(ctx)
	t.Logf("%+v %v", r, err)
	p, err := e.Recommend(ctx, recommend.Request{User: "u3", N: 5, Explain: true})
	t.Logf("%+v %v", p, err)
	e2, err := recommend.Open(ctx, st, recommend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx2, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- e2.Run(ctx2) }()
	if err := e.Record(ctx, store.Interaction{User: "new", Item: "g1-3", Kind: store.Purchase}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	p, err = e2.Recommend(ctx, recommend.Request{User: "new", N: 5, Explain: true})
	t.Logf("%+v %v", p, err)
	r, err = e2.Train(ctx)
	t.Logf("%+v %v", r, err)
	t.Logf("%+v", e.Status())
	t.Log(e2.Rollback(ctx))
	cancel()
	t.Log(<-done, e.Close(), e2.Close())
}
