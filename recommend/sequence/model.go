package sequence

import (
	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/internal/sparse"
	"github.com/goldrec/gold/recommend/internal/links"
	"github.com/goldrec/gold/recommend/model"
)

// Model knows what follows what: immutable and safe for concurrent use. It answers for what a user did a moment ago like
// for anything else: only the history counts.
type Model struct {
	links.Model
	recency float64
}

// historyMax is how many events are looked at for steps, the newest.
const historyMax = 1000

func newModel(t *links.Table, recency float64) *Model {
	weights := links.Fading(recency)
	say := func(dst []sparse.Entry, t *links.Table, history []model.Event) []sparse.Entry {
		dst = appendSteps(dst, model.Recent(history, historyMax), t.Row)
		dst = dst[max(0, len(dst)-len(weights)):]
		for i := range dst {
			dst[i].Value *= weights[len(dst)-1-i]
		}
		return dst
	}
	return &Model{links.NewModel(Name, t, say), recency}
}

// Save puts how soon steps fade, and the transitions.
func (m *Model) Save(w *codec.Writer) { links.PutFading(w, m.Model, m.recency) }

// Load reads what Save put. The trainer's fields do not matter.
func (t Trainer) Load(r *codec.Reader, at []uint32) (model.Model, error) {
	table, recency, err := links.GetFading(r, at, Name, recencyMax)
	if err != nil {
		return nil, err
	}
	return newModel(table, recency), nil
}
