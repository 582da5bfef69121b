package ledger

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// A table is a map, also where hashes are alike, and it does not grow with what comes and goes.
func TestTable(t *testing.T) {
	t.Parallel()
	const seed = 1
	r := rand.New(rand.NewPCG(seed, 0))
	var table table[claim, *claim]
	want := map[string]*claim{}
	for n := range 50_000 {
		name := fmt.Sprint(r.IntN(200))
		hash := uint64(len(name)) << 16 * uint64(1+name[0]%4) // few, and long runs
		got, at := table.find(hash, name)
		if got != want[name] {
			t.Fatalf("seed %d, %d: %q is %v, want %v", seed, n, name, got, want[name])
		}
		switch {
		case got != nil && r.IntN(2) == 0:
			table.remove(hash, name)
			delete(want, name)
		case got == nil:
			want[name] = &claim{id: name}
			table.enter(hash, want[name], at)
		}
		table.remove(hash, "none")
		if table.n != len(want) {
			t.Fatalf("seed %d, %d: %d entries, want %d", seed, n, table.n, len(want))
		}
	}
	if len(table.slots) > 512 {
		t.Errorf("%d slots", len(table.slots))
	}
}
