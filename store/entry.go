package store

import (
	"fmt"
)

// Fact says what an entry of the log is about.
type Fact uint8

// The facts. Their numbers are part of the stored form and never change.
const (
	// Interacted is an Interaction, which needs User, Item, Kind and Time.
	Interacted Fact = iota
	// Exposed says that a user was exposed to a variant, or was shown a page: an Interaction that needs User and Time.
	// Experiment, Variant, Placement, Session and Page say to what; Item and Kind may be empty.
	Exposed
	// Forgotten says that a user's entries before this one are gone: User and Time. Only Forget writes it.
	Forgotten
	// ProfileChanged says that a user's profile is another than before: User and Time.
	ProfileChanged
	// Published says that a model version is in service: Model, Version and Interaction.Time.
	Published
)

var factNames = [...]string{
	Interacted: "interaction", Exposed: "exposure", Forgotten: "forgotten", ProfileChanged: "profile changed",
	Published: "published",
}

// Valid reports whether f is one of the facts above.
func (f Fact) Valid() bool { return f <= Published }

// String is a name for messages, or "fact(n)" for a number that is no fact.
func (f Fact) String() string {
	if !f.Valid() {
		return fmt.Sprintf("fact(%d)", uint8(f))
	}
	return factNames[f]
}

// Entry is a fact, and the place where the log holds it. The zero Fact is Interacted, so that an entry with nothing
// but an Interaction is one.
type Entry struct {
	Partition   int      // filled in by the log
	Position    Position // filled in by the log; 0 for an entry that was there already
	Fact        Fact
	Interaction Interaction
	Model       string // of Published
	Version     uint64 // of Published
}

// Validate says why the entry cannot be appended: its Fact is unknown or Forgotten, what the Fact needs is missing, a
// field has a value that the Fact does not have and that would be lost, or one has a value that Interaction.Validate
// does not allow. The error wraps ErrInvalid.
func (e *Entry) Validate() error {
	in := &e.Interaction
	if e.Fact != Published && (e.Model != "" || e.Version != 0) {
		return fmt.Errorf("%w: %v with a model", ErrInvalid, e.Fact)
	}
	switch e.Fact {
	case Interacted:
		return in.Validate()
	case Exposed:
		if in.User == "" {
			return fmt.Errorf("%w: exposure without a user", ErrInvalid)
		}
		if in.Kind != 0 && !in.Kind.Valid() {
			return fmt.Errorf("%w: unknown kind %d", ErrInvalid, uint8(in.Kind))
		}
		return in.validateFields()
	case ProfileChanged:
		if in.User == "" {
			return fmt.Errorf("%w: profile changed, without a user", ErrInvalid)
		}
		if (*in != Interaction{User: in.User, Time: in.Time}) {
			return fmt.Errorf("%w: profile changed, with more than a user and a time", ErrInvalid)
		}
		return in.validateFields()
	case Published:
		return e.validatePublished()
	case Forgotten:
		return fmt.Errorf("%w: a forgotten entry, which only Forget writes", ErrInvalid)
	}
	return fmt.Errorf("%w: unknown %v", ErrInvalid, e.Fact)
}

func (e *Entry) validatePublished() error {
	if (e.Interaction != Interaction{Time: e.Interaction.Time}) {
		return fmt.Errorf("%w: published, with more than a model, a version and a time", ErrInvalid)
	}
	if e.Version == 0 {
		return fmt.Errorf("%w: published, without a version", ErrInvalid)
	}
	if err := ValidateModelName(e.Model); err != nil {
		return err
	}
	return e.Interaction.validateFields()
}
