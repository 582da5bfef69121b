package deals_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/deals"
)

// berlin is a daily hour by the clocks of Berlin.
func berlin() deals.Window {
	w, err := deals.NewWindow(deals.Daily{Start: "18:00", End: "19:00", Zone: "Europe/Berlin"})
	if err != nil {
		log.Fatal(err)
	}
	return w
}

// A shop lowers a price for an hour every evening.
func Example() {
	var board deals.Board
	err := board.Replace([]deals.Deal{{
		ID: "golden-hour", Items: []string{"tea", "mug"}, Discount: deals.PercentOff(20), Window: berlin(),
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, now := range []time.Time{
		time.Date(2026, 3, 2, 17, 30, 0, 0, time.UTC), // half past six in Berlin
		time.Date(2026, 3, 2, 18, 0, 0, 0, time.UTC),
	} {
		price := int64(1000)
		if o, live := board.Deal("tea", now); live {
			if price, err = o.Deal.Discount.Price(price, "EUR"); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Println(price)
	}
	// Output:
	// 800
	// 1000
}

func ExamplePercentOff() {
	fmt.Println(deals.PercentOff(20).Price(499, "EUR")) // 399.2, to the nearest cent
	fmt.Println(errors.Is(deals.PercentOff(120).Validate(), deals.ErrDiscount))
	// Output:
	// 399 <nil>
	// true
}

func ExampleBasisPointsOff() {
	fmt.Println(deals.BasisPointsOff(1250).Price(1000, "EUR")) // 12.5 % off
	// Output: 875 <nil>
}

func ExampleFixedPrice() {
	d := deals.FixedPrice(999, "EUR")
	fmt.Println(d.Price(1500, "EUR"))
	fmt.Println(d.Price(500, "EUR")) // never raises a price
	_, err := d.Price(1500, "USD")
	fmt.Println(errors.Is(err, deals.ErrCurrency))
	// Output:
	// 999 <nil>
	// 500 <nil>
	// true
}

// A window on two days of the week, whose times are those of the wall clock, summer and winter.
func ExampleNewWindow() {
	w, err := deals.NewWindow(deals.Daily{
		Start: "09:00", End: "12:00", Zone: "America/New_York", Days: []time.Weekday{time.Saturday, time.Sunday},
	})
	if err != nil {
		log.Fatal(err)
	}
	start, end, _ := w.Next(time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC))
	fmt.Println(start.UTC().Format(time.DateTime), end.Sub(start))
	start, end, _ = w.Next(start) // the clocks have gone forward in the night
	fmt.Println(start.UTC().Format(time.DateTime), end.Sub(start))
	// Output:
	// 2026-03-07 14:00:00 3h0m0s
	// 2026-03-08 13:00:00 3h0m0s
}

// A deal as JSON, as an editor keeps it.
func ExampleDeal() {
	text, err := json.Marshal(deals.Deal{ID: "spring", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: berlin()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	var back deals.Deal
	if err := json.Unmarshal(text, &back); err != nil {
		log.Fatal(err)
	}
	fmt.Println(back.Validate())
	// Output:
	// {"id":"spring","items":["tea"],"discount":{"percentOff":20},"window":{"start":"18:00","end":"19:00","zone":"Europe/Berlin"}}
	// <nil>
}

// What is wrong with a list of deals is said of all of them, and nothing changes.
func ExampleBoard_Replace() {
	var board deals.Board
	err := board.Replace([]deals.Deal{
		{ID: "a", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: berlin()},
		{ID: "a", Items: []string{"mug"}, Discount: deals.PercentOff(20), Window: berlin()},
		{ID: "b", Discount: deals.PercentOff(20), Window: berlin()},
	})
	fmt.Println(errors.Is(err, deals.ErrDuplicate), errors.Is(err, deals.ErrNoItems), board.Len())
	// Output: true true 0
}
