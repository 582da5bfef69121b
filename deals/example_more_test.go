package deals_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/ledger"
)

func ExampleAmountOff() {
	d := deals.AmountOff(500, "EUR")
	fmt.Println(d.Price(1999, "EUR"))
	fmt.Println(d.Price(300, "EUR")) // never more than the price
	// Output:
	// 1499 <nil>
	// 0 <nil>
}

// Three for the price of two. One unit costs what it did.
func ExampleBuyGet() {
	d := deals.BuyGet(2, 1)
	fmt.Println(d.Price(1000, "EUR"))
	fmt.Println(d.Total(1000, 7, "EUR"))
	// Output:
	// 1000 <nil>
	// 5000 <nil>
}

// A pot and a cup together for less than apart.
func ExampleBundle() {
	var board deals.Board
	err := board.Replace([]deals.Deal{{
		ID: "tea-time", Items: []string{"pot", "cup"}, Discount: deals.Bundle(2500, "EUR"), Window: berlin(),
	}})
	if err != nil {
		log.Fatal(err)
	}
	quote, err := board.Quote([]deals.Line{
		{Product: deals.Product{ID: "pot", Price: 2000, Currency: "EUR"}, Units: 1},
		{Product: deals.Product{ID: "cup", Price: 800, Currency: "EUR"}, Units: 2},
	}, deals.User{ID: "ann"}, time.Date(2026, 3, 2, 17, 30, 0, 0, time.UTC))
	fmt.Println(quote.Full, quote.Total, err)
	// Output: 3600 3300 <nil>
}

// A window that is there once.
func ExampleNewSpan() {
	w, err := deals.NewSpan(deals.Span{Start: "2026-11-27T00:00", End: "2026-11-30T00:00", Zone: "Europe/Berlin"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.LiveAt(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)), w.LiveAt(time.Date(2027, 11, 28, 12, 0, 0, 0, time.UTC)))
	// Output: true false
}

// Where the zones come from depends on the machine, so that it is worth a line in the log of a program.
func ExampleZoneData() {
	source, version := deals.ZoneData()
	log.Println("zones of", source, version)
}

// One unit each, of ten: held while the user pays, then the user's.
func ExampleNewClaims() {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 17, 30, 0, 0, time.UTC)
	var board deals.Board
	err := board.Replace([]deals.Deal{{
		ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: berlin(),
		Limits: deals.Limits{Units: 10, PerUser: 1},
	}})
	if err != nil {
		log.Fatal(err)
	}
	claims := deals.NewClaims(&board, ledger.NewMemory(ledger.Options{}), deals.ClaimsOptions{Now: func() time.Time { return now }})
	claim, err := claims.Hold(ctx, deals.Order{ID: "order-17", Deal: "golden-hour", User: deals.User{ID: "ann"}, Units: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claim.State, claim.Until.Sub(now))
	_, err = claims.Hold(ctx, deals.Order{ID: "order-18", Deal: "golden-hour", User: deals.User{ID: "ann"}, Units: 1})
	fmt.Println(errors.Is(err, deals.ErrLimit))
	claim, err = claims.Confirm(ctx, claim.ID)
	fmt.Println(claim.State, err)
	// Output:
	// held 10m0s
	// true
	// confirmed <nil>
}

// A turn of a deal is named by its local date.
func ExampleOccurrence_Date() {
	var board deals.Board
	err := board.Replace([]deals.Deal{{ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: berlin()}})
	if err != nil {
		log.Fatal(err)
	}
	for o := range board.Live(time.Date(2026, 3, 2, 17, 30, 0, 0, time.UTC)) {
		fmt.Println(o.Date(), o.Turn(), o.Start.Format(time.TimeOnly))
	}
	// Output: 2026-03-02 2026-03-02 18:00:00
}

// What limits count by is a word in JSON.
func ExamplePer() {
	text, err := json.Marshal(deals.Limits{Units: 100, Per: deals.PerDeal})
	fmt.Println(string(text), err)
	// Output: {"units":100,"per":"deal"} <nil>
}

// A request that is sent again, because its answer was lost, asks for the same; the instant may be another.
func ExampleRequest_Same() {
	first := deals.Request{ID: "order-17", Deal: "golden-hour", User: "ann", Units: 1}
	again, more := first, first
	more.Units = 2
	fmt.Println(first.Same(&again), first.Same(&more))
	// Output: true false
}

// What is held or confirmed is taken; who waits takes nothing.
func ExampleStock_Taken() {
	fmt.Println(deals.Stock{Held: 2, Confirmed: 5, Waiting: 9}.Taken())
	// Output: 7
}

// What a user sees: live, upcoming and ended, and until when the answer may be kept.
func ExampleShelf_MaxAge() {
	var board deals.Board
	err := board.Replace([]deals.Deal{{ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: berlin()}})
	if err != nil {
		log.Fatal(err)
	}
	now := time.Date(2026, 3, 2, 17, 30, 0, 0, time.UTC)
	shelf := board.For(deals.User{ID: "ann"}, now, 10)
	fmt.Println(len(shelf.Live), len(shelf.Upcoming), len(shelf.Ended), shelf.MaxAge(now))
	// Output: 1 1 1 30m0s
}
