package model_test

import (
	"math/rand/v2"
	"testing"

	"github.com/goldrec/gold/recommend/model"
	"github.com/google/go-cmp/cmp"
)

func TestAgainstMap(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	var m model.Sums
	for range 50 {
		m.Reset()
		want := map[uint32]float32{}
		var order []uint32
		span := 1 + rng.Uint32N(1<<rng.UintN(31))
		for range rng.IntN(3000) {
			key, v := rng.Uint32N(span), float32(rng.IntN(9)-4)
			if _, ok := want[key]; !ok {
				order = append(order, key)
			}
			want[key] += v
			m.Add(key, v)
		}
		got, gotOrder := map[uint32]float32{}, []uint32(nil)
		for key, v := range m.All() {
			got[key] = v
			gotOrder = append(gotOrder, key)
			if m.Get(key) != v {
				t.Fatalf("Get(%d) = %v, All says %v", key, m.Get(key), v)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(order, gotOrder); diff != "" {
			t.Fatal(diff)
		}
		if m.Len() != len(want) {
			t.Fatalf("Len() = %d of %d", m.Len(), len(want))
		}
		if m.Get(1<<31+5) != 0 {
			t.Fatal("found what was never added")
		}
	}
}

func TestEdges(t *testing.T) {
	t.Parallel()
	var m model.Sums
	if m.Get(0) != 0 || m.Len() != 0 {
		t.Error("the zero value is not empty")
	}
	m.Reset()
	m.Add(^uint32(0)-1, 2)
	if m.Get(^uint32(0)-1) != 2 || m.Get(0) != 0 {
		t.Error("the highest key")
	}
	for range m.All() {
		break
	}
}

func BenchmarkAdd(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	keys := make([]uint32, 10_000)
	for i := range keys {
		keys[i] = uint32(rng.ExpFloat64() * 2000)
	}
	var m model.Sums
	b.ReportAllocs()
	for b.Loop() {
		m.Reset()
		for _, k := range keys {
			m.Add(k, 1)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(keys)), "ns/add")
}
