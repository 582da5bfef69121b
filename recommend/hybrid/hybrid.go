// Package hybrid blends models into one: a linear combination of its parts' scores whose weights are learned on a
// held-out slice of the data, separately for short and long histories, since what works for a newcomer is not what works
// for a regular.
//
//	score(user, item) = Σ over parts p of weight[p, length(user)] · score_p(user, item)
//
// The weights maximise nDCG@10 on the slice, found by coordinate ascent over the weights (Metzler and Croft, Linear
// feature-based models for information retrieval, Information Retrieval 10, 2007), which starts from each part alone as
// well, so that on the slice a blend is never worse than its best part. Each part proposes candidates; all of them are
// scored by every part that has a weight.
package hybrid

import (
	"context"
	"fmt"
	"io"
	"math/bits"
	"sync"

	"github.com/goldrec/gold/internal/codec"
	"github.com/goldrec/gold/recommend/als"
	"github.com/goldrec/gold/recommend/content"
	"github.com/goldrec/gold/recommend/itemknn"
	"github.com/goldrec/gold/recommend/model"
	"github.com/goldrec/gold/recommend/popular"
)

// Trainer trains the parts and learns how to blend them. The zero value blends all first models.
type Trainer struct {
	// Parts are the models to blend, of different names. nil: popular, itemknn, content and als with their defaults.
	Parts []model.Trainer
}

const (
	kind    = "hybrid"
	version = 1
	// lengths is the number of classes of histories: 1, 2, 3–4, 5–8, … and 65 or more events.
	lengths = 8
)

// Name is "hybrid".
func (t Trainer) Name() string { return kind }

func (t Trainer) parts() []model.Trainer {
	if t.Parts != nil {
		return t.Parts
	}
	return []model.Trainer{popular.Trainer{}, itemknn.Trainer{}, content.Trainer{}, als.Trainer{}}
}

// Train trains the parts twice: without the slice, to learn the weights, and with it.
func (t Trainer) Train(ctx context.Context, data *model.Dataset, opt model.TrainOptions) (model.Model, error) {
	trainers := t.parts()
	progress := steps{total: 2 * len(trainers), report: opt.Progress}
	slice := holdOut(data, opt.Seed)
	fitted, err := trainAll(ctx, trainers, slice.fit, opt, &progress)
	if err != nil {
		return nil, err
	}
	weights, err := learn(ctx, fitted, slice, opt.Workers)
	if err != nil {
		return nil, err
	}
	parts, err := trainAll(ctx, trainers, data, opt, &progress)
	if err != nil {
		return nil, err
	}
	return newModel(parts, weights), nil
}

func trainAll(ctx context.Context, trainers []model.Trainer, data *model.Dataset, opt model.TrainOptions, progress *steps,
) ([]model.Model, error) {
	parts := make([]model.Model, len(trainers))
	for i, tr := range trainers {
		opt.Progress = progress.part
		m, err := tr.Train(ctx, data, opt)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", tr.Name(), err)
		}
		parts[i] = m
		progress.done++
		progress.part(0, 1)
	}
	return parts, nil
}

// steps makes one progress of several trainings: each counts for a hundred.
type steps struct {
	done, total int
	report      func(done, total int)
}

func (s *steps) part(done, total int) {
	if s.report != nil && total > 0 {
		s.report(100*s.done+100*done/total, 100*s.total)
	}
}

// Model is the blend: immutable and safe for concurrent use.
type Model struct {
	parts   []model.Model
	weights [lengths][]float32 // by class of length and part
	dims    []int              // of each part's vector
	scratch sync.Pool
}

func newModel(parts []model.Model, weights [lengths][]float32) *Model {
	m := &Model{parts: parts, weights: weights, dims: make([]int, len(parts))}
	for i, p := range parts {
		if e, ok := p.(model.Embedder); ok {
			m.dims[i] = len(e.Embed(nil, nil, 0))
		}
	}
	m.scratch.New = func() any { return new(scratch) }
	return m
}

// Name is "hybrid".
func (m *Model) Name() string { return kind }

// Items is the table that all parts share.
func (m *Model) Items() *model.IDs { return m.parts[0].Items() }

// Part returns the part of the name.
func (m *Model) Part(name string) (model.Model, bool) {
	for _, p := range m.parts {
		if p.Name() == name {
			return p, true
		}
	}
	return nil, false
}

// Weights returns what the part's scores are multiplied with for a history of so many events.
func (m *Model) Weights(name string, events int) float32 {
	for i, p := range m.parts {
		if p.Name() == name {
			return m.weights[class(events)][i]
		}
	}
	return 0
}

// class is the class of a history's length.
func class(events int) int {
	return min(bits.Len(uint(max(events, 1)-1)), lengths-1)
}

// length counts the events that speak for an item, a run of the same item as one.
func length(history []model.Event) int {
	n, last := 0, model.NoItem
	for _, e := range history {
		if e.Weight > 0 && e.Item != last {
			n, last = n+1, e.Item
		}
	}
	return n
}

// Embed is the parts' vectors, one after the other.
func (m *Model) Embed(dst []float32, history []model.Event, now int64) []float32 {
	for _, p := range m.parts {
		if e, ok := p.(model.Embedder); ok {
			dst = e.Embed(dst, history, now)
		}
	}
	return dst
}

// users sets us[i] to the user as part i knows them.
func (m *Model) users(us []model.User, u *model.User) []model.User {
	vector := u.Vector
	if len(vector) == 0 {
		vector = m.Embed(nil, u.History, u.Now)
	}
	for _, d := range m.dims {
		pu := model.User{History: u.History, Now: u.Now}
		if d > 0 {
			pu.Vector, vector = vector[:d:d], vector[d:]
		}
		us = append(us, pu)
	}
	return us
}

// Save writes the weights and all parts.
func (m *Model) Save(w io.Writer) error {
	c := codec.NewWriter(w, kind, version)
	c.Uint32(uint32(len(m.parts)))
	for _, ws := range m.weights {
		c.Float32s(ws)
	}
	for _, p := range m.parts {
		c.String(p.Name())
		c.Nested(p.Save)
	}
	return c.Close()
}

// Load reads what Save wrote; the trainer must have the parts that the model has.
func (t Trainer) Load(r io.Reader) (model.Model, error) {
	c, err := codec.NewReader(r, kind, version)
	if err != nil {
		return nil, err
	}
	n := int(c.Uint32())
	var weights [lengths][]float32
	for i := range weights {
		if weights[i] = c.Float32s(); len(weights[i]) != n {
			c.Fail("weights of another number of parts")
		}
	}
	var parts []model.Model
	for i := 0; i < n && c.Err() == nil; i++ {
		name := c.String()
		c.Nested(func(r io.Reader) error {
			p, err := t.loadPart(name, r)
			parts = append(parts, p)
			return err
		})
	}
	if c.Err() == nil && !sameItems(parts) {
		c.Fail("parts of different item tables")
	}
	if err := c.Close(); err != nil {
		return nil, err
	}
	return newModel(parts, weights), nil
}

func (t Trainer) loadPart(name string, r io.Reader) (model.Model, error) {
	for _, tr := range t.parts() {
		if tr.Name() == name {
			return tr.Load(r)
		}
	}
	return nil, fmt.Errorf("hybrid: %w: part %q, which the trainer does not have", model.ErrCorrupt, name)
}

func sameItems(parts []model.Model) bool {
	for _, p := range parts {
		if p.Items().Len() != parts[0].Items().Len() {
			return false
		}
	}
	return len(parts) > 0
}
