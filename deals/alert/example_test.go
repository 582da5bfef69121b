package alert_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/alert"
)

// printer is a Sender that prints.
type printer struct{}

func (printer) Send(_ context.Context, a alert.Alert) error {
	fmt.Println(a.User, a.Deal.ID, a.Kind)
	return nil
}

// evening is a board of one deal, every evening from six to seven.
func evening() *deals.Board {
	w, err := deals.NewWindow(deals.Daily{Start: "18:00", End: "19:00", Zone: "UTC"})
	if err != nil {
		log.Fatal(err)
	}
	board := new(deals.Board)
	err = board.Replace([]deals.Deal{{ID: "golden-hour", Items: []string{"tea"}, Discount: deals.PercentOff(20), Window: w}})
	if err != nil {
		log.Fatal(err)
	}
	return board
}

// A follower is told a quarter of an hour before, once.
func Example() {
	ctx, s := context.Background(), alert.NewScheduler(evening(), printer{}, alert.NewMemory())
	err := s.Follow(alert.Follower{User: deals.User{ID: "ann"}, Deals: []string{"golden-hour"}, StartsIn: 15 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	for minute := 40; minute < 60; minute += 5 { // Run does this by itself
		if _, err := s.Tick(ctx, time.Date(2026, 3, 2, 17, minute, 0, 0, time.UTC)); err != nil {
			log.Fatal(err)
		}
	}
	// Output: ann golden-hour starts-soon
}

// A follower that makes no sense is an error.
func ExampleNewScheduler() {
	s := alert.NewScheduler(evening(), printer{}, alert.NewMemory())
	err := s.Follow(alert.Follower{User: deals.User{ID: "ann"}, QuietFrom: "ten"})
	fmt.Println(errors.Is(err, alert.ErrFollower))
	// Output: true
}

// What was sent is remembered, by user and date.
func ExampleNewMemory() {
	ctx, m := context.Background(), alert.NewMemory()
	if err := m.Note(ctx, "ann", "2026-03-02", "golden-hour/2026-03-02"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Sent(ctx, "ann", "golden-hour/2026-03-02"))
	fmt.Println(m.Count(ctx, "ann", "2026-03-02"))
	// Output:
	// true <nil>
	// 1 <nil>
}

// What a Disk has noted is known after a restart.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "alerts")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	for range 2 { // the process starts twice
		l, err := alert.Open(dir)
		if err != nil {
			log.Fatal(err)
		}
		sent, err := l.Sent(ctx, "ann", "golden-hour/2026-03-02/starts-soon")
		fmt.Println(sent, err)
		if err := errors.Join(l.Note(ctx, "ann", "2026-03-02", "golden-hour/2026-03-02/starts-soon"), l.Close()); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// false <nil>
	// true <nil>
}
