//go:build !race

package als_test // the race detector has pools forget

import (
	"testing"

	"github.com/goldrec/gold/recommend/model"
)

// TestProposeAllocates wants a look at all items, and one at a shortlist, to allocate nothing.
func TestProposeAllocates(t *testing.T) {
	d, m, _ := coded(t)
	user := &model.User{History: d.History(5)}
	user.Vector = m.Embed(nil, user.History, 0)
	var listed []uint32
	for i := range uint32(2000) {
		listed = append(listed, i)
	}
	dst, short := m.Propose(nil, user, 32, nil, model.Quick), m.Shortlist(listed)
	best := short.Best(nil, user, 32, nil)
	if n := testing.AllocsPerRun(100, func() { best = short.Best(best[:0], user, 32, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { dst = m.Propose(dst[:0], user, 32, nil, model.Quick) }); n != 0 {
		t.Errorf("%v allocations of a proposal", n)
	}
}
