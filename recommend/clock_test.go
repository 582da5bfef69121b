package recommend_test

import (
	"slices"
	"testing"
	"time"

	"github.com/goldrec/gold/recommend"
)

// A page is served again for as long as it may be, and not when the clock has gone back to before it was made: it might
// outlive its time by as much.
func TestPagesEndWhenTheClockGoesBack(t *testing.T) {
	t.Parallel()
	for by, again := range map[time.Duration]bool{30 * time.Minute: true, 2 * time.Hour: false, -time.Second: false, -1000 * time.Hour: false} {
		var c clock
		cat := newCatalog(t)
		eng, _ := trained(t, recommend.Options{Catalog: cat, Now: c.now, PageTTL: time.Hour})
		req := recommend.Request{User: "user-002", N: 3}
		best := cat.Item(must(cat.Lookup(ask(t, eng, req).Items[0].Item)))
		if err := cat.Delete(best.ID); err != nil {
			t.Fatal(err)
		}
		ask(t, eng, req) // without it
		if _, err := cat.Upsert(*best); err != nil {
			t.Fatal(err)
		}
		c.advance(by)
		if got := !slices.Contains(items(ask(t, eng, req)), best.ID); got != again {
			t.Errorf("%v later the page is served again: %v, want %v", by, got, again)
		}
	}
}
