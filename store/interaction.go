package store

import (
	"fmt"
	"math"
	"time"
)

// Kind says what somebody did.
type Kind uint8

// The kinds. Their numbers are part of the stored form and never change.
const (
	View       Kind = 1 + iota // looked at the item
	Click                      // chose it from a list
	Cart                       // put it into the cart
	Purchase                   // bought it; Value is the quantity
	Like                       // said they like it
	Dislike                    // said they do not
	Skip                       // passed it over on purpose
	Impression                 // was shown it
	Rating                     // rated it; Value is the rating
)

var kindNames = [...]string{
	View: "view", Click: "click", Cart: "cart", Purchase: "purchase", Like: "like", Dislike: "dislike",
	Skip: "skip", Impression: "impression", Rating: "rating",
}

// Valid reports whether k is one of the kinds above.
func (k Kind) Valid() bool { return k >= View && k <= Rating }

// String is the lower-case name, or "kind(n)" for a number that is no kind.
func (k Kind) String() string {
	if !k.Valid() {
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// ParseKind is the inverse of String for valid kinds; any other name is ErrInvalid.
func ParseKind(name string) (Kind, error) {
	for k := View; k <= Rating; k++ {
		if kindNames[k] == name {
			return k, nil
		}
	}
	return 0, fmt.Errorf("%w: unknown kind %q", ErrInvalid, name)
}

// MarshalText writes the name, and nothing for 0, which is the Kind of what is no interaction with an item, such as an
// exposure. Another number that is no kind is ErrInvalid.
func (k Kind) MarshalText() ([]byte, error) {
	if k == 0 {
		return []byte{}, nil
	}
	if !k.Valid() {
		return nil, fmt.Errorf("%w: %v", ErrInvalid, k)
	}
	return []byte(kindNames[k]), nil
}

// UnmarshalText reads what MarshalText writes.
func (k *Kind) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*k = 0
		return nil
	}
	*k, err = ParseKind(string(text))
	return err
}

// Interaction is one thing that one user did to one item. User, Item, Kind and Time are required. A store returns the
// Time in UTC, cut to the microsecond, and everything else as it was given.
type Interaction struct {
	// ID tells this interaction from all others of the user, so that it can be given to a store twice and counts
	// once. It is optional; without one nothing is known to be the same.
	ID    string    `json:"id,omitzero"`
	User  string    `json:"user"`
	Item  string    `json:"item"`
	Kind  Kind      `json:"kind,omitzero"`
	Value float64   `json:"value,omitzero"` // quantity of a purchase, the rating; 0 where there is none; at most ValueMax
	Time  time.Time `json:"time"`           // kept to the microsecond

	Session    string `json:"session,omitzero"`    // groups what belongs together: a visit, a basket, an invoice
	Placement  string `json:"placement,omitzero"`  // the place on the site that showed the item
	Experiment string `json:"experiment,omitzero"` // the experiment that Variant is one of
	Variant    string `json:"variant,omitzero"`    // the variant that chose it
	Source     string `json:"source,omitzero"`     // what proposed the item for the page
	Page       string `json:"page,omitzero"`       // the page on which it was shown

	// Rank is where on the page the item stood, from 1; 0 where it is not known; at most RankMax.
	Rank int `json:"rank,omitzero"`
	// Propensity is the chance, in [0, 1], with which it stood there; 0 where it is not known.
	Propensity float64 `json:"propensity,omitzero"`
}

// Validate says why the interaction cannot be stored: an identifier missing, too long or not UTF-8, an unknown kind, a
// Value that is NaN or beyond ValueMax either way, a Rank or Propensity out of range, a Time that is zero or outside
// the years 1678 to 2261. The error wraps ErrInvalid.
func (in *Interaction) Validate() error {
	switch {
	case in.User == "":
		return fmt.Errorf("%w: interaction without a user", ErrInvalid)
	case in.Item == "":
		return fmt.Errorf("%w: interaction without an item", ErrInvalid)
	case in.Kind == 0:
		return fmt.Errorf("%w: interaction without a kind", ErrInvalid)
	case !in.Kind.Valid():
		return fmt.Errorf("%w: unknown kind %d", ErrInvalid, uint8(in.Kind))
	}
	return in.validateFields()
}

// validateFields holds to their ranges what is there, and requires a time.
func (in *Interaction) validateFields() error {
	switch {
	case !(math.Abs(in.Value) <= ValueMax):
		return fmt.Errorf("%w: value %v is not within %v", ErrInvalid, in.Value, float64(ValueMax))
	case in.Rank < 0 || in.Rank > RankMax:
		return fmt.Errorf("%w: rank %d is not within 0 and %d", ErrInvalid, in.Rank, RankMax)
	case !(in.Propensity >= 0 && in.Propensity <= 1):
		return fmt.Errorf("%w: propensity %v is not within 0 and 1", ErrInvalid, in.Propensity)
	case in.Time.IsZero():
		return fmt.Errorf("%w: no time", ErrInvalid)
	}
	if err := validateTime(in.Time); err != nil {
		return err
	}
	for _, id := range [...]struct{ field, value string }{
		{"user", in.User}, {"item", in.Item}, {"session", in.Session}, {"placement", in.Placement},
		{"variant", in.Variant}, {"id", in.ID}, {"experiment", in.Experiment}, {"source", in.Source}, {"page", in.Page},
	} {
		if err := ValidateID(id.field, id.value); err != nil {
			return err
		}
	}
	return nil
}
