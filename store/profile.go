package store

import (
	"fmt"
	"iter"
	"maps"
	"time"
	"unicode/utf8"
)

// profileTextCost is what each text of a profile counts beside its bytes, so that empty ones are bounded too.
const profileTextCost = 16

// Profile is what a user has stated: preferences, attributes and the segments they belong to. An empty collection is
// stored as nil.
type Profile struct {
	User        string              `json:"user"`
	Version     uint64              `json:"version"`               // 0 until it has been stored once
	Segments    []string            `json:"segments,omitempty"`    // such as "vip"; a set, order kept
	Attributes  map[string]string   `json:"attributes,omitempty"`  // such as country: FR
	Preferences map[string][]string `json:"preferences,omitempty"` // such as category: [Tea], brand: [Acme]
	Updated     time.Time           `json:"updated,omitzero"`      // set by the caller, to the microsecond
}

// Validate says why the profile cannot be stored: no user, a segment that is empty or there twice, an identifier that
// is too long, text that is not UTF-8, more than ProfileBytesMax of it, an Updated outside the years 1678 to 2261
// (zero passes). The error wraps ErrInvalid.
func (p *Profile) Validate() error {
	if p.User == "" {
		return fmt.Errorf("%w: profile without a user", ErrInvalid)
	}
	if err := ValidateID("user", p.User); err != nil {
		return err
	}
	total := 0
	for text := range p.texts() {
		if total += len(text) + profileTextCost; total > ProfileBytesMax {
			return fmt.Errorf("%w: profile of more than %d bytes", ErrInvalid, ProfileBytesMax)
		}
		if !utf8.ValidString(text) {
			return fmt.Errorf("%w: profile with %q, which is not UTF-8", ErrInvalid, text)
		}
	}
	if err := validateSegments(p.Segments); err != nil {
		return err
	}
	if p.Updated.IsZero() {
		return nil
	}
	return validateTime(p.Updated)
}

func validateSegments(segments []string) error {
	seen := make(map[string]struct{}, len(segments))
	for _, segment := range segments {
		if segment == "" {
			return fmt.Errorf("%w: empty segment", ErrInvalid)
		}
		if err := ValidateID("segment", segment); err != nil {
			return err
		}
		seen[segment] = struct{}{}
	}
	if len(seen) < len(segments) {
		return fmt.Errorf("%w: a segment is there twice", ErrInvalid)
	}
	return nil
}

// texts yields every string of the profile.
func (p *Profile) texts() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(p.User) {
			return
		}
		for _, segment := range p.Segments {
			if !yield(segment) {
				return
			}
		}
		for key, value := range p.Attributes {
			if !yield(key) || !yield(value) {
				return
			}
		}
		for key, values := range p.Preferences {
			if !yield(key) {
				return
			}
			for _, value := range values {
				if !yield(value) {
					return
				}
			}
		}
	}
}

// Clone is a copy that shares no memory with p but the bytes of strings, in the form that stores return: empty
// collections nil, Updated in UTC to the microsecond.
func (p *Profile) Clone() Profile {
	c := *p
	c.Segments = cloneStrings(p.Segments)
	c.Attributes, c.Preferences = nil, nil
	if len(p.Attributes) > 0 {
		c.Attributes = maps.Clone(p.Attributes)
	}
	for key, values := range p.Preferences {
		if c.Preferences == nil {
			c.Preferences = make(map[string][]string, len(p.Preferences))
		}
		c.Preferences[key] = cloneStrings(values)
	}
	if !p.Updated.IsZero() {
		c.Updated = time.UnixMicro(p.Updated.UnixMicro()).UTC()
	}
	return c
}

func cloneStrings(list []string) []string {
	return append([]string(nil), list...)
}
