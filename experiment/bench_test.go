package experiment_test

import (
	"fmt"
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
