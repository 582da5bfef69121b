package dealstest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/dealstest"
	"github.com/goldrec/gold/deals/ledger"
)

// A history of calls is recorded, and one that no order of them explains is found out: here somebody is told of a unit that
// nobody has. The suite for a whole ledger is one call, [dealstest.Run].
func Example() {
	ctx, at := context.Background(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	recorder := dealstest.NewRecorder(ledger.NewMemory(ledger.Options{}))
	if _, err := recorder.Stock(ctx, "golden-hour", "", at); err != nil {
		log.Fatal(err)
	}
	ops := recorder.Take()
	fmt.Println(dealstest.Explain(ops) == nil)
	ops[0].Stock.Held = 1
	fmt.Println(dealstest.Explain(ops) == nil)
	// Output:
	// true
	// false
}

// Calls pass through to a ledger, and are there to be looked at.
func ExampleNewRecorder() {
	ctx, at := context.Background(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	recorder := dealstest.NewRecorder(ledger.NewMemory(ledger.Options{}))
	_, err := recorder.Claim(ctx, "order-17", at)
	op := recorder.Take()[0]
	fmt.Println(op.ID, op.Err == err, op.Call < op.Return, len(recorder.Take()))
	// Output: order-17 true true 0
}

// Two calls one after the other: the claim that the second finds is that of the first.
func ExampleExplain() {
	ctx, at := context.Background(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	recorder := dealstest.NewRecorder(ledger.NewMemory(ledger.Options{}))
	_, err := recorder.Hold(ctx, deals.Request{ID: "order-17", Deal: "golden-hour", User: "ann", Units: 1, At: at, TTL: time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := recorder.Claim(ctx, "order-17", at); err != nil {
		log.Fatal(err)
	}
	fmt.Println(dealstest.Explain(recorder.Take()))
	// Output: <nil>
}
