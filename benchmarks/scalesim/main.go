// Scalesim says how many machines a shop takes: measured costs of gold, and queues that are simulated with them.
//
//	go run ./scalesim                             # 10 million users a day, 100 million products
//	go run ./scalesim -items 1e6 -lists 10000 -interactions 5000 -users 1e6
//	go run ./scalesim -costs own.json             # with figures of your own machines, of the form of costs.json
//
// A replica is a queue of as many servers as cores, whose requests are what visits of shoppers make of them (visit.go); a database is a
// queue whose writers commit what waits in groups (queue.go). Replicas are added until the slowest of a hundred requests is fast
// enough while one zone is away. ../../docs/scale.md tells what it says.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "scalesim:", err)
		os.Exit(1)
	}
}

func run(args []string, w io.Writer) error {
	d, m := demand{}, machine{}
	var costFile string
	var growth float64
	var seed uint64
	flags := flag.NewFlagSet("scalesim", flag.ContinueOnError)
	flags.Float64Var(&d.users, "users", 10e6, "users a day")
	flags.Float64Var(&d.items, "items", 100e6, "products")
	flags.Float64Var(&d.lists, "lists", 100_000, "recommendation lists a second, at the peak")
	flags.Float64Var(&d.interactions, "interactions", 50_000, "interactions a second, at the peak")
	flags.Float64Var(&d.busy, "busy", 35_000, "how many seconds at the peak make a day's interactions")
	flags.Float64Var(&d.retention, "retention", 30, "days of interactions that models are trained on")
	flags.Float64Var(&d.visitFrac, "visiting", .02, "share of a day's users who are in a visit at the peak")
	flags.IntVar(&m.cores, "cores", 16, "of a replica")
	flags.Float64Var(&m.gib, "memory", 64, "GiB of a replica")
	flags.IntVar(&m.zones, "zones", 3, "zones, of which one may be away")
	flags.Float64Var(&m.p99, "p99", 5, "ms that a request may take in a replica, and an interaction until it is durable, at p99")
	flags.IntVar(&m.most, "most", 3000, "replicas at most")
	flags.IntVar(&m.dbCores, "db-cores", 16, "of a database")
	flags.Float64Var(&m.dbTiB, "db-disk", 8, "TiB of a database")
	flags.BoolVar(&m.sticky, "sticky", true, "users come back to the same replica")
	flags.Float64Var(&growth, "growth", 1.2, "by which everything grows a month")
	flags.StringVar(&costFile, "costs", "", "file of other costs")
	flags.Uint64Var(&seed, "seed", 1, "of the simulation")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, x := range []float64{d.users, d.items, d.lists, d.interactions, d.busy, d.retention, d.visitFrac, m.gib, m.p99, m.dbTiB, growth - 1} {
		if !(x > 0) {
			return fmt.Errorf("numbers must be above 0, and -growth above 1: %v", args)
		}
	}
	if m.cores < 1 || m.dbCores < 1 || m.zones < 2 {
		return fmt.Errorf("-cores and -db-cores are at least 1, -zones 2")
	}
	c, err := readCosts(costFile)
	if err != nil {
		return err
	}
	if least := 2.1 * c.of("commit") / 1e3; m.p99 < least {
		return fmt.Errorf("-p99 %v: what waits for one commit and takes part in the next is there for up to %v ms", m.p99, least)
	}
	return report(w, d, c, m, growth, seed)
}

func report(w io.Writer, d demand, c costs, m machine, growth float64, seed uint64) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "month\tlists/s\treplicas\tbusy\tp99 ms\tfollowing\tGiB each\tdatabases\tbusy\tcommit p99 ms\tlog GiB/day\ttraining GiB\ttraining h")
	var now plan
	by := 1.0
	for month := range 13 {
		if month%3 == 0 {
			p, ok := d.grown(by).plan(c, m, seed)
			if month == 0 {
				now = p
			}
			replicas := fmt.Sprint(p.replicas)
			if !ok {
				replicas = "none is enough"
			}
			fmt.Fprintf(out, "%d\t%.0f\t%s\t%.2f\t%.2f\t%.2f\t%.1f\t%d\t%.2f\t%.2f\t%.0f\t%.0f\t%.1f\n", month, d.lists*by, replicas, p.busy, p.p99,
				p.following, p.memory, p.shards, p.dbBusy, p.commitP99, p.stored, p.trainMemory, p.trainHours)
		}
		by *= growth
	}
	fmt.Fprintf(out, "\nof the lists %.0f %% are cached, %.0f %% made of what is kept, %.0f %% after an interaction, %.1f %% the first of a visit\n",
		100*now.lists.cached, 100*now.lists.kept, 100*now.lists.clicked, 100*now.lists.first)
	fmt.Fprintln(out, "\nwhat more machines do not mend\tneeded\tthere is\treached in month\tand then")
	limits := now.limits(m)
	slices.SortStableFunc(limits, func(a, b limit) int { return cmp.Compare(a.months(growth), b.months(growth)) })
	for _, l := range limits {
		fmt.Fprintf(out, "%s\t%.1f %s\t%.1f\t%.1f\t%s\n", l.name, l.need, l.unit, l.have, l.months(growth), l.mends)
	}
	fmt.Fprintln(out)
	if err := out.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "| cost | | from |\n|---|---|---|")
	c.print(w)
	return nil
}
