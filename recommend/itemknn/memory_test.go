package itemknn_test

import (
	"fmt"
	"testing"

	"github.com/goldrec/gold/internal/heaptest"
	"github.com/goldrec/gold/recommend/internal/links/linkstest"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
)

// TestTrainingMemory holds training to 24 bytes an interaction besides the data, or two and a half times the model, whichever
// is more: the one while it counts, the other while it turns what it has counted.
func TestTrainingMemory(t *testing.T) {
	for _, tt := range []struct {
		name               string
		users, items, each int
	}{{"many interactions", 20_000, 300, 40}, {"many neighbours", 3_000, 6_000, 25}} {
		t.Run(tt.name, func(t *testing.T) {
			d := linkstest.Shop(tt.users, tt.items, tt.each)
			var m model.Model
			_, kept := heaptest.Kept(func() model.Model { m = train(t, itemknn.Trainer{}, d); return m })
			m = nil
			peak := heaptest.Peak(func() { m = train(t, itemknn.Trainer{}, d) })
			say := fmt.Sprintf("%.1f bytes for each of %d interactions, %.2f of the model's %d", float64(peak)/float64(d.Len()),
				d.Len(), float64(peak)/float64(kept), kept)
			t.Log(say)
			if peak > max(24*d.Len()+kept, kept*5/2) {
				t.Error(say)
			}
		})
	}
}
