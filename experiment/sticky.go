package experiment

import (
	"context"
	"log/slog"
	"slices"
)

// Sticky keeps units in the variant that they first got, though weights, coverage, condition or prerequisites change
// later. It does not hold against the kill switch, the period, a holdout or a layer. Implementations are safe for
// concurrent use.
type Sticky interface {
	// Stuck returns the variant kept under the key, "" when there is none.
	Stuck(key StickyKey) (variant string, err error)

	// Stick keeps the variant under the key.
	Stick(key StickyKey, variant string) error
}

// StickyKey is what a sticky variant is kept under. A new phase starts afresh.
type StickyKey struct {
	Experiment string
	Phase      int
	Unit       string
}

// stuck returns the index of the unit's kept variant, -1 when there is none, when it is gone from the experiment, or
// when it cannot be read; the hash then decides.
func (c *compiled) stuck(unit string) int {
	key, err := c.set.opts.Sticky.Stuck(StickyKey{c.Key, c.Phase, unit})
	if err != nil {
		c.set.opts.Logger.LogAttrs(context.Background(), slog.LevelWarn, "sticky variant not read",
			slog.String("experiment", c.Key), slog.Any("error", err))
		return -1
	}
	if key == "" {
		return -1
	}
	return slices.IndexFunc(c.Variants, func(v Variant) bool { return v.Key == key })
}

func (c *compiled) stick(unit string, arm int) {
	err := c.set.opts.Sticky.Stick(StickyKey{c.Key, c.Phase, unit}, c.Variants[arm].Key)
	if err != nil {
		c.set.opts.Logger.LogAttrs(context.Background(), slog.LevelWarn, "sticky variant not kept",
			slog.String("experiment", c.Key), slog.Any("error", err))
	}
}
