package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/hnsw"
	"github.com/goldrec/gold/ann"
	"github.com/goldrec/gold/ann/anntest"
	"golang.org/x/sys/unix"
)

// built is a child's first line of output.
type built struct {
	BuildSeconds float64 `json:"build_seconds"` // CPU time of one thread
	Bytes        int64   `json:"bytes"`         // that its memory grew by
	N            int     `json:"n"`
}

// answer is a child's answer to "search EF" and, with QPS alone, to "all EF".
type answer struct {
	Seconds []float64  `json:"seconds"` // CPU time of each query, or of all divided by their number
	IDs     [][]uint32 `json:"ids"`
	QPS     float64    `json:"qps"`
}

// searcher appends to dst the keys of the nearest to query.
type searcher func(dst []uint32, query []float32, ef int) []uint32

// writer changes an engine while others search: it stores vector i anew.
type writer func(i int)

// serve is a child process for the engines written in Go.
func serve(in io.Reader, out io.Writer) error {
	runtime.LockOSThread()
	lines := bufio.NewScanner(in)
	if !lines.Scan() {
		return errors.New("no configuration")
	}
	var c config
	if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
		return err
	}
	base, err := readFloats(c.Base)
	if err != nil {
		return err
	}
	query, err := readFloats(c.Query)
	if err != nil {
		return err
	}
	before := resident()
	start := threadTime()
	search, write, err := buildEngine(c, base)
	if err != nil {
		return err
	}
	b := built{BuildSeconds: threadTime() - start, N: base.len()}
	b.Bytes = resident() - before
	reply := json.NewEncoder(out)
	if err := reply.Encode(b); err != nil {
		return err
	}
	for lines.Scan() {
		var what string
		var ef int
		if _, err := fmt.Sscan(lines.Text(), &what, &ef); err != nil {
			return err
		}
		a := answer{}
		if what == "all" {
			a.QPS = onAll(search, query, ef)
		} else {
			stop := func() {}
			if c.Writer {
				stop = writing(write, base.len())
			}
			a = onOne(search, query, ef)
			stop()
		}
		if err := reply.Encode(a); err != nil {
			return err
		}
	}
	runtime.KeepAlive(base)
	return lines.Err()
}

// writing stores vectors anew, one after the other and as fast as that goes, until it is told to stop.
func writing(write writer, n int) (stop func()) {
	var wg sync.WaitGroup
	var done atomic.Bool
	wg.Go(func() {
		for i := 0; !done.Load(); i = (i + 7919) % n {
			write(i)
		}
	})
	return func() {
		done.Store(true)
		wg.Wait()
	}
}

func onOne(search searcher, query vectors, ef int) answer {
	var a answer
	for i := range query.len() {
		start := threadTime()
		ids := search(nil, query.row(i), ef)
		a.Seconds = append(a.Seconds, threadTime()-start)
		a.IDs = append(a.IDs, ids)
	}
	return a
}

// onAll is the queries a second of all processors together, by the wall clock.
func onAll(search searcher, query vectors, ef int) float64 {
	var wg sync.WaitGroup
	start := time.Now()
	workers := runtime.GOMAXPROCS(0)
	for range workers {
		wg.Go(func() {
			var dst []uint32
			for i := range query.len() {
				dst = search(dst[:0], query.row(i), ef)
			}
		})
	}
	wg.Wait()
	return float64(workers*query.len()) / time.Since(start).Seconds()
}

func buildEngine(c config, base vectors) (searcher, writer, error) {
	m, err := metricOf(c.Metric)
	if err != nil {
		return nil, nil, err
	}
	switch c.Engine {
	case "gold":
		storage, ok := map[string]ann.Storage{"f32": ann.Float32, "int8": ann.Quantized}[c.Storage]
		if !ok {
			return nil, nil, fmt.Errorf("no storage %q", c.Storage)
		}
		ix, err := ann.NewHNSW(ann.Options{Dim: base.dim, Metric: m, Storage: storage, M: c.M, EfConstruction: c.EfC, Seed: c.Seed, Workers: 1})
		if err != nil {
			return nil, nil, err
		}
		return goldEngine(c, base, ix)
	case "flat":
		ix, err := ann.NewFlat(base.dim, m)
		if err != nil {
			return nil, nil, err
		}
		return goldEngine(c, base, ix)
	case "coder":
		search, err := coderEngine(c, base, m)
		return search, nil, err
	}
	return nil, nil, fmt.Errorf("no engine %q", c.Engine)
}

func goldEngine(c config, base vectors, ix ann.Index) (searcher, writer, error) {
	keys := sequence(base.len())
	h := anntest.Hard{Dim: base.dim, Keys: keys, Base: base.data, Batch: c.Batch}
	if c.Before != "" {
		before, err := readFloats(c.Before)
		if err != nil {
			return nil, nil, err
		}
		h.Before = before.data
	}
	if err := h.Fill(context.Background(), ix); err != nil {
		return nil, nil, err
	}
	if n := int(c.DeleteFrac * float64(len(keys))); n > 0 {
		step := max(1, len(keys)/n)
		var again []uint32
		var rows []float32
		for i := 0; i < len(keys); i += step {
			ix.Delete(keys[i])
			again, rows = append(again, keys[i]), append(rows, base.row(i)...)
		}
		if err := ix.AddBatch(context.Background(), again, rows); err != nil {
			return nil, nil, err
		}
	}
	filter := allowed(&c, base.len())
	var pool sync.Pool
	search := func(dst []uint32, query []float32, ef int) []uint32 {
		room, _ := pool.Get().(*[]ann.Result)
		if room == nil {
			room = new([]ann.Result)
		}
		*room, _ = ix.Search((*room)[:0], query, c.K, ann.SearchOptions{Ef: ef, Filter: filter})
		for _, r := range *room {
			dst = append(dst, r.Key)
		}
		pool.Put(room)
		return dst
	}
	return search, func(i int) { ix.Add(keys[i], base.row(i)) }, nil
}

func coderEngine(c config, base vectors, m ann.Metric) (searcher, error) {
	g := hnsw.NewGraph[uint32]()
	g.M, g.EfSearch = c.M, c.EfC
	g.Distance = map[ann.Metric]hnsw.DistanceFunc{
		ann.Cosine: hnsw.CosineDistance,
		ann.L2:     hnsw.EuclideanDistance,
		ann.InnerProduct: func(a, b []float32) float32 {
			var s float32
			for i, v := range a {
				s += v * b[i]
			}
			return -s
		},
	}[m]
	for i := range base.len() {
		g.Add(hnsw.MakeNode(uint32(i), base.row(i)))
	}
	return func(dst []uint32, query []float32, ef int) []uint32 {
		g.EfSearch = ef
		for _, n := range g.Search(query, c.K) {
			dst = append(dst, n.Key)
		}
		return dst
	}, nil
}

// threadTime is the CPU time of this thread in seconds.
func threadTime() float64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return math.NaN()
	}
	return float64(t.Nano()) / 1e9
}

// resident is the memory of this process in bytes, garbage given back.
func resident() int64 {
	runtime.GC()
	debug.FreeOSMemory()
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
