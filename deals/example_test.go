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
