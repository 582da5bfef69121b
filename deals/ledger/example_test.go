package ledger_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/ledger"
)

// noonOf is noon of a day in March.
func noonOf(day int) time.Time { return time.Date(2026, 3, day, 12, 0, 0, 0, time.UTC) }

// order asks for one of ten units.
func order(id, user string) deals.Request {
	return deals.Request{
		ID: id, Deal: "golden-hour", Turn: "2026-03-02", User: user, Units: 1, At: noonOf(2), TTL: 10 * time.Minute,
		Start: noonOf(2), Close: noonOf(2).Add(time.Hour), Max: 10, MaxUser: 1,
	}
}

// Claims of a directory are there after a restart.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := ledger.Open(dir, ledger.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := l.Hold(ctx, order("order-17", "ann")); err != nil {
		log.Fatal(err)
	}
	if err := l.Close(); err != nil {
		log.Fatal(err)
	}
	if l, err = ledger.Open(dir, ledger.Options{}); err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	claim, err := l.Claim(ctx, "order-17", noonOf(2).Add(time.Minute))
	fmt.Println(claim.User, claim.State, err)
	claim, err = l.Claim(ctx, "order-17", noonOf(2).Add(time.Hour)) // nobody has paid
	fmt.Println(claim.User, claim.State, err)
	// Output:
	// ann held <nil>
	// ann expired <nil>
}

// A ledger in memory, for a process that may forget who holds what.
func ExampleNewMemory() {
	ctx := context.Background()
	l := ledger.NewMemory(ledger.Options{})
	for _, user := range []string{"ann", "bob"} {
		if _, err := l.Hold(ctx, order("order of "+user, user)); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := l.Settle(ctx, "order of ann", deals.Confirmed, noonOf(2).Add(time.Minute)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Stock(ctx, "golden-hour", "2026-03-02", noonOf(2).Add(time.Minute)))
	// Output: {1 1 0} <nil>
}

// What was answered is on the disk; how long an ID is remembered is an option.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := ledger.Open(dir, ledger.Options{Keep: 7 * 24 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	claim, err := l.Hold(context.Background(), order("order-17", "ann"))
	fmt.Println(claim.State, err, l.Close())
	// Output: held <nil> <nil>
}
