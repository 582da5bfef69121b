package recommend_test

import (
	"fmt"
	"testing"

	"github.com/goldrec/gold/internal/heaptest"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/store"
)

// TestUserMemory holds a user in memory, of 20 interactions, 64 factors, what was found for them and one page of 20, to 1,350 bytes.
func TestUserMemory(t *testing.T) {
	const users = 2000
	opts := recommend.Options{Trainers: []model.Trainer{itemknn.Trainer{}, als.Trainer{Factors: 64, Iterations: 1}}}
	st := memory()
	eng := open(t, st, opts)
	var batch []store.Interaction
	for u := range users {
		batch = batch[:0]
		for i := range 20 {
			batch = append(batch, click(fmt.Sprintf("user-%04d", u), fmt.Sprint("item-", (u*7+i*i)%500)))
		}
		record(t, eng, batch...)
	}
	train(t, eng)
	meet := func(user string) {
		if page := ask(t, eng, recommend.Request{User: user, N: 20}); len(page.Items) != 20 {
			t.Fatalf("%d items", len(page.Items))
		}
	}
	meet("user-0000") // buffers come to their size
	_, size := heaptest.Kept(func() *recommend.Engine {
		for u := range users {
			meet(fmt.Sprintf("user-%04d", u))
		}
		return eng
	})
	got := float64(size) / users
	t.Logf("%.0f bytes a user", got)
	if got > 1350 || eng.UsersInMemory() != users {
		t.Errorf("%.0f bytes for each of %d users, want 1,350 at most for each of %d", got, eng.UsersInMemory(), users)
	}
}
