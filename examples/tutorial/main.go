// Tutorial is the program of docs/tutorial.md: from two files of ratings to an experiment that says which variant won.
//
//	tutorial -make DIR         makes small files of the form of MovieLens 100k in DIR
//	tutorial [-store DIR] DIR  takes the tour over the files in DIR; the store is a temporary one without -store
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tutorial:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, progress io.Writer, args []string) error {
	flags := flag.NewFlagSet("tutorial", flag.ContinueOnError)
	sample := flags.Bool("make", false, "make small files in DIR instead of reading those that are there")
	dir := flags.String("store", "", "an empty `directory` for the store, which stays; a temporary one without it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("use: tutorial [-make | -store DIR] DIR")
	}
	data := flags.Arg(0)
	if *sample {
		return makeSample(data)
	}
	if *dir == "" {
		temporary, err := os.MkdirTemp("", "gold-tutorial-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		*dir = temporary
	}
	if there, err := os.ReadDir(*dir); err == nil && len(there) > 0 {
		return fmt.Errorf("%s is not empty: the tour begins with a new store", *dir)
	}
	return tour(ctx, out, progress, data, *dir)
}
