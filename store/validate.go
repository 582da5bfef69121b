package store

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// IDMax is the longest identifier, in bytes: of a user, item, session, placement, experiment, variant, source,
	// page, interaction, segment, model or lease.
	IDMax = 512
	// BatchMax is the most entries that one Append takes.
	BatchMax = 100_000
	// ValueMax is the largest Value of an interaction, of either sign: more than any quantity or rating, and little
	// enough for a float32 and the sum of many squares.
	ValueMax = 1e9
	// RankMax is the largest Rank of an interaction.
	RankMax = 65_535
	// ProfileBytesMax is the most text that one profile holds: its identifier, segments, attributes and preferences,
	// each counted with 16 bytes more.
	ProfileBytesMax = 1 << 20
)

// ValidateID says why the identifier of the named field is too long or not UTF-8, wrapping ErrInvalid. The empty one
// passes.
func ValidateID(field, id string) error {
	if len(id) > IDMax {
		return fmt.Errorf("%w: %s of %d bytes, more than %d", ErrInvalid, field, len(id), IDMax)
	}
	if !utf8.ValidString(id) {
		return fmt.Errorf("%w: %s is not UTF-8", ErrInvalid, field)
	}
	return nil
}

// ValidateBatch says why Append cannot take the batch: there are more than BatchMax entries, or one of them is invalid;
// the error tells which, with its user and item. It wraps ErrInvalid.
func ValidateBatch(batch []Entry) error {
	if len(batch) > BatchMax {
		return fmt.Errorf("%w: batch of %d entries, more than %d", ErrInvalid, len(batch), BatchMax)
	}
	for i := range batch {
		if err := batch[i].Validate(); err != nil {
			return fmt.Errorf("%v %d of %d%s: %w", batch[i].Fact, i+1, len(batch), batch[i].subject(), err)
		}
	}
	return nil
}

// subject names whom and what an entry is about, in brackets, as far as it says.
func (e *Entry) subject() string {
	var parts []string
	for _, part := range [...]struct{ name, value string }{
		{"user", e.Interaction.User}, {"item", e.Interaction.Item}, {"model", e.Model},
	} {
		if part.value != "" {
			parts = append(parts, fmt.Sprintf("%s %.64q", part.name, part.value))
		}
	}
	if parts == nil {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// ValidateCached says why Put cannot take what it is given, wrapping ErrInvalid: an identifier too long or not UTF-8, or
// a ttl that is not positive.
func ValidateCached(owner, key string, ttl time.Duration) error {
	if ttl <= 0 {
		return fmt.Errorf("%w: value with a ttl of %v", ErrInvalid, ttl)
	}
	if err := ValidateID("owner", owner); err != nil {
		return err
	}
	return ValidateID("key", key)
}

// Lives reports whether a value put at a time for ttl lives now. One that was put in the future, because the clock
// has gone backwards since, does not: it might otherwise outlive its ttl by as much.
func Lives(put time.Time, ttl time.Duration, now time.Time) bool {
	age := now.Sub(put)
	return age >= 0 && age < ttl
}

// ValidateModelName says why PutModel cannot take the name, wrapping ErrInvalid: it is empty, too long or not UTF-8.
func ValidateModelName(name string) error {
	if name == "" {
		return fmt.Errorf("%w: model without a name", ErrInvalid)
	}
	return ValidateID("model", name)
}

// ValidateLease says why Acquire and Renew cannot take what they are given, wrapping ErrInvalid: a name that is empty,
// too long or not UTF-8, or a ttl of less than a microsecond.
func ValidateLease(name string, ttl time.Duration) error {
	if name == "" {
		return fmt.Errorf("%w: lease without a name", ErrInvalid)
	}
	if ttl < time.Microsecond {
		return fmt.Errorf("%w: lease with a ttl of %v", ErrInvalid, ttl)
	}
	return ValidateID("lease", name)
}

// validateTime holds times to what a count of nanoseconds since 1970 in 64 bits can say.
func validateTime(t time.Time) error {
	if year := t.UTC().Year(); year < 1678 || year > 2261 {
		return fmt.Errorf("%w: time in the year %d", ErrInvalid, year)
	}
	return nil
}
