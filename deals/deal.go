package deals

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Deal is an offer: a discount on some items whenever its window is live. ID, Discount, Window, and Items or Categories are
// required.
type Deal struct {
	ID         string   `json:"id"`
	Items      []string `json:"items,omitempty"`      // item identifiers
	Categories []string `json:"categories,omitempty"` // "shoes" holds "shoes/running" too; not for a Bundle
	Discount   Discount `json:"discount"`
	Window     Window   `json:"window"`

	Segments []string `json:"segments,omitempty"` // whose users it is for; empty: everybody
	Limits   Limits   `json:"limits,omitzero"`

	// Priority decides between deals that give the same price: the higher first, then the lower ID.
	Priority int `json:"priority,omitzero"`
	// Stacks lets the deal be given on top of others that stack, in the order of priority.
	Stacks bool `json:"stacks,omitzero"`
}

// Limits bound how much of a deal is claimed. The zero Limits bound nothing.
type Limits struct {
	Units   int64 `json:"units,omitzero"`   // of all users together; 0: any number
	PerUser int64 `json:"perUser,omitzero"` // 0: any number
	Per     Per   `json:"per,omitzero"`     // what the numbers are for
}

// Per says what Limits count by.
type Per uint8

const (
	PerTurn Per = iota // each occurrence of the window has its own
	PerDeal            // all occurrences together
)

// MarshalText writes "turn" or "deal".
func (p Per) MarshalText() ([]byte, error) {
	switch p {
	case PerTurn:
		return []byte("turn"), nil
	case PerDeal:
		return []byte("deal"), nil
	}
	return nil, fmt.Errorf("%w: per %d", ErrLimits, p)
}

// UnmarshalText reads what MarshalText writes; its error is ErrLimits.
func (p *Per) UnmarshalText(text []byte) error {
	switch string(text) {
	case "turn":
		*p = PerTurn
	case "deal":
		*p = PerDeal
	default:
		return fmt.Errorf("%w: per %q", ErrLimits, text)
	}
	return nil
}

// User is who asks.
type User struct {
	ID       string
	Zone     *time.Location // where windows of UserZone are for them; nil means UTC
	Segments []string
}

// Product is what is asked about.
type Product struct {
	ID         string
	Categories []string
	Price      int64 // of one unit, without any deal, in minor units of Currency
	Currency   string
}

// Validate says what is wrong with the deal: ErrNoID, ErrNoItems (also for an empty identifier or category, one item twice, or a
// bundle of categories), ErrLimits, ErrDiscount, ErrCurrency or, for the zero Window, ErrWindow, all of them joined.
func (d *Deal) Validate() error {
	var errs []error
	if d.ID == "" {
		errs = append(errs, ErrNoID)
	}
	if len(d.Items)+len(d.Categories) == 0 || slices.Contains(d.Items, "") || slices.Contains(d.Categories, "") {
		errs = append(errs, ErrNoItems)
	}
	if d.Discount.kind == bundle && (len(d.Categories) > 0 || len(d.Items) < 2 || repeats(d.Items)) {
		errs = append(errs, fmt.Errorf("%w: a bundle is of two or more different items", ErrNoItems))
	}
	if d.Limits.Units < 0 || d.Limits.PerUser < 0 || d.Limits.Per > PerDeal {
		errs = append(errs, fmt.Errorf("%w: %d units, %d per user, per %d", ErrLimits, d.Limits.Units, d.Limits.PerUser, d.Limits.Per))
	}
	if d.Window.w == nil {
		errs = append(errs, ErrWindow)
	}
	return errors.Join(append(errs, d.Discount.Validate())...)
}

func repeats(list []string) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) < len(list)
}

// For reports whether the deal is for a user, by their segments.
func (d *Deal) For(u User) bool {
	return len(d.Segments) == 0 || slices.ContainsFunc(u.Segments, func(s string) bool { return slices.Contains(d.Segments, s) })
}

// Covers reports whether the deal is on a product, by its identifier or its categories.
func (d *Deal) Covers(p Product) bool {
	return slices.Contains(d.Items, p.ID) || slices.ContainsFunc(p.Categories, func(c string) bool {
		return slices.ContainsFunc(d.Categories, func(of string) bool { return within(c, of) })
	})
}

// within reports whether a category is another one or below it.
func within(category, of string) bool {
	rest, ok := strings.CutPrefix(category, of)
	return ok && (rest == "" || rest[0] == '/')
}

// clone is a copy that shares no slice with its origin.
func (d *Deal) clone() Deal {
	c := *d
	c.Items, c.Categories, c.Segments = slices.Clone(d.Items), slices.Clone(d.Categories), slices.Clone(d.Segments)
	return c
}
