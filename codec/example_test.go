package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"

	"github.com/goldrec/gold/codec"
)

// What is no file, or not of this package, is told at once.
func ExampleNewReader() {
	_, err := codec.NewReader(bytes.NewReader([]byte("id,title\ntea,Green tea\n")))
	fmt.Println(errors.Is(err, codec.ErrCorrupt))
	// Output: true
}

// Errors stay: no put need be looked at, only Close.
func ExampleNewWriter() {
	w := codec.NewWriter(new(bytes.Buffer))
	w.Section("ratings", 1)
	w.Fail(errors.New("the model has no ratings"))
	w.Uint32(7) // does nothing any more
	fmt.Println(w.Close())
	// Output: the model has no ratings
}

// One type of several in a file: sections have a prefix, and those that nobody wants are skipped.
func ExampleReader_Peek() {
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	for _, part := range []string{"popular", "als"} {
		in := w.Within("part/" + part + "/")
		in.Section(part, 1)
		in.Uint32(uint32(len(part)))
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := codec.NewReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	for {
		name, ok := r.Peek()
		if !ok {
			break
		}
		if name != "part/als/als" {
			r.Skip()
			continue
		}
		als := r.Within("part/als/")
		version := als.Section("als", 1)
		fmt.Println(name, version, als.Uint32())
	}
	fmt.Println(r.Close())
	// Output:
	// part/als/als 1 3
	// <nil>
}

// A slice is read to where it has to be, of exactly so many elements.
func ExampleReader_Float32sInto() {
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	w.Section("vector", 1)
	w.Float32s([]float32{1, 2, 3})
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	r.Section("vector", 1)
	var vector [3]float32
	r.Float32sInto(vector[:])
	fmt.Println(vector, r.Close())
	// Output: [1 2 3] <nil>
}

// A table of strings is put without a slice of them.
func ExampleWriter_Strings() {
	var file bytes.Buffer
	w := codec.NewWriter(&file)
	w.Section("names", 1)
	w.Strings(3, func(i int) string { return fmt.Sprint("item-", i) })
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := codec.NewReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	r.Section("names", 1)
	fmt.Println(r.Strings(), r.Close())
	// Output: [item-0 item-1 item-2] <nil>
}
