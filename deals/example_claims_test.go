package deals_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/ledger"
)

// A golden hour at 19:00, wherever users are: while it is live in Berlin it has ended in Delhi and is to come in New York.
func Example_goldenHour() {
	window, err := deals.NewWindow(deals.Daily{Start: "19:00", End: "20:00", Zone: deals.UserZone})
	if err != nil {
		fmt.Println(err)
		return
	}
	var board deals.Board
	err = board.Replace([]deals.Deal{{
		ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: window,
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC)
	tea := deals.Product{ID: "tea", Price: 499, Currency: "EUR"}
	for _, zone := range []string{"Asia/Kolkata", "Europe/Berlin", "America/New_York"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			fmt.Println(err)
			return
		}
		user := deals.User{ID: "somebody", Zone: loc}
		offer, err := board.Best(tea, user, now)
		if err != nil {
			fmt.Println(err)
			return
		}
		shelf := board.For(user, now, 5)
		fmt.Print(zone, ": ", offer.Price)
		for _, card := range shelf.Live {
			fmt.Print(", ends in ", card.End.Sub(shelf.Now))
		}
		for _, card := range shelf.Upcoming {
			fmt.Print(", next ", card.Start.Format("2 Jan 15:04"))
		}
		fmt.Println(", may be cached for", shelf.MaxAge(now))
	}
	// Output:
	// Asia/Kolkata: 499, next 23 Nov 19:00, may be cached for 19h0m0s
	// Europe/Berlin: 399, ends in 30m0s, next 23 Nov 19:00, may be cached for 30m0s
	// America/New_York: 499, next 22 Nov 19:00, may be cached for 5h30m0s
}

// A flash sale of 100 units, and 10,000 shoppers at once: a hundred of them get one, and pay. Who would rather wait in line than be
// refused calls Queue in place of Hold.
func Example_flashSale() {
	window, err := deals.NewSpan(deals.Span{Start: "2026-11-27T18:00", End: "2026-11-27T19:00", Zone: "Europe/Berlin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	var board deals.Board
	err = board.Replace([]deals.Deal{{
		ID: "flash", Items: []string{"teapot"}, Discount: deals.FixedPrice(1000, "EUR"), Window: window,
		Limits: deals.Limits{Units: 100, PerUser: 1},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 27, 17, 0, 0, 0, time.UTC)
	// In a shop: ledger.Open("claims", ledger.Options{}), and the clock of the machine.
	claims := deals.NewClaims(&board, ledger.NewMemory(ledger.Options{}), deals.ClaimsOptions{Now: func() time.Time { return now }})
	ctx := context.Background()
	var paid, late atomic.Int64
	var wg sync.WaitGroup
	for i := range 10_000 {
		wg.Go(func() {
			user := fmt.Sprint("user-", i)
			claim, err := claims.Hold(ctx, deals.Order{ID: "order of " + user, Deal: "flash", User: deals.User{ID: user}, Units: 1})
			if errors.Is(err, deals.ErrSoldOut) {
				late.Add(1)
				return
			}
			if err == nil {
				_, err = claims.Confirm(ctx, claim.ID)
			}
			if err != nil {
				fmt.Println(err)
				return
			}
			paid.Add(1)
		})
	}
	wg.Wait()
	fmt.Println(paid.Load(), "paid,", late.Load(), "were late")
	shelf, err := claims.Shelf(ctx, deals.User{}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(shelf.Live[0].Left, "left,", shelf.Live[0].Claimed, "% claimed")
	// Output:
	// 100 paid, 9900 were late
	// 0 left, 100 % claimed
}
