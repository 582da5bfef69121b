package bandit_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/goldrec/gold/experiment/bandit"
)

func Example() {
	b, err := bandit.New(2, bandit.Options{Seed: 7})
	if err != nil {
		log.Fatal(err)
	}
	world := rand.New(rand.NewPCG(1, 2)) // arm 1 pays twice as often
	for range 2_000 {
		choice := b.Choose() // log choice.Propensity with what was shown
		reward := 0.0
		if world.Float64() < []float64{0.1, 0.2}[choice.Arm] {
			reward = 1
		}
		if err := b.Update(choice.Arm, reward); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(b.Propensities()[1] > 0.99)
	// Output: true
}
