package codectest_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/codec/codectest"
)

// file is a file of one section that holds a count and as many numbers.
func file(count uint32, numbers []float32) []byte {
	var buf bytes.Buffer
	w := codec.NewWriter(&buf)
	w.Section("ratings", 1)
	w.Uint32(count)
	w.Float32s(numbers)
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	return buf.Bytes()
}

// load reads a file, and looks at what no sum can: whether the count is right.
func load(data []byte) ([]float32, error) {
	r, err := codec.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r.Section("ratings", 1)
	count, numbers := r.Uint32(), r.Float32s()
	if int(count) != len(numbers) {
		r.Fail("%d numbers, want %d", len(numbers), count)
	}
	return numbers, r.Close()
}

// Damage is found by the sums of a file. Behind Mend it is not, so that the test reaches what load itself looks at.
func Example() {
	damaged := bytes.Replace(file(2, []float32{4.5, 3}), []byte{2, 0, 0, 0}, []byte{9, 0, 0, 0}, 1) // the count
	_, err := load(damaged)
	fmt.Println(err)
	_, err = load(codectest.Mend(damaged))
	fmt.Println(err)
	// Output:
	// corrupt file: checksum differs
	// corrupt file: 2 numbers, want 9
}

// Mend leaves a file that is whole as it is.
func ExampleMend() {
	whole := file(1, []float32{5})
	fmt.Println(bytes.Equal(codectest.Mend(whole), whole))
	// Output: true
}
