package recommend

import (
	"context"
	"io"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/internal/codec"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
	"github.com/goldrec/gold/store"
)

const (
	fileKind    = "engine"
	fileVersion = 1
)

// checkpoint is what the engine knew of the log when it trained a model. It is saved with the model, so that Open reads
// only what came after.
type checkpoint struct {
	position store.Position // the newest entry it covers
	time     int64          // as of which the scores are decayed, Unix seconds
	items    []string       // of the catalogue, by handle
	trending []float32      // their trending scores
}

// newCheckpoint takes the counters as they were after the entry at position: of all items, or of those that count.
func newCheckpoint(counters *popular.Counters, cat *catalog.Catalog, all bool, position store.Position, newest int64,
) checkpoint {
	c := checkpoint{position: position, time: newest}
	for handle := range uint32(cat.Handles()) {
		if score := max(0, counters.Score(handle)); score > 0 || all {
			c.items = append(c.items, cat.ID(handle))
			c.trending = append(c.trending, score)
		}
	}
	return c
}

// restore fills counters and, when the catalogue is the engine's own, the catalogue.
func (e *Engine) restore(c checkpoint) {
	for i, id := range c.items {
		if item, known := e.item(id); known {
			e.trending.Add(item, c.trending[i], c.time)
		}
	}
}

// writeFile writes a checkpoint and the model after it.
func writeFile(w io.Writer, c checkpoint, m model.Model) error {
	out := codec.NewWriter(w, fileKind, fileVersion)
	out.Uint64(uint64(c.position))
	out.Uint64(uint64(c.time))
	out.Strings(len(c.items), func(i int) string { return c.items[i] })
	out.Float32s(c.trending)
	out.Nested(m.Save)
	return out.Close()
}

// readFile reads what writeFile wrote.
func readFile(r io.Reader, trainer model.Trainer) (c checkpoint, m model.Model, err error) {
	in, err := codec.NewReader(r, fileKind, fileVersion)
	if err != nil {
		return c, nil, err
	}
	c.position = store.Position(in.Uint64())
	c.time = int64(in.Uint64())
	c.items, c.trending = in.Strings(), in.Float32s()
	if len(c.items) != len(c.trending) {
		in.Fail("items without scores")
	}
	in.Nested(func(r io.Reader) (err error) {
		m, err = trainer.Load(r)
		return err
	})
	return c, m, in.Close()
}

// catchUp counts what the log holds after the checkpoint.
func (e *Engine) catchUp(ctx context.Context, since store.Position) error {
	for entry, err := range e.store.Scan(ctx, since) {
		if err != nil {
			return err
		}
		e.count(&entry.Interaction)
	}
	return nil
}
