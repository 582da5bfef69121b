package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// engine is a child process.
type engine struct {
	config
	built
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start starts an engine and waits until it has built.
func start(c config, rivals string) (*engine, error) {
	var cmd *exec.Cmd
	switch c.Engine {
	case "gold", "flat", "coder":
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		cmd = exec.Command(self, "-child")
	case "hnswlib":
		path := filepath.Join(rivals, "hnswlib")
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("%s is not built: run make -C %s", path, rivals)
		}
		cmd = exec.Command(path)
	case "faiss", "usearch":
		cmd = exec.Command("python3", filepath.Join(rivals, "python.py"))
		cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	default:
		return nil, errors.New("no such engine")
	}
	if (c.Selectivity != 0 || c.DeleteFrac != 0) && c.Engine != "gold" && c.Engine != "flat" {
		return nil, errors.New("is measured neither under filters nor after deletes")
	}
	cmd.Stderr = os.Stderr
	e := &engine{config: c, cmd: cmd}
	var err error
	if e.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.out = bufio.NewReaderSize(out, 1<<20)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(e.in).Encode(c); err != nil {
		e.stop()
		return nil, err
	}
	if err := e.read(&e.built); err != nil {
		e.stop()
		return nil, fmt.Errorf("did not build: %w", err)
	}
	return e, nil
}

// startAll starts every engine with every storage it has, and says why one is skipped.
func startAll(c config, engines, storages, rivals string, writer bool) (running []*engine, err error) {
	for name := range strings.SplitSeq(engines, ",") {
		for storage := range strings.SplitSeq(storages, ",") {
			ec := c
			ec.Engine, ec.Storage = name, storage
			if storage != "f32" && name != "gold" {
				continue
			}
			e, err := start(ec, rivals)
			if err != nil {
				fmt.Fprintf(os.Stderr, "annbench: %s %s skipped: %v\n", name, storage, err)
				continue
			}
			running = append(running, e)
			if ec.Writer = writer; !writer || name != "gold" {
				continue
			}
			if e, err = start(ec, rivals); err != nil {
				return running, err
			}
			running = append(running, e)
		}
	}
	return running, nil
}

func stopAll(running []*engine) {
	for _, e := range running {
		e.stop()
	}
}

func (e *engine) stop() {
	e.in.Close()
	e.cmd.Wait()
}

func (e *engine) read(v any) error {
	line, err := e.out.ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, v)
}

func (e *engine) ask(what string, ef int) (answer, error) {
	var a answer
	if _, err := fmt.Fprintf(e.in, "%s %d\n", what, ef); err != nil {
		return a, err
	}
	return a, e.read(&a)
}

// row is a line of output.
type row struct {
	Engine         string  `json:"engine"`
	Storage        string  `json:"storage"`
	Metric         string  `json:"metric"`
	Ef             int     `json:"ef"`
	K              int     `json:"k"`
	Recall         float64 `json:"recall"`
	QPS            float64 `json:"qps_1"`   // of one thread, by its CPU time
	QPSAll         float64 `json:"qps_all"` // of all, by the wall clock
	P50            float64 `json:"p50_us"`
	P99            float64 `json:"p99_us"`
	BuildSeconds   float64 `json:"build_seconds"`
	BytesPerVector float64 `json:"bytes_per_vector"`
	Selectivity    float64 `json:"filter_selectivity,omitzero"`
	DeleteFrac     float64 `json:"delete_frac,omitzero"`
	Writer         bool    `json:"writer,omitzero"` // one stored vectors meanwhile
}

// String is a row of a table.
func (r row) String() string {
	beside := ""
	if r.Writer {
		beside = "  beside a writer"
	}
	return fmt.Sprintf("%-8s %-9s %-6s ef %4d  recall@%d %.4f  %8.0f qps  %8.0f on all  p50 %6.1f µs  p99 %6.1f µs  build %6.1f s  %5.0f B/vector%s",
		r.Engine, r.Storage, r.Metric, r.Ef, r.K, r.Recall, r.QPS, r.QPSAll, r.P50, r.P99, r.BuildSeconds, r.BytesPerVector, beside)
}

// measure lets the engines take turns: for every ef and round each searches all queries once.
func measure(engines []*engine, c config, truth *answers, rounds int) ([]row, error) {
	var rows []row
	for _, e := range engines {
		for _, ef := range c.Efs {
			rows = append(rows, row{
				Engine: e.Engine, Storage: e.Storage, Metric: c.Metric, Ef: ef, K: c.K,
				BuildSeconds: e.BuildSeconds, BytesPerVector: float64(e.Bytes) / float64(max(e.N, 1)),
				P50: math.MaxFloat64, P99: math.MaxFloat64, Selectivity: c.Selectivity, DeleteFrac: c.DeleteFrac, Writer: e.Writer,
			})
		}
	}
	for range rounds {
		for i, ef := range c.Efs {
			for j, e := range engines {
				a, err := e.ask("search", ef)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", e.Engine, err)
				}
				rows[j*len(c.Efs)+i].take(a, truth)
			}
			for j, e := range engines {
				a, err := e.ask("all", ef)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", e.Engine, err)
				}
				r := &rows[j*len(c.Efs)+i]
				r.QPSAll = max(r.QPSAll, a.QPS)
			}
		}
	}
	return rows, nil
}

func (r *row) take(a answer, truth *answers) {
	hits, want := 0, 0
	for i, ids := range a.IDs {
		want += len(truth.ids[i])
		hits += truth.hits(i, ids)
	}
	r.Recall = float64(hits) / float64(max(want, 1))
	var sum float64
	for _, s := range a.Seconds {
		sum += s
	}
	r.QPS = max(r.QPS, float64(len(a.Seconds))/sum)
	slices.Sort(a.Seconds)
	r.P50 = min(r.P50, 1e6*a.Seconds[len(a.Seconds)/2])
	r.P99 = min(r.P99, 1e6*a.Seconds[len(a.Seconds)*99/100])
}

// at is an engine's queries per second at a recall, between the two searches around it; 0 where it does not reach it.
func at(rows []row, engine, storage string, recall float64) float64 {
	var below *row
	for i := range rows {
		r := &rows[i]
		if r.Engine != engine || r.Storage != storage || r.Writer {
			continue
		}
		if r.Recall >= recall {
			if below == nil || r.Recall == below.Recall {
				return r.QPS
			}
			t := (recall - below.Recall) / (r.Recall - below.Recall)
			return math.Exp(math.Log(below.QPS)*(1-t) + math.Log(r.QPS)*t)
		}
		below = r
	}
	return 0
}

// compare prints every engine's speed at three recalls as a multiple of hnswlib's, won or lost.
func compare(rows []row) {
	seen := make(map[[2]string]bool)
	for _, r := range rows {
		id := [2]string{r.Engine, r.Storage}
		if seen[id] {
			continue
		}
		seen[id] = true
		fmt.Printf("%-8s %-9s", r.Engine, r.Storage)
		for _, recall := range []float64{0.90, 0.95, 0.99} {
			mine, theirs := at(rows, r.Engine, r.Storage, recall), at(rows, "hnswlib", "f32", recall)
			switch {
			case mine == 0:
				fmt.Printf("  %.2f: not reached          ", recall)
			case theirs == 0:
				fmt.Printf("  %.2f: %8.0f qps           ", recall, mine)
			default:
				fmt.Printf("  %.2f: %8.0f qps %5.2f times", recall, mine, mine/theirs)
			}
		}
		fmt.Println()
	}
}
