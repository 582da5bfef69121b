package catalog

import (
	"errors"
	"fmt"
)

var (
	// ErrUnknownItem says that the catalogue has no such item.
	ErrUnknownItem = errors.New("catalog: unknown item")
	// ErrInvalid says that an item, filter, row or query cannot be accepted. What wraps it is an [InvalidError] or,
	// from a reader, a [RowError].
	ErrInvalid = errors.New("catalog: invalid")
	// ErrFull says that every handle was given.
	ErrFull = errors.New("catalog: no handle left")
)

// InvalidError says which part of an item, filter or query is wrong. errors.Is takes it for ErrInvalid.
type InvalidError struct {
	Item   string // the item's identifier, cut to a readable length; empty for a filter or query
	Field  string // such as "price.currency"
	Reason string
}

func (e *InvalidError) Error() string {
	if e.Item == "" {
		return fmt.Sprintf("catalog: invalid %s: %s", e.Field, e.Reason)
	}
	return fmt.Sprintf("catalog: invalid item %q: %s: %s", e.Item, e.Field, e.Reason)
}

// Is reports whether target is ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

func invalid(field, format string, args ...any) error {
	return &InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// SyntaxError says where the text of a filter is wrong. errors.Is takes it for ErrInvalid.
type SyntaxError struct {
	Offset int // bytes of the text before the place
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("catalog: invalid filter: at byte %d: %s", e.Offset, e.Reason)
}

// Is reports whether target is ErrInvalid.
func (e *SyntaxError) Is(target error) bool { return target == ErrInvalid }
