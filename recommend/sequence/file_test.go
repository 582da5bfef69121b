package sequence_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/sequence"
)

// TestForged loads files that say how soon steps fade as no training would.
func TestForged(t *testing.T) {
	t.Parallel()
	for recency, sound := range map[float64]bool{2: true, 100: true, 0: false, -1: false, 101: false, 1e300: false} {
		var file bytes.Buffer
		w := codec.NewWriter(&file)
		w.Section("sequence", 1)
		w.Float64(recency)
		w.Uint32s([]uint32{0})
		w.Uint32s([]uint32{0})
		w.Uint32s(nil)
		w.Float32s(nil)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := codec.NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (sequence.Trainer{}).Load(r, []uint32{0}); (err == nil) != sound || !sound && !errors.Is(err, model.ErrCorrupt) {
			t.Errorf("a recency of %v steps: %v", recency, err)
		}
	}
}
