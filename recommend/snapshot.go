package recommend

import (
	"context"
	"iter"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/source"
	"github.com/goldrec/gold/store"
)

// snapshot is what training sees of the log.
type snapshot struct {
	data         *model.Dataset
	interactions int
	place        store.Place      // behind the last entry
	forgotten    store.Place      // where somebody was forgotten last, of those who are not in it
	trending     *source.Counters // as of place
	had          []bool           // by item, whether somebody has had to do with it; nil when the catalogue is not the engine's own
	fresh        map[string]int   // by user, how many interactions there are that the models in service have not seen
}

// snapshot reads the log up to its present end, twice: the second time into place.
func (e *Engine) snapshot(ctx context.Context, before *generation) (*snapshot, error) {
	end, err := e.store.End(ctx)
	if err != nil {
		return nil, err
	}
	s := &snapshot{place: end, fresh: map[string]int{}}
	if e.open {
		s.had = []bool{}
	}
	s.trending, err = source.NewCounters(source.CountersOptions{HalfLifeDays: e.opts.HalfLifeDays, ItemsMax: e.opts.ItemsMax})
	if err != nil {
		return nil, err
	}
	if s.data, err = model.Collect(e.items, e.content, e.rows(ctx, end, s, before)); err != nil {
		return nil, err
	}
	trimmed, err := e.store.Trimmed(ctx)
	s.forgotten = furthest(furthest(s.forgotten, trimmed), e.forgets.since())
	return s, err
}

func (e *Engine) content(item uint32) *catalog.Item { return e.catalog.Item(item) }

// rows yields what training looks at, of the entries up to end. What is counted on the way is counted in the first run.
func (e *Engine) rows(ctx context.Context, end store.Place, s *snapshot, before *generation) iter.Seq2[model.Row, error] {
	impressions := e.wantImpressions()
	runs := 0
	return func(yield func(model.Row, error) bool) {
		runs++
		for entry, err := range e.store.Scan(ctx, store.Place{}) {
			if err != nil {
				yield(model.Row{}, err)
				return
			}
			if entry.Position > end.At(entry.Partition) {
				continue // what arrives while we read is for the next training
			}
			if entry.Fact == store.Forgotten { // of which this engine may not have heard yet
				s.forgotten = s.forgotten.With(entry.Partition, entry.Position)
			}
			if entry.Fact != store.Interacted {
				continue
			}
			in := &entry.Interaction
			item, known := e.item(in.Item)
			if !known {
				continue
			}
			weight := e.weights.of(in)
			if runs == 1 && e.open {
				s.had = append(s.had, make([]bool, max(0, int(item)+1-len(s.had)))...)
				s.had[item] = true
			}
			if runs == 1 {
				e.tally(s, &entry, item, weight, before)
			}
			if weight == 0 && !(impressions && in.Kind == store.Impression) {
				continue
			}
			row := model.Row{User: in.User, Event: model.Event{
				Time: in.Time.Unix(), Item: item, Weight: weight, Session: model.SessionOf(in.Session), Kind: in.Kind,
			}}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// tally counts an entry.
func (e *Engine) tally(s *snapshot, entry *store.Entry, item uint32, weight float32, before *generation) {
	in := &entry.Interaction
	s.interactions++
	if counts(in, weight) {
		s.trending.Add(item, weight, in.Time.Unix(), e.now().Unix())
	}
	if weight != 0 && (before == nil || entry.Position > before.place.At(entry.Partition)) {
		s.fresh[in.User]++
	}
}

// wantImpressions reports whether a trainer learns from them; they are many, and for others not held in memory.
func (e *Engine) wantImpressions() bool {
	for _, t := range e.opts.Trainers {
		if l, ok := t.(model.ImpressionLearner); ok && l.Impressions() {
			return true
		}
	}
	return false
}
