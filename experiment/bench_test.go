package experiment_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/goldrec/gold/experiment"
)

func BenchmarkHash(b *testing.B) {
	for _, unit := range []string{"user-12345", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"} {
		b.Run(fmt.Sprintf("bytes=%d", len(unit)), func(b *testing.B) {
			sum := uint64(0)
			for b.Loop() {
				sum += experiment.Hash(sum, unit)
			}
		})
	}
}

// BenchmarkExposures records new exposures durably from many goroutines, one each, and known ones.
func BenchmarkExposures(b *testing.B) {
	log, err := experiment.OpenFileLog(filepath.Join(b.TempDir(), "exposures"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	x := experiment.NewExposures(log, experiment.ExposuresOptions{})
	var n atomic.Int64
	b.Run("new/goroutines=128", func(b *testing.B) {
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				e := exposed(fmt.Sprint(n.Add(1)), "a")
				if err := x.Record(b.Context(), e); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		e := exposed("known", "a")
		for b.Loop() {
			if err := x.Record(b.Context(), e); err != nil {
				b.Fatal(err)
			}
		}
	})
}
