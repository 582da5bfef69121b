package interleave_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/goldrec/gold/experiment/interleave"
)

func Example() {
	control, variant := []string{"tea", "mug", "pot"}, []string{"cup", "tea", "tray"}
	rng := rand.New(rand.NewPCG(1, 2)) // from a hash of the visit, so that the list can be made again
	list, err := interleave.Mix(interleave.TeamDraft, rng, 4, control, variant)
	if err != nil {
		log.Fatal(err)
	}
	credit, err := list.Credit(0) // the first item was clicked
	if err != nil {
		log.Fatal(err)
	}
	var tally interleave.Tally
	if err := tally.Add(credit); err != nil {
		log.Fatal(err)
	}
	fmt.Println(list.Items, list.Teams, credit, tally.Duel(0, 1))
	// Output: [cup tea tray mug] [1 0 1 0] [0 1] {0 1 0}
}
