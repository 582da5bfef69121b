package experiment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Definition is all that a Set is compiled from. Its JSON form is what Parse reads.
type Definition struct {
	Experiments []Experiment `json:"experiments"`
	Layers      []Layer      `json:"layers,omitempty"`
	Holdout     *Holdout     `json:"holdout,omitempty"` // kept out of every experiment; nil: nobody
}

// Experiment describes one experiment. Key and Variants are required; the rest may be zero.
type Experiment struct {
	Key         string    `json:"key"`                   // unique in the definition, at most 512 bytes of UTF-8
	Salt        string    `json:"salt,omitempty"`        // changes who gets which arm; empty: the key
	HashVersion int       `json:"hashVersion,omitempty"` // 0 means HashVersion, the only one taken
	Variants    []Variant `json:"variants"`              // at least one, at most VariantsMax
	Coverage    *float64  `json:"coverage,omitempty"`    // the share of units that take part, 0 to 1; nil: all

	Layer string `json:"layer,omitempty"` // the layer it shares with experiments it excludes; empty: none
	Slots Slots  `json:"slots,omitzero"`  // which of the layer's slots are its own; required with a layer

	Condition     *Condition        `json:"condition,omitempty"`     // who may take part; nil: everybody
	Prerequisites []Prerequisite    `json:"prerequisites,omitempty"` // all must hold
	Holdout       *Holdout          `json:"holdout,omitempty"`       // kept out of this one; nil: nobody
	Forced        map[string]string `json:"forced,omitempty"`        // unit → variant key, for trying a variant out

	Start   time.Time `json:"start,omitzero"`    // from then on; zero: always
	End     time.Time `json:"end,omitzero"`      // until before then; zero: for ever
	Phase   int       `json:"phase,omitempty"`   // counts restarts; sticky variants of other phases do not count
	Stopped bool      `json:"stopped,omitempty"` // the kill switch: nobody takes part, whatever else is said
}

// Variant is one arm of an experiment.
type Variant struct {
	Key string `json:"key"` // unique in the experiment, not empty, at most 512 bytes of UTF-8

	// Weight is the arm's share of the experiment's units, 0 to 1. The weights of an experiment add up to 1 within
	// 1e-6, or are all 0, which shares equally.
	Weight float64 `json:"weight,omitempty"`

	// Ranges are the arm's buckets, when Reweight has set them; then those of all arms cover [0, Buckets) exactly
	// once and Weight only tells what they come to.
	Ranges []Range `json:"ranges,omitempty"`

	Payload json.RawMessage `json:"payload,omitempty"` // what the variant means to the program; not looked into
}

// Range is the buckets from From to before To.
type Range struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Layer holds experiments that exclude one another: a unit has one slot of the layer and takes part only in the
// experiment that owns it.
type Layer struct {
	Key     string   `json:"key"`
	Salt    string   `json:"salt,omitempty"`    // empty: the key
	Slots   uint32   `json:"slots,omitempty"`   // how many slots the layer has; 0 means 1000
	Holdout *Holdout `json:"holdout,omitempty"` // kept out of every experiment of the layer; nil: nobody
}

// Slots is the slots of a layer from From to before To.
type Slots struct {
	From uint32 `json:"from"`
	To   uint32 `json:"to"`
}

// Holdout keeps a share of the units out, to measure what all experiments together have brought. Holdouts of the same
// salt and share keep the same units out.
type Holdout struct {
	Key   string  `json:"key"`
	Salt  string  `json:"salt,omitempty"` // empty: the key
	Share float64 `json:"share"`          // 0 to 1
}

// Prerequisite asks that the unit takes part in another experiment, in one of the named variants. Forced and sticky
// variants of the other experiment count.
type Prerequisite struct {
	Experiment string   `json:"experiment"`
	Variants   []string `json:"variants"` // any of them; empty: whichever
}

// Parse reads the JSON form of a Definition from all of r. A field it does not know is an error, since a misspelt one
// would silently change who sees what; so is anything after the document. Every error wraps ErrInvalid, except those of
// r. The result is not validated; Compile does that.
func Parse(r io.Reader) (Definition, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return Definition{}, fmt.Errorf("experiment: read definition: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var d Definition
	if err := dec.Decode(&d); err != nil {
		return Definition{}, fmt.Errorf("%w: definition: %w", ErrInvalid, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Definition{}, fmt.Errorf("%w: definition: something follows the document", ErrInvalid)
	}
	return d, nil
}
