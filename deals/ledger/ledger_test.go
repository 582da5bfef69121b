package ledger_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/goldrec/gold/deals"
	"github.com/goldrec/gold/deals/dealstest"
	"github.com/goldrec/gold/deals/ledger"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	dealstest.Run(t, dealstest.Suite{Open: func(testing.TB) deals.Ledger { return ledger.NewMemory(ledger.Options{}) }})
}

func TestDisk(t *testing.T) {
	t.Parallel()
	var dirs sync.Map
	r := rand.New(rand.NewPCG(3, 0))
	open := func(t testing.TB, dir string) deals.Ledger {
		l, err := ledger.Open(dir, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		dirs.Store(l, dir)
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	dealstest.Run(t, dealstest.Suite{
		Calls: 8000,
		Open:  func(t testing.TB) deals.Ledger { return open(t, t.TempDir()) },
		Crash: func(t testing.TB, l deals.Ledger) deals.Ledger {
			if err := l.(*ledger.Disk).Kill(r); err != nil {
				t.Fatal(err)
			}
			dir, _ := dirs.Load(l)
			return open(t, dir.(string))
		},
	})
}
