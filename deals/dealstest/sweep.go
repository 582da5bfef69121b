package dealstest

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/goldrec/gold/deals"
)

// sweep sees what is due settled in deals that nobody asks for, and what is over forgotten after its time and not before, by a ledger that
// is a deals.Sweeper.
func sweep(t *testing.T, s Suite) {
	l := s.Open(t)
	sweeper, ok := l.(deals.Sweeper)
	if !ok {
		t.Skip("the ledger needs no sweeping")
	}
	must := func(_ deals.Claim, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	request := func(id, deal, turn string, lasts time.Duration) deals.Request {
		return deals.Request{
			ID: id, Deal: deal, Turn: turn, User: "user of " + id, Units: 1, At: base, TTL: time.Minute, Start: base, Close: base.Add(lasts), Max: 1,
		}
	}
	wants := request("waits", "mugs", "today", time.Hour)
	wants.Wait = true
	for _, r := range []deals.Request{
		request("has", "mugs", "today", time.Hour), wants, request("pays", "pots", "today", time.Hour),
		request("pays long", "pots", "for ever", 1000*time.Hour), request("gives back", "cups", "today", time.Hour),
	} {
		must(l.Hold(t.Context(), r))
	}
	must(l.Settle(t.Context(), "pays", deals.Confirmed, base))
	must(l.Settle(t.Context(), "pays long", deals.Confirmed, base))
	must(l.Settle(t.Context(), "gives back", deals.Released, base))

	state := map[string]deals.State{
		"has": deals.Held, "waits": deals.Waiting, "pays": deals.Confirmed, "pays long": deals.Confirmed, "gives back": deals.Released,
	}
	after := func(d time.Duration) {
		t.Helper()
		if err := sweeper.Sweep(t.Context(), base.Add(d)); err != nil {
			t.Fatal(err)
		}
		got := map[string]deals.State{}
		for _, id := range []string{"has", "waits", "pays", "pays long", "gives back"} {
			// At the beginning nothing is due, so that to ask changes nothing.
			if c, err := l.Claim(t.Context(), id, base); err == nil {
				got[id] = c.State
			} else if !errors.Is(err, deals.ErrUnknownClaim) {
				t.Fatal(err)
			}
		}
		if !maps.Equal(got, state) {
			t.Errorf("after a sweep %v later: %v, want %v", d, got, state)
		}
	}
	after(0)
	state["has"], state["waits"] = deals.Expired, deals.Held
	after(time.Minute)
	state["waits"] = deals.Expired
	after(2 * time.Minute)
	after(keep - 1)
	delete(state, "gives back")
	after(keep)
	delete(state, "has")
	after(keep + time.Minute)
	delete(state, "waits")
	delete(state, "pays")
	after(keep + time.Hour)
	if stock, err := l.Stock(t.Context(), "pots", "today", base); err != nil || stock != (deals.Stock{}) {
		t.Errorf("%+v of a turn that is forgotten, %v", stock, err)
	}
}
