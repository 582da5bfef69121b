package deals_test

import (
	"fmt"
	"time"

	"github.com/goldrec/gold/deals"
)

func ExampleWindow() {
	w, err := deals.NewWindow(deals.Daily{Start: "22:00", End: "01:00", Zone: "Europe/Berlin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC) // half past midnight in Berlin
	_, end, live := w.Current(now)
	fmt.Println(live, end.Sub(now))
	start, _, _ := w.Next(now)
	fmt.Println(start.Format(time.RFC1123Z))
	// Output:
	// true 30m0s
	// Mon, 23 Nov 2026 22:00:00 +0100
}

func ExampleBoard() {
	w, err := deals.NewWindow(deals.Daily{Start: "18:00", End: "19:00", Zone: "Europe/Berlin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var board deals.Board
	err = board.Replace([]deals.Deal{{
		ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: w,
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 22, 17, 45, 0, 0, time.UTC)
	for o := range board.Live(now) {
		price, _ := o.Deal.Discount.Price(499, "EUR")
		fmt.Println(o.Deal.ID, "ends in", o.End.Sub(now), "and the price is", price)
	}
	next, _ := board.Next(now)
	fmt.Println("next:", next.Start.Format(time.DateTime))
	// Output:
	// golden-hour ends in 15m0s and the price is 399
	// next: 2026-11-23 18:00:00
}
