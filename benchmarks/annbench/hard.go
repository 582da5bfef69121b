package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goldrec/gold/ann/anntest"
)

// hardQueries is how many queries are asked of each kind of hard data.
const hardQueries = 200

// runHard prints a table of the recall of every engine on kinds of hard data, NAME:N or all:N, and by every metric, at
// every ef, with the queries a second of the last ef in thousands.
func runHard(c config, what, engines, storages, metrics, rivals string) error {
	name, size, _ := strings.Cut(what, ":")
	n, err := strconv.Atoi(size)
	if err != nil || n < 1 {
		return fmt.Errorf("-hard %s is not NAME:N", what)
	}
	kinds := []string{name}
	if name == "all" {
		kinds = anntest.HardKinds()
	}
	for _, kind := range kinds {
		for metric := range strings.SplitSeq(metrics, ",") {
			c.Metric = metric
			if err := hardRow(c, anntest.NewHard(kind, n, hardQueries, c.Seed), engines, storages, rivals); err != nil {
				return err
			}
		}
	}
	return nil
}

func hardRow(c config, h anntest.Hard, engines, storages, rivals string) error {
	dir, err := os.MkdirTemp("", "annbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c.Base, c.Query, c.Batch = filepath.Join(dir, "base.fvecs"), filepath.Join(dir, "query.fvecs"), h.Batch
	err = errors.Join(writeFloats(c.Base, vectors{h.Dim, h.Base}), writeFloats(c.Query, vectors{h.Dim, h.Queries}))
	if h.Before != nil {
		c.Before = filepath.Join(dir, "before.fvecs")
		err = errors.Join(err, writeFloats(c.Before, vectors{h.Dim, h.Before}))
	}
	if err != nil {
		return err
	}
	truth, err := prepare(&c, dir)
	if err != nil {
		return err
	}
	running, err := startAll(c, engines, storages, rivals, false)
	defer stopAll(running)
	if err != nil {
		return err
	}
	rows, err := measure(running, c, truth, 1)
	if err != nil {
		return err
	}
	fmt.Printf("| %s, %s |", h.Name, c.Metric)
	for i := 0; i < len(rows); i += len(c.Efs) {
		fmt.Printf(" %s %s", rows[i].Engine, rows[i].Storage)
		for j := range c.Efs {
			fmt.Printf(" %.3f", rows[i+j].Recall)
		}
		fmt.Printf(" (%.0fk) |", rows[i+len(c.Efs)-1].QPS/1000)
	}
	fmt.Println()
	return nil
}
