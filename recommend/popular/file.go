package popular

import (
	"fmt"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

const fileVersion = 1

// Save puts the scores by handle into one section; the order is made again by Load.
func (m *Model) Save(w *codec.Writer) {
	w.Section(Name, fileVersion)
	w.Float32s(m.scores)
}

// Load reads what Save put and moves it to the present handles.
func (Trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	r.Section(Name, fileVersion)
	scores := r.Float32s()
	if len(scores) > len(at) {
		r.Fail("scores of %d items, known are %d", len(scores), len(at))
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("popular: load: %w", err)
	}
	if _, same, err := model.Places(at); err != nil {
		return nil, fmt.Errorf("popular: load: %w", err)
	} else if !same {
		scores = moved(scores, at)
	}
	return newModel(scores), nil
}

// moved returns the scores by present handle.
func moved(scores []float32, at []uint32) []float32 {
	size := 0
	for i, s := range scores {
		if s != 0 && at[i] != model.NoItem {
			size = max(size, int(at[i])+1)
		}
	}
	now := make([]float32, size)
	for i, s := range scores {
		if s != 0 && at[i] != model.NoItem {
			now[at[i]] = s
		}
	}
	return now
}
