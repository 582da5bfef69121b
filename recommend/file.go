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

// writeFile writes a generation, of which items are the first so many handles, and the counters as of its place.
func (e *Engine) writeFile(w io.Writer, g *generation, items int, trending *source.Counters) error {
	out := codec.NewWriter(w)
	report, err := json.Marshal(g.report)
	if err != nil {
		return err
	}
	out.Section(engineSection, engineVersion)
	out.String(g.place.String())
	out.String(g.forgotten.String())
	out.Bytes(report)
	out.Section(itemsSection, 1)
	out.Strings(items, func(i int) string { return e.items.ID(uint32(i)) })
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
	place, forgotten, report := in.String(), in.String(), in.Bytes()
	if err := errors.Join(in.Err(), c.place.UnmarshalText([]byte(place)), c.forgotten.UnmarshalText([]byte(forgotten)),
		json.Unmarshal(report, &c.report)); err != nil {
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
	return newGeneration(parts, weights, c, e.policies)
}

// handles gives every stored item its present handle.
func (e *Engine) handles(in *codec.Reader) ([]uint32, error) {
	stored := in.Strings()
	at, taken := make([]uint32, len(stored)), make(map[uint32]bool)
	for i, id := range stored {
		h, known := e.item(id)
		if at[i] = h; !known {
			at[i] = model.NoItem
		} else if h != uint32(i) || len(taken) > 0 { // only where handles have moved can two be equal
			if taken[h] {
				return nil, fmt.Errorf("%w: item %q is there twice", codec.ErrCorrupt, clip(id))
			}
			taken[h] = true
		}
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
func (e *Engine) save(ctx context.Context, g *generation, items int, trending *source.Counters) (uint64, error) {
	r, w := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() { w.CloseWithError(e.writeFile(w, g, items, trending)) }) // nil becomes io.EOF
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

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// sized is a reader that knows how many bytes it has.
type sized struct {
	io.Reader
	size int64
}

func (s sized) Size() int64 { return s.size }
