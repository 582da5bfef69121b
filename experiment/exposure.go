package experiment

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"
)

// Exposure is the record that a unit used a variant.
type Exposure struct {
	Experiment string    `json:"experiment"`
	Phase      int       `json:"phase,omitempty"`
	Unit       string    `json:"unit"`
	Variant    string    `json:"variant"`
	Time       time.Time `json:"time"` // kept to the microsecond
}

// Validate says why the exposure cannot be recorded, wrapping ErrInvalid: a name that is missing, longer than IDMax or
// not UTF-8, a phase below 0 or above 2^31-1, a time that is zero or outside the years 1678 to 2261.
func (e *Exposure) Validate() error {
	for _, id := range [...]struct{ field, value string }{
		{"experiment", e.Experiment}, {"unit", e.Unit}, {"variant", e.Variant},
	} {
		switch {
		case id.value == "":
			return fmt.Errorf("%w: exposure without %s", ErrInvalid, id.field)
		case len(id.value) > IDMax:
			return fmt.Errorf("%w: %s of %d bytes, more than %d", ErrInvalid, id.field, len(id.value), IDMax)
		case !utf8.ValidString(id.value):
			return fmt.Errorf("%w: %s is not UTF-8", ErrInvalid, id.field)
		}
	}
	switch {
	case e.Phase < 0 || e.Phase > 1<<31-1:
		return fmt.Errorf("%w: phase %d", ErrInvalid, e.Phase)
	case e.Time.IsZero():
		return fmt.Errorf("%w: exposure without a time", ErrInvalid)
	case e.Time.Year() < 1678 || e.Time.Year() > 2261:
		return fmt.Errorf("%w: time in the year %d", ErrInvalid, e.Time.Year())
	}
	return nil
}

// Exposure returns the record that the subject used the assignment, and whether there is anything to record: not
// outside the experiment, and not for a forced variant, which would bias the comparison.
func (a Assignment) Exposure(unit string, at time.Time) (Exposure, bool) {
	if a.Variant == nil || a.Reason == Forced {
		return Exposure{}, false
	}
	return Exposure{a.Experiment.Key, a.Experiment.Phase, unit, a.Variant.Key, at}, true
}

// Sink keeps exposures. Implementations are safe for concurrent use. FileLog and MemoryLog are; a store's log can be another.
type Sink interface {
	// WriteExposures returns nil when all of the batch will survive a crash. After an error any part of it may have
	// been kept. It must not keep the slice.
	WriteExposures(ctx context.Context, batch []Exposure) error
}

// exposureKey is what exposures are deduplicated on.
type exposureKey struct {
	experiment string
	phase      int
	unit       string
}

func (e *Exposure) key() exposureKey { return exposureKey{e.Experiment, e.Phase, e.Unit} }
