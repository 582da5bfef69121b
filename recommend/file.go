package recommend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/blend"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/source"
)

// A model file has these sections, in this order:
//
//	engine       where in the log it stands, and the report of its training
//	items        the identifiers by handle, once for all that follows
//	trending     the counters as of that place
//	blend        the weights
//	part/NAME/…  what each part puts
const (
	engineSection = "engine"
	engineVersion = 2
	itemsSection  = "items"
	partPrefix    = "part/"
)

// ModelName is the name under which the store keeps the engine's models. Open fails when the current one is damaged;
// store.Models.DeleteModel with this name takes it away.
const ModelName = "recommend"

// errOldFile says that a model was written before files had sections.
var errOldFile = errors.New("recommend: model file of an older form")

const oldMagic = "gold\x00mf\x01"

// writeFile writes a generation, the identifiers of the first so many handles, empty for an item that there is no more, and
// the counters as of its place.
func (e *Engine) writeFile(w io.Writer, g *generation, items int, id func(i int) string, trending *source.Counters) error {
	out := codec.NewWriter(w)
	report, err := json.Marshal(g.report)
	if err != nil {
		return err
	}
	out.Section(engineSection, engineVersion)
	out.String(g.place.String())
	out.String(g.forgotten.String())
	out.String(g.exposed.String())
	out.Bytes(report)
	out.Section(itemsSection, 1)
	out.Strings(items, id)
	trending.Save(out)
	g.weights.Save(out)
	for _, p := range g.parts {
		p.Save(out.Within(partPrefix + p.Name() + "/"))
	}
	return out.Close()
}

// readFile reads a generation and, if wanted, the counters. Parts that no trainer knows are passed over.
func (e *Engine) readFile(r io.Reader, trending *source.Counters) (*generation, error) {
	in, err := codec.NewReader(r)
	if err != nil {
		return nil, err
	}
	var c checkpoint
	in.Section(engineSection, engineVersion)
	place, forgotten, exposed, report := in.String(), in.String(), in.String(), in.Bytes()
	if err := errors.Join(in.Err(), c.place.UnmarshalText([]byte(place)), c.forgotten.UnmarshalText([]byte(forgotten)),
		c.exposed.UnmarshalText([]byte(exposed)), json.Unmarshal(report, &c.report)); err != nil {
		return nil, fmt.Errorf("%w: %w", codec.ErrCorrupt, err)
	}
	in.Section(itemsSection, 1)
	at, err := e.handles(in)
	if err != nil {
		return nil, err
	}
	if trending != nil {
		err = trending.Load(in, at)
	} else {
		in.Skip()
	}
	if err != nil {
		return nil, err
	}
	weights, err := blend.Load(in)
	if err != nil {
		return nil, err
	}
	parts, err := e.readParts(in, at)
	if err == nil {
		err = in.Close()
	}
	if err != nil {
		return nil, err
	}
	g, err := newGeneration(parts, weights, c, e.policies)
	if err == nil && e.open {
		g.had = had(at)
	}
	return g, err
}

// had marks the handles that items of a file have now.
func had(at []uint32) []bool {
	size, _, _ := model.Places(at) // which was looked at before
	had := make([]bool, size)
	for _, h := range at {
		if h != model.NoItem {
			had[h] = true
		}
	}
	return had
}

// handles gives every stored item its present handle.
func (e *Engine) handles(in *codec.Reader) ([]uint32, error) {
	stored := in.Strings()
	at := make([]uint32, len(stored))
	for i, id := range stored {
		h, known := e.item(id)
		if at[i] = h; !known {
			at[i] = model.NoItem
		}
	}
	if _, _, err := model.Places(at); err != nil {
		return nil, err
	}
	return at, in.Err()
}

func (e *Engine) readParts(in *codec.Reader, at []uint32) (parts []model.Model, err error) {
	for {
		section, ok := in.Peek()
		if !ok {
			return parts, in.Err()
		}
		name, _, ok := strings.Cut(strings.TrimPrefix(section, partPrefix), "/")
		if !ok || !strings.HasPrefix(section, partPrefix) {
			return nil, fmt.Errorf("%w: section %q", codec.ErrCorrupt, section)
		}
		t := e.trainer(name)
		if t == nil {
			in.Skip()
			continue
		}
		p, err := t.Load(in.Within(partPrefix+name+"/"), at)
		if err == nil {
			err = in.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("part %q: %w", name, err)
		}
		parts = append(parts, p)
	}
}

func (e *Engine) trainer(name string) model.Trainer {
	for _, t := range e.opts.Trainers {
		if t.Name() == name {
			return t
		}
	}
	return nil
}

// save streams a generation into the store and returns its version.
func (e *Engine) save(ctx context.Context, g *generation, snap *snapshot) (uint64, error) {
	id := func(i int) string {
		if g.had != nil && (i >= len(g.had) || !g.had[i]) {
			return ""
		}
		return e.items.ID(uint32(i))
	}
	r, w := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() { w.CloseWithError(e.writeFile(w, g, snap.data.ItemCount(), id, snap.trending)) }) // nil becomes io.EOF
	version, err := e.store.PutModel(ctx, ModelName, r)
	r.CloseWithError(err) // frees the writer when the store stopped early
	wg.Wait()
	return version, err
}

// load reads a version from the store.
func (e *Engine) load(ctx context.Context, version uint64, trending *source.Counters) (*generation, error) {
	r, version, err := e.store.OpenModel(ctx, ModelName, version)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	g, err := e.readFile(newestForm(r), trending)
	if err != nil {
		return nil, fmt.Errorf("load model version %d: %w", version, err)
	}
	g.version, g.report.Version = version, version
	return g, nil
}

// newestForm is a reader of a model file that ends with errOldFile when the file is of the form before.
func newestForm(r io.Reader) io.Reader {
	head := make([]byte, len(oldMagic))
	n, err := io.ReadFull(r, head)
	size := int64(-1)
	if s, ok := r.(interface{ Size() int64 }); ok {
		size = s.Size()
	}
	rest := io.MultiReader(strings.NewReader(string(head[:n])), r)
	switch {
	case err == nil && string(head) == oldMagic:
		return failing{errOldFile}
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return failing{err}
	case size < 0:
		return rest
	}
	return sized{rest, size}
}

// loadTrending reads the counters of a version alone.
func (e *Engine) loadTrending(ctx context.Context, version uint64, trending *source.Counters) error {
	r, _, err := e.store.OpenModel(ctx, ModelName, version)
	if err != nil {
		return err
	}
	defer r.Close()
	in, err := codec.NewReader(newestForm(r))
	if err != nil {
		return err
	}
	in.Skip() // what the engine says
	in.Section(itemsSection, 1)
	at, err := e.handles(in)
	if err != nil {
		return err
	}
	return trending.Load(in, at)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// sized is a reader that knows how many bytes it has.
type sized struct {
	io.Reader
	size int64
}

func (s sized) Size() int64 { return s.size }
