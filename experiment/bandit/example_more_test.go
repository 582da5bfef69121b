package bandit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/goldrec/gold/experiment/bandit"
)

// Rewards of any size, such as what was paid, and a twentieth of the choices spread evenly for the log's sake.
func ExampleNew() {
	b, err := bandit.New(3, bandit.Options{Policy: bandit.EpsilonGreedy, Epsilon: 0.1, Floor: 0.05})
	if err != nil {
		log.Fatal(err)
	}
	for arm, paid := range []float64{5, 20, 8} {
		if err := b.Update(arm, paid); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%.3f\n", b.Propensities())
	_, err = bandit.New(0, bandit.Options{})
	fmt.Println(errors.Is(err, bandit.ErrInvalid))
	// Output:
	// [0.048 0.048 0.903]
	// true
}

// Two processes learn, and each hears what the other has: what one drains the other merges.
func ExampleBandit_Drain() {
	var both [2]*bandit.Bandit
	for i := range both {
		b, err := bandit.New(2, bandit.Options{})
		if err != nil {
			log.Fatal(err)
		}
		both[i] = b
	}
	if err := errors.Join(both[0].Update(0, 1), both[0].Update(1, 0), both[1].Update(0, 0)); err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(both[0].Drain())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
	var state bandit.State
	if err := json.Unmarshal(text, &state); err != nil {
		log.Fatal(err)
	}
	if err := both[1].Merge(state); err != nil {
		log.Fatal(err)
	}
	first := both[1].Snapshot().Arms[0]
	fmt.Println(first.N, first.Mean())
	// Output:
	// {"version":1,"arms":[{"n":1,"sum":1,"squares":1},{"n":1,"sum":0,"squares":0}]}
	// 2 0.5
}

// Banners described by features: what one has shown tells of others that are like it.
func ExampleNewLinear() {
	b, err := bandit.NewLinear(2, bandit.LinearOptions{Policy: bandit.LinUCB})
	if err != nil {
		log.Fatal(err)
	}
	for range 20 {
		if err := errors.Join(b.Update([]float64{1, 0}, 0.9), b.Update([]float64{0, 1}, 0.1)); err != nil {
			log.Fatal(err)
		}
	}
	choice, err := b.Choose([][]float64{{0.2, 0.8}, {0.8, 0.2}}) // neither was seen before
	if err != nil {
		log.Fatal(err)
	}
	mean, _, err := b.Predict([]float64{0.8, 0.2})
	fmt.Printf("%d, expecting %.2f, %v\n", choice.Arm, mean, err)
	// Output: 1, expecting 0.70, <nil>
}

// What was observed of an arm.
func ExampleArm() {
	b, err := bandit.New(1, bandit.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if err := errors.Join(b.Update(0, 1), b.Update(0, 0), b.Update(0, 0), b.Update(0, 0)); err != nil {
		log.Fatal(err)
	}
	arm := b.Snapshot().Arms[0]
	fmt.Println(arm.N, arm.Sum, arm.Mean())
	// Output: 4 1 0.25
}
