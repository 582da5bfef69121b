package pgstore_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

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
			return ledger(t, pg.URL, pgstore.Options{Schema: schema(), ConnsMax: 16, Timeout: 5 * time.Minute})
		},
	})
}

// TestLedgerCut cuts the connections to the server while calls are under way, and goes on in another process.
func TestLedgerCut(t *testing.T) {
	t.Parallel()
	pg := server(t)
	cut, name := proxy(t, pg), schema()
	anew := func(t testing.TB) deals.Ledger {
		return ledger(t, servers.PostgresURL(cut.Addr), pgstore.Options{Schema: name})
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
	l := ledger(t, pg.URL, pgstore.Options{Schema: schema()})
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

func ledger(t testing.TB, url string, opts pgstore.Options) *pgstore.Ledger {
	st := open(t, url, opts)
	t.Cleanup(func() { _ = st.Close() })
	return st.Ledger(0)
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
		l := ledger(t, pg.URL, pgstore.Options{Schema: name})
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
	l := ledger(t, server(t).URL, pgstore.Options{Schema: schema()})
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
