package idmap_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/internal/idmap"
)

func TestAgainstPlainMap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var m idmap.Map[int]
		want := map[string]int{}
		for i := range 5000 {
			key := strconv.Itoa(rng.IntN(1 + 100*int(seed)))
			switch rng.IntN(4) {
			case 0:
				v, ok := m.Delete(key)
				if w, had := want[key]; v != w || ok != had {
					t.Fatalf("seed %d: Delete(%q) = %d, %v; want %d, %v", seed, key, v, ok, w, had)
				}
				delete(want, key)
			case 1:
				w, had := want[key]
				if !had {
					w, want[key] = i, i
				}
				if v, loaded := m.GetOrSet(key, i); v != w || loaded != had {
					t.Fatalf("seed %d: GetOrSet(%q) = %d, %v; want %d, %v", seed, key, v, loaded, w, had)
				}
			default:
				m.Set(key, i)
				want[key] = i
			}
			probe := strconv.Itoa(rng.IntN(1 + 100*int(seed)))
			v, ok := m.Get(probe)
			if w, had := want[probe]; v != w || ok != had {
				t.Fatalf("seed %d: Get(%q) = %d, %v; want %d, %v", seed, probe, v, ok, w, had)
			}
		}
		if m.Len() != len(want) {
			t.Errorf("seed %d: Len = %d; want %d", seed, m.Len(), len(want))
		}
		if diff := cmp.Diff(want, maps.Collect(m.All())); diff != "" {
			t.Errorf("seed %d: All (-want +got):\n%s", seed, diff)
		}
	}
}

func TestZeroValue(t *testing.T) {
	t.Parallel()
	var m idmap.Map[*int]
	if v, ok := m.Get(""); ok || v != nil || m.Len() != 0 {
		t.Errorf("empty map: Get = %v, %v, Len = %d", v, ok, m.Len())
	}
	if _, ok := m.Delete("x"); ok {
		t.Error("Delete found a key in an empty map")
	}
	for range m.All() {
		t.Error("All yielded from an empty map")
	}
	m.Set("", new(7))
	if v, ok := m.Get(""); !ok || *v != 7 {
		t.Errorf(`Get("") = %v, %v; want 7`, v, ok)
	}
}

// Each goroutine owns its keys, so that it knows what it must read, and reads the others' keys, whose values name them.
func TestManyGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines, steps, keys = 8, 20_000, 300
	var m idmap.Map[string]
	owned := make([]map[string]string, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(g)))
			mine := map[string]string{}
			owned[g] = mine
			for i := range steps {
				key := fmt.Sprintf("%d/%d", g, rng.IntN(keys))
				switch rng.IntN(3) {
				case 0:
					m.Delete(key)
					delete(mine, key)
				default:
					mine[key] = key + "=" + strconv.Itoa(i)
					m.Set(key, mine[key])
				}
				if v, ok := m.Get(key); v != mine[key] || ok != (mine[key] != "") {
					t.Errorf("Get(%q) = %q, %v; want %q", key, v, ok, mine[key])
					return
				}
				other := fmt.Sprintf("%d/%d", rng.IntN(goroutines), rng.IntN(keys))
				if v, ok := m.Get(other); ok && v[:len(other)+1] != other+"=" {
					t.Errorf("Get(%q) = %q: another key's value", other, v)
					return
				}
			}
		})
	}
	wg.Wait()
	want := map[string]string{}
	for _, mine := range owned {
		maps.Copy(want, mine)
	}
	if diff := cmp.Diff(want, maps.Collect(m.All())); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
}

// A key that stays must be found at every instant, whatever grows and shrinks around it.
func TestStableKeyAlwaysFound(t *testing.T) {
	t.Parallel()
	var m idmap.Map[int]
	m.Set("stays", 1)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if v, ok := m.Get("stays"); !ok || v != 1 {
					t.Errorf("Get = %d, %v", v, ok)
					return
				}
			}
		})
	}
	for range 5 {
		for i := range 5000 {
			m.Set(strconv.Itoa(i), i)
		}
		for i := range 5000 {
			m.Delete(strconv.Itoa(i))
		}
	}
	close(done)
	wg.Wait()
}

func TestGetOrSetGivesOneWinner(t *testing.T) {
	t.Parallel()
	var m idmap.Map[int]
	for round := range 200 {
		key := strconv.Itoa(round)
		got := make([]int, 8)
		var wg sync.WaitGroup
		for g := range got {
			wg.Go(func() { got[g], _ = m.GetOrSet(key, g) })
		}
		wg.Wait()
		for _, v := range got {
			if v != got[0] {
				t.Fatalf("round %d: goroutines got %v", round, got)
			}
		}
	}
}

func TestGetDoesNotAllocate(t *testing.T) {
	var m idmap.Map[*int]
	m.Set("user", new(1))
	if n := testing.AllocsPerRun(100, func() { m.Get("user"); m.Get("nobody") }); n != 0 {
		t.Errorf("Get allocates %v times", n)
	}
}

// BenchmarkGet looks a million keys up in random order, in a Map and in a plain map that nothing may write to. The two
// take turns, a thousand keys each, so that the ratio holds on a machine that others use too.
func BenchmarkGet(b *testing.B) {
	const n, turn = 1_000_000, 1000
	var m idmap.Map[*int]
	plain := make(map[string]*int, n)
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("user-%07d", i)
		v := new(i)
		m.Set(keys[i], v)
		plain[keys[i]] = v
	}
	rng := rand.New(rand.NewPCG(1, 1))
	rng.Shuffle(n, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	var ours, theirs time.Duration
	at, turns := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		begin := time.Now()
		for _, key := range keys[at : at+turn] {
			if _, ok := m.Get(key); !ok {
				b.Fatal("lost")
			}
		}
		middle := time.Now()
		at = (at + turn) % n
		for _, key := range keys[at : at+turn] {
			if _, ok := plain[key]; !ok {
				b.Fatal("lost")
			}
		}
		at = (at + turn) % n
		ours, theirs, turns = ours+middle.Sub(begin), theirs+time.Since(middle), turns+1
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(turns*turn), "idmap-ns/get")
	b.ReportMetric(float64(theirs.Nanoseconds())/float64(turns*turn), "map-ns/get")
	b.ReportMetric(float64(ours)/float64(theirs), "idmap/map")
}

func BenchmarkSet(b *testing.B) {
	b.ReportAllocs()
	keys := make([]string, 1<<20)
	for i := range keys {
		keys[i] = fmt.Sprintf("user-%07d", i)
	}
	var m idmap.Map[int]
	i := 0
	for b.Loop() {
		m.Set(keys[i&(len(keys)-1)], i)
		i++
	}
}
