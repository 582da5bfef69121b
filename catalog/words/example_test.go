package words_test

import (
	"fmt"

	"github.com/goldrec/gold/catalog/words"
)

func Example() {
	for w := range words.All("Men's TEA-POTS, Größe 2") {
		fmt.Println(w, words.Stem(w))
	}
	// Output:
	// men man
	// tea tea
	// pots pot
	// grosse gross
	// 2 2
}

func ExampleStem() {
	fmt.Println(words.Stem("teapots"), words.Stem("batteries"), words.Stem("running"), words.Stem("shelves"))
	// Output: teapot batteri run shelf
}

// While somebody types, the last word may go on.
func ExampleOpen() {
	fmt.Println(words.Open("glass te"), words.Open("glass "))
	// Output: true false
}
