package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// chapter is a table of docs/accuracy.md: a data set, the figures that are looked at, and rows that are run or were published.
type chapter struct {
	title, needs string // needs: a file of the data set
	keys         []string
	rows         []tableRow
}

type tableRow struct {
	name string
	args string   // of this command; DIR stands for the directory of the data
	told []string // published figures instead of args
}

func chapters() []chapter {
	const (
		gowalla   = "-layout adjacency -train DIR/gowalla/train.txt -test DIR/gowalla/test.txt "
		beauty    = "-unlearned 1 -layout sequence -train DIR/amazon-beauty/Beauty.txt "
		movielens = "-layout triples -train DIR/ml-1m/ratings.csv "
		rocket    = "-layout sessions -train DIR/retailrocket/train_sessions.txt -test DIR/retailrocket/test_prefix_target.txt "
	)
	found, next := []string{"recall@20", "ndcg@20"}, []string{"hr@10", "ndcg@10"}
	return []chapter{
		{"Gowalla, the public split", "gowalla/train.txt", found, []tableRow{
			{name: "`popular`", args: gowalla + "-models popular"},
			{name: "`itemknn`", args: gowalla + "-models itemknn"},
			{name: "`als`", args: gowalla + "-models als"},
			{name: "`linear`, sparse form", args: gowalla + "-models linear"},
			{name: "EASE, published", told: []string{".1765", ".1467"}},
			{name: "`graph`", args: gowalla + "-models graph"},
			{name: "`graph`, walks alone", args: gowalla + "-models graph -param graph.Rank=-1"},
			{name: "GF-CF, published", told: []string{".1849", ".1518"}},
			{name: "blend of als, graph", args: gowalla + "-models blend -blend als,graph"},
			{name: "ChebyCF, published", told: []string{".1941", ".1616"}},
			{name: "NESCL, published", told: []string{".1917", ".1617"}},
		}},
		{"The next item: Beauty, the last of each user", "amazon-beauty/Beauty.txt", next, []tableRow{
			{name: "`sequence`", args: beauty + "-models sequence"},
			{name: "`linear`", args: beauty + "-models linear"},
			{name: "`graph`", args: beauty + "-models graph"},
			{name: "blend of als, itemknn, sequence", args: beauty + "-models blend -blend als,itemknn,sequence"},
			{name: "blend of als, itemknn, linear, sequence", args: beauty + "-models blend -blend als,itemknn,linear,sequence"},
			{name: "SASRec, published", told: []string{".0605", ".0318"}},
			{name: "DuoRec, published", told: []string{".0845", ".0443"}},
			{name: "eSASRec family, published", told: []string{".0928", ".0531"}},
		}},
		{"MovieLens-1M, a fifth of each user's items drawn by seed", "ml-1m/ratings.csv", append(found[:2:2], "ndcg@10"), []tableRow{
			{name: "`itemknn`", args: movielens + "-models itemknn"},
			{name: "`als`", args: movielens + "-models als"},
			{name: "`linear`, exact form", args: movielens + "-models linear"},
			{name: "`graph`", args: movielens + "-models graph"},
			{name: "blend of als, linear", args: movielens + "-models blend -blend als,linear"},
		}},
		{"Visits: Retailrocket, prefix and next", "retailrocket/train_sessions.txt", []string{"recall@20", "mrr@20"}, []tableRow{
			{name: "`itemknn`", args: rocket + "-models itemknn"},
			{name: "`sequence`", args: rocket + "-models sequence"},
			{name: "COTREC, published", told: []string{"about .56", ".30"}},
		}},
	}
}

// tables is the command that makes the tables.
func tables(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("evaluate tables", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("data", os.Getenv("GOLD_DATA"), "`directory` of the data sets; without it that of GOLD_DATA")
	only := flags.String("only", "", "make only tables whose titles match the `regexp`")
	seed := flags.Uint64("seed", 1, "of the splits and of training")
	err := flags.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		err = fmt.Errorf("%w: %w", errUsage, err)
	}
	pattern, bad := regexp.Compile(*only)
	switch {
	case err != nil:
	case bad != nil:
		err = fmt.Errorf("%w: -only: %w", errUsage, bad)
	case *dir == "" || flags.NArg() > 0:
		err = fmt.Errorf("%w: want tables -data DIR", errUsage)
	default:
		err = writeTables(ctx, *dir, pattern, *seed, stdout, stderr)
	}
	return exitCode(err, stderr)
}

func writeTables(ctx context.Context, dir string, only *regexp.Regexp, seed uint64, stdout, stderr io.Writer) error {
	for _, c := range chapters() {
		if !only.MatchString(c.title) {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(c.needs))); err != nil {
			fmt.Fprintf(stderr, "%s: left out, there is no %s\n", c.title, c.needs)
			continue
		}
		fmt.Fprintf(stdout, "## %s\n\n| | %s | fit | peak memory | command: `evaluate` |\n|---|%s---|---|---|\n",
			c.title, strings.Join(c.keys, " | "), strings.Repeat("---|", len(c.keys)))
		for _, r := range c.rows {
			line, err := r.line(ctx, dir, c.keys, seed, stderr)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", c.title, r.name, err)
			}
			fmt.Fprintln(stdout, line)
		}
		fmt.Fprintln(stdout)
	}
	return nil
}

// line makes one row, which takes as long as it takes to train.
func (r tableRow) line(ctx context.Context, dir string, keys []string, seed uint64, stderr io.Writer) (string, error) {
	if r.told != nil {
		return fmt.Sprintf("| %s | %s | | | |", r.name, strings.Join(r.told, " | ")), nil
	}
	args := strings.Fields(r.args)
	for i := range args {
		args[i] = strings.Replace(args[i], "DIR", dir, 1)
	}
	opt, err := parse(append(args, "-seed", fmt.Sprint(seed)), stderr)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := evaluate(ctx, opt, &out, stderr); err != nil {
		return "", err
	}
	var figures map[string]any
	if err := json.NewDecoder(&out).Decode(&figures); err != nil {
		return "", err
	}
	var cells []string
	for _, k := range keys {
		v, ok := figures[k].(float64)
		if !ok {
			return "", fmt.Errorf("no figure %s", k)
		}
		cells = append(cells, strings.TrimPrefix(fmt.Sprintf("%.4f", v), "0"))
	}
	return fmt.Sprintf("| %s | %s | %.1f s | %.0f MiB | `%s` |", r.name, strings.Join(cells, " | "),
		figures["fit_seconds"], figures["peak_rss_bytes"].(float64)/(1<<20), strings.TrimSpace(r.args)), nil
}
