package blend

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/goldrec/gold/codec"
	"github.com/goldrec/gold/recommend/model"
)

// Classes is the number of classes of histories: of 1, 2, 3–4, 5–8, … and 65 or more events.
const Classes = 8

// Weights is how much each part counts: what [Learn] finds and an engine keeps beside its models.
type Weights struct {
	Parts []string // names
	// Items is the number of items over which the scores of a part that knows only what is not zero are spread: that of
	// the handles when the weights were learned. It stays what it was while the weights do.
	Items int
	// ByClass is the weight of each of Parts, by class of length; those of a class are 0 or more and sum up to 1.
	ByClass [Classes][]float32
}

// Of returns the weight of a part for a user of so many events; 0 for one that is not among Parts.
func (w *Weights) Of(part string, events int) float32 { return w.of(part, class(events)) }

func (w *Weights) of(part string, class int) float32 {
	if i := slices.Index(w.Parts, part); i >= 0 {
		return w.ByClass[class][i]
	}
	return 0
}

// class is the class of a history's length.
func class(events int) int {
	return min(bits.Len(uint(max(events, 1)-1)), Classes-1)
}

// length counts the events that speak for an item, a run of the same item as one: what a class is a class of.
func length(history []model.Event) int {
	n, last := 0, model.NoItem
	for _, e := range history {
		if e.Weight > 0 && e.Item != last {
			n, last = n+1, e.Item
		}
	}
	return n
}

// normalise makes weights sum up to one, and all alike when they are zero.
func normalise(w []float32) {
	var sum float64
	for _, v := range w {
		sum += float64(v)
	}
	for i := range w {
		if sum > 0 {
			w[i] = float32(float64(w[i]) / sum)
		} else {
			w[i] = 1 / float32(len(w))
		}
	}
}

const (
	section     = "blend"
	fileVersion = 1
)

// Save puts the weights into a section of their own, "blend".
func (w *Weights) Save(c *codec.Writer) {
	c.Section(section, fileVersion)
	c.Strings(len(w.Parts), func(i int) string { return w.Parts[i] })
	c.Uint32(uint32(w.Items))
	for _, ws := range w.ByClass {
		c.Float32s(ws)
	}
}

// Load reads what Save put. What it could not have put is an error that wraps [model.ErrCorrupt].
func Load(r *codec.Reader) (*Weights, error) {
	r.Section(section, fileVersion)
	w := &Weights{Parts: r.Strings(), Items: int(r.Uint32())}
	for c := range w.ByClass {
		w.ByClass[c] = r.Float32s()
	}
	if err := r.Err(); err == nil {
		if err := w.check(); err != nil {
			r.Fail("%v", err)
		}
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("blend: load: %w", err)
	}
	return w, nil
}

func (w *Weights) check() error {
	for i, name := range w.Parts {
		if slices.Contains(w.Parts[:i], name) {
			return fmt.Errorf("part %q twice", name)
		}
	}
	for _, ws := range w.ByClass {
		var sum float64
		for _, v := range ws {
			if !(v >= 0) {
				return fmt.Errorf("weight %v", v)
			}
			sum += float64(v)
		}
		switch {
		case len(ws) != len(w.Parts):
			return errors.New("weights of another number of parts")
		case len(ws) > 0 && math.Abs(sum-1) > 1e-3:
			return fmt.Errorf("weights that sum up to %v", sum)
		}
	}
	return nil
}
