// Command annbench measures nearest-neighbour engines beside one another: recall@k, queries per second on one thread and on
// all, latencies, build time and memory, one JSON line for each engine, storage and ef.
//
//	annbench -base base.fvecs -query query.fvecs -gt gt.ivecs -metric cosine -engine gold,hnswlib,coder -json
//	annbench -generate 100000x64 -seed 1 -metric ip -storage f32,int8 -plot curves
//
// Every engine runs in a process of its own that has the base vectors in memory before it builds, so that its bytes per
// vector are what its memory grew by. Engines take turns, round after round; the figures are CPU time of the searching
// thread, and the best round counts, since machines are noisy. A rival that is not there is skipped with the reason:
// hnswlib is built by `make -C rivals`, faiss and usearch are Python packages.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// config is what the flags say; a child process gets it as its first line of input.
type config struct {
	Base, Query, Truth string
	Generate           string
	Seed               uint64
	Metric             string
	M, EfC, K          int
	Efs                []int
	Engine, Storage    string
	Selectivity        float64
	Predicate          bool
	Writer             bool
	DeleteFrac         float64
	Before             string // vectors stored first, under the keys of Base
	Batch              int    // vectors stored at a time; 0 is all
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-child" {
		exitOn(serve(os.Stdin, os.Stdout))
		return
	}
	exitOn(run())
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "annbench:", err)
		os.Exit(1)
	}
}

func run() error {
	var c config
	var efs, engines, storages, rivals, plotPath, hard, metrics string
	var rounds int
	var asJSON, writer bool
	flag.StringVar(&c.Base, "base", "", "base vectors, fvecs")
	flag.StringVar(&c.Query, "query", "", "queries, fvecs")
	flag.StringVar(&c.Truth, "gt", "", "the true neighbours of each query, ivecs; computed when empty")
	flag.StringVar(&c.Generate, "generate", "", "NxDIM clustered vectors instead of -base and -query")
	flag.Uint64Var(&c.Seed, "seed", 1, "of -generate and of the graphs")
	flag.StringVar(&c.Metric, "metric", "cosine", "cosine, l2 or ip")
	flag.IntVar(&c.M, "m", 16, "links a vector")
	flag.IntVar(&c.EfC, "efc", 200, "ef while building")
	flag.IntVar(&c.K, "k", 10, "neighbours asked for")
	flag.StringVar(&efs, "ef", "10,16,24,32,48,64,96,128,192,256,384,512", "ef of each search")
	flag.StringVar(&engines, "engine", "gold,hnswlib", "of gold, flat, coder, hnswlib, faiss, usearch")
	flag.StringVar(&storages, "storage", "f32", "of f32 and int8 (ann.Quantized); only gold has others than f32")
	flag.StringVar(&rivals, "rivals", "benchmarks/rivals", "directory of the rivals' programs")
	flag.Float64Var(&c.Selectivity, "filter-selectivity", 0, "search under a random filter that allows this share (gold, flat)")
	flag.BoolVar(&c.Predicate, "filter-func", false, "filter by a predicate instead of a bitmap")
	flag.Float64Var(&c.DeleteFrac, "delete-frac", 0, "delete this share after building and add it again (gold)")
	flag.BoolVar(&writer, "writer", false, "measure gold a second time while a writer stores vectors at full speed")
	flag.IntVar(&rounds, "rounds", 3, "how often each search is measured")
	flag.StringVar(&hard, "hard", "", "print recalls on hard data instead: NAME:N of anntest.HardKinds, or all:N")
	flag.StringVar(&metrics, "metrics", "cosine,l2,ip", "of -hard")
	flag.StringVar(&plotPath, "plot", "", "draw recall against queries per second to this path with .svg and .png added")
	flag.BoolVar(&asJSON, "json", false, "print JSON lines instead of a table")
	flag.Parse()
	for s := range strings.SplitSeq(efs, ",") {
		ef, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("-ef %s: %w", efs, err)
		}
		c.Efs = append(c.Efs, max(ef, c.K))
	}
	if hard != "" {
		return runHard(c, hard, engines, storages, metrics, rivals)
	}
	dir, err := os.MkdirTemp("", "annbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	truth, err := prepare(&c, dir)
	if err != nil {
		return err
	}
	running, err := startAll(c, engines, storages, rivals, writer)
	defer stopAll(running)
	if err != nil {
		return err
	}
	rows, err := measure(running, c, truth, rounds)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if asJSON {
			line, _ := json.Marshal(r)
			fmt.Println(string(line))
		} else {
			fmt.Println(r)
		}
	}
	if !asJSON {
		compare(rows)
	}
	if plotPath != "" {
		return draw(rows, c, plotPath)
	}
	return nil
}
