package pgstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/dealstest"
	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store/pgstore"
)

// TestLedger holds the ledger to the rules of all of them.
func TestLedger(t *testing.T) {
	t.Parallel()
	pg := server(t)
	dealstest.Run(t, dealstest.Suite{
		Calls: 3000, Shoppers: 300,
		Open: func(t testing.TB) deals.Ledger {
			return ledger(t, pg.URL, pgstore.Options{Schema: schema(), ConnsMax: 16, Timeout: 5 * time.Minute}, 0)
		},
	})
}

// TestLedgerCut cuts the connections to the server while calls are under way, and goes on in another process.
func TestLedgerCut(t *testing.T) {
	t.Parallel()
	pg := server(t)
	cut, name := proxy(t, pg), schema()
	anew := func(t testing.TB) deals.Ledger {
		return ledger(t, servers.PostgresURL(cut.Addr), pgstore.Options{Schema: name}, 0)
	}
	dealstest.Run(t, dealstest.Suite{
		Calls: 3000, Shoppers: 10,
		Open: func(t testing.TB) deals.Ledger {
			if !strings.HasSuffix(t.Name(), "/histories") {
				t.Skip("needs no crash, and would be hurt by those of others")
			}
			return anew(t)
		},
		Crash: func(t testing.TB, _ deals.Ledger) deals.Ledger {
			cut.Cut()
			return anew(t)
		},
	})
}

// TestLedgerKilled has the server killed behind claims that it has acknowledged, which are there when it is back.
func TestLedgerKilled(t *testing.T) {
	t.Parallel()
	pg, _ := own(t)
	l := ledger(t, pg.URL, pgstore.Options{Schema: schema()}, 0)
	r := request("before", "mugs", "today")
	if _, err := l.Hold(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Settle(t.Context(), r.ID, deals.Confirmed, hour); err != nil {
		t.Fatal(err)
	}
	pg.Kill()
	if err := pg.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c, err := l.Claim(t.Context(), r.ID, hour.Add(time.Hour)); err != nil || c.State != deals.Confirmed {
		t.Errorf("%+v, %v", c, err)
	}
	after := request("after", "mugs", "today")
	_, err := l.Hold(t.Context(), after)
	if errors.Is(err, pgstore.ErrUnknown) { // a connection from before the kill
		_, err = l.Hold(t.Context(), after)
	}
	if !errors.Is(err, deals.ErrSoldOut) {
		t.Errorf("one more than all: %v", err)
	}
}

func ledger(t testing.TB, url string, opts pgstore.Options, keep time.Duration) *pgstore.Ledger {
	st := open(t, url, opts)
	t.Cleanup(func() { _ = st.Close() })
	return st.Ledger(keep)
}

var hour = time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)

func request(id, deal, turn string) deals.Request {
	return deals.Request{
		ID: id, Deal: deal, Turn: turn, User: "user of " + id, Units: 1, At: hour, TTL: time.Minute, Start: hour, Close: hour.Add(time.Hour), Max: 1,
	}
}

// TestLedgers has several processes sell the same units.
func TestLedgers(t *testing.T) {
	t.Parallel()
	pg, name := server(t), schema()
	const units = 40
	var given [3]int
	var sellers sync.WaitGroup
	for i := range given {
		l := ledger(t, pg.URL, pgstore.Options{Schema: name}, 0)
		sellers.Go(func() {
			for n := range units {
				r := request(fmt.Sprintf("\x00%d of %d", n, i), "mugs\x00", "today")
				r.Max = units
				switch c, err := l.Hold(t.Context(), r); {
				case err == nil && c.ID == r.ID && c.Deal == r.Deal && c.User == r.User:
					given[i]++
				case !errors.Is(err, deals.ErrSoldOut):
					t.Error(err)
				}
			}
		})
	}
	sellers.Wait()
	if sum := given[0] + given[1] + given[2]; sum != units {
		t.Errorf("%v units are given of %d", given, units)
	}
}

// TestIDsOfTwoDeals asks at once for claims of two deals by one ID, which may be of one of them only.
func TestIDsOfTwoDeals(t *testing.T) {
	t.Parallel()
	l := ledger(t, server(t).URL, pgstore.Options{Schema: schema()}, 0)
	for n := range 20 {
		id := fmt.Sprint("order-", n)
		var errs [2]error
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = l.Hold(t.Context(), request(id, fmt.Sprint("deal-", n, "-", i), "")) })
		}
		wg.Wait()
		if given := errs[0] == nil; given == (errs[1] == nil) || !given && !errors.Is(errs[0], deals.ErrIDReused) || given && !errors.Is(errs[1], deals.ErrIDReused) {
			t.Errorf("%v and %v", errs[0], errs[1])
		}
	}
}

// TestSweep sees what is due settled in deals that nobody asks for, and what is over forgotten after its time and not before.
func TestSweep(t *testing.T) {
	t.Parallel()
	const keep = 10 * time.Hour
	l := ledger(t, server(t).URL, pgstore.Options{Schema: schema()}, keep)
	hold := func(r deals.Request) {
		t.Helper()
		if _, err := l.Hold(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	settle := func(id string, to deals.State) {
		t.Helper()
		if _, err := l.Settle(t.Context(), id, to, hour); err != nil {
			t.Fatal(err)
		}
	}
	wants := request("waits", "mugs", "today")
	wants.Wait = true
	hold(request("has", "mugs", "today"))
	hold(wants)
	hold(request("pays", "pots", "today"))
	settle("pays", deals.Confirmed)
	long := request("pays long", "pots", "for ever")
	long.Close = hour.Add(1000 * time.Hour)
	hold(long)
	settle("pays long", deals.Confirmed)
	hold(request("gives back", "cups", "today"))
	settle("gives back", deals.Released)

	sweep := func(at time.Time, want map[string]deals.State) {
		t.Helper()
		if err := l.Sweep(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		got := map[string]deals.State{}
		for _, id := range []string{"has", "waits", "pays", "pays long", "gives back"} {
			// At the beginning nothing is due, so that to ask changes nothing.
			if c, err := l.Claim(t.Context(), id, hour); err == nil {
				got[id] = c.State
			} else if !errors.Is(err, deals.ErrUnknownClaim) {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after a sweep at %v: %s", at, diff)
		}
	}
	state := map[string]deals.State{"has": deals.Held, "waits": deals.Waiting, "pays": deals.Confirmed, "pays long": deals.Confirmed, "gives back": deals.Released}
	sweep(hour, state)
	state["has"], state["waits"] = deals.Expired, deals.Held
	sweep(hour.Add(time.Minute), state)
	state["waits"] = deals.Expired
	sweep(hour.Add(2*time.Minute), state)
	sweep(hour.Add(keep-1), state)
	delete(state, "gives back")
	sweep(hour.Add(keep), state)
	delete(state, "has")
	sweep(hour.Add(keep+time.Minute), state)
	delete(state, "waits")
	delete(state, "pays")
	sweep(hour.Add(keep+time.Hour), state)
	if stock, err := l.Stock(t.Context(), "pots", "today", hour); err != nil || stock != (deals.Stock{}) {
		t.Errorf("%+v of a turn that is forgotten, %v", stock, err)
	}
}
