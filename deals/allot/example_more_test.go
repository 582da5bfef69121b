package allot_test

import (
	"fmt"
	"log"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/allot"
)

// A likely sale of little value, an unlikely one of much, and one that will be gone before the user acts.
func Example() {
	offers := []allot.Offer{
		{ID: "tea", Buy: 0.10, Value: 200},
		{ID: "pot", Buy: 0.02, Value: 1500},
		{ID: "gone", Buy: 0.50, Value: 1000, Limited: true, Left: 1, Rate: 0.1, Acts: 5 * time.Minute},
	}
	if err := allot.Order(offers); err != nil {
		log.Fatal(err)
	}
	for _, o := range offers {
		fmt.Printf("%s %.0f\n", o.ID, o.Worth())
	}
	// Output:
	// pot 30
	// tea 20
	// gone 0
}

// How likely units are left when the user acts, five minutes from now, where one is taken every ten minutes.
func ExampleOffer_Lasts() {
	o := allot.Offer{ID: "tea", Limited: true, Left: 2, Rate: 1.0 / 600, Acts: 5 * time.Minute}
	fmt.Printf("%.2f\n", o.Lasts())
	// Output: 0.91
}

// Ten minutes before the end a countdown may be shown; an hour before, nothing.
func ExampleUrgent() {
	w, err := deals.NewWindow(deals.Daily{Start: "18:00", End: "19:00", Zone: "UTC"})
	if err != nil {
		log.Fatal(err)
	}
	var board deals.Board
	if err := board.Replace([]deals.Deal{{ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: w}}); err != nil {
		log.Fatal(err)
	}
	for _, minute := range []int{0, 50} {
		now := time.Date(2026, 3, 2, 18, minute, 0, 0, time.UTC)
		fmt.Println(allot.Urgent(board.For(deals.User{ID: "ann"}, now, 1).Live[0], 0, now))
	}
	// Output:
	// {0s 0}
	// {10m0s 0}
}
