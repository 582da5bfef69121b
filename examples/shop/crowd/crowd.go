// Package crowd is the shoppers of a living demonstration: while the shop is open they come, look at what is recommended
// to them, click on what is to their taste, and sometimes buy, so that what is trending, the experiment and the models
// move before one's eyes.
//
//	c := crowd.New(engine, cat, 1)
//	err := c.Run(ctx, 2) // two visits a second
//
// Each has one department that they like, which nobody tells the library. Whoever looks at the figures of an experiment
// with a crowd in it looks at the crowd: their identifiers begin with [Prefix].
package crowd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// Prefix begins the identifiers of the crowd.
const Prefix = "crowd-"

const (
	people   = 2000
	pageLen  = 8
	likes    = 0.35 // how likely a click is on what is to their taste
	strays   = 0.04 // and on what is not
	buys     = 0.25 // and a purchase after the click
	purchase = 1    // unit
)

// Crowd is the people. It is for one goroutine.
type Crowd struct {
	engine  *recommend.Engine
	catalog *catalog.Catalog
	rng     *rand.Rand
	tastes  []string // departments
	visits  int
}

// New makes a crowd; the same seed makes the same one.
func New(engine *recommend.Engine, cat *catalog.Catalog, seed uint64) *Crowd {
	c := &Crowd{engine: engine, catalog: cat, rng: rand.New(rand.NewPCG(seed, 0x63726f7764))}
	counts, err := cat.Facets("category", nil)
	for _, count := range counts {
		if err == nil && !strings.Contains(count.Value, catalog.PathSeparator) {
			c.tastes = append(c.tastes, count.Value)
		}
	}
	return c
}

// Run has so many visits a second until ctx ends, or one fails.
func (c *Crowd) Run(ctx context.Context, rate float64) error {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			if err := c.Visit(ctx, now); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// Visit has one of them come.
func (c *Crowd) Visit(ctx context.Context, now time.Time) error {
	c.visits++
	n := c.rng.IntN(people)
	user, session := fmt.Sprintf("%s%04d", Prefix, n), fmt.Sprintf("%s%d-%d", Prefix, now.UnixNano(), c.visits)
	taste := ""
	if len(c.tastes) > 0 {
		taste = c.tastes[n%len(c.tastes)]
	}
	page, err := c.engine.Recommend(ctx, recommend.Request{User: user, Session: session, N: pageLen, Placement: "for-you"})
	if err != nil {
		return fmt.Errorf("crowd: %w", err)
	}
	var did []store.Interaction
	for _, rec := range page.Items {
		chance := strays
		if c.is(rec.Item, taste) {
			chance = likes
		}
		if c.rng.Float64() >= chance {
			continue
		}
		in := store.Interaction{User: user, Item: rec.Item, Kind: store.Click, Time: now, Session: session, Placement: "for-you"}
		did = append(did, in)
		if in.Kind = store.View; c.rng.Float64() < buys {
			in.Kind, in.Value = store.Purchase, purchase
		}
		did = append(did, in)
	}
	if len(did) == 0 {
		return nil
	}
	if err := c.engine.Record(ctx, did...); err != nil {
		return fmt.Errorf("crowd: %w", err)
	}
	return nil
}

// is reports whether an item is of a department.
func (c *Crowd) is(id, department string) bool {
	handle, ok := c.catalog.Lookup(id)
	if !ok {
		return false
	}
	item := c.catalog.Item(handle)
	if item == nil || len(item.Categories) == 0 {
		return false
	}
	top, _, _ := strings.Cut(item.Categories[0], catalog.PathSeparator)
	return top == department
}
