package interleave_test

import (
	"errors"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/goldrec/gold/experiment/interleave"
)

// Three rankings at once; the same draws give the same list again.
func ExampleMix() {
	rankings := [][]string{{"a", "b", "c"}, {"c", "b", "a"}, {"d", "a", "b"}}
	for range 2 {
		list, err := interleave.Mix(interleave.TeamDraft, rand.New(rand.NewPCG(7, 0)), 4, rankings...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(list.Items, list.Teams)
	}
	_, err := interleave.Mix(interleave.Balanced, rand.New(rand.NewPCG(7, 0)), 4, rankings...) // takes two
	fmt.Println(errors.Is(err, interleave.ErrInvalid))
	// Output:
	// [c d a b] [1 2 0 2]
	// [c d a b] [1 2 0 2]
	// true
}

// A click goes to who picked the item; a position clicked twice counts once.
func ExampleList_Credit() {
	list, err := interleave.Mix(interleave.TeamDraft, rand.New(rand.NewPCG(7, 0)), 4, []string{"a", "b"}, []string{"c", "d"})
	if err != nil {
		log.Fatal(err)
	}
	credit, err := list.Credit(0, 0, 1)
	fmt.Println(list.Items, credit, err)
	_, err = list.Credit(9)
	fmt.Println(errors.Is(err, interleave.ErrInvalid))
	// Output:
	// [c a d b] [1 1] <nil>
	// true
}

// Each user speaks once, and the sign test says whether that is chance.
func ExampleTally() {
	var tally interleave.Tally
	for user := range 20 {
		credit := []float64{0, 1} // the second ranker got the user's clicks
		if user%5 == 0 {
			credit = []float64{1, 0}
		}
		if err := tally.Add(credit); err != nil {
			log.Fatal(err)
		}
	}
	duel := tally.Duel(1, 0)
	fmt.Printf("%d to %d, p = %.3f\n", duel.Wins, duel.Losses, duel.PValue())
	// Output: 16 to 4, p = 0.012
}
