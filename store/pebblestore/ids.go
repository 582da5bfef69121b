package pebblestore

import (
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

// An entry with an ID has a key of its own. Whether that is in the database is asked before the commit lock is taken,
// what has been written since is in committer.ids.

// beginIDs is begin for entries that may have IDs. It returns the keys of those, by index, nil for one that is in the
// database; the others are in committer.ids or nowhere. Without any ID the keys are nil.
func (c *committer) beginIDs(batch []store.Entry) (keys [][]byte, g *group, err error) {
	for i := range batch {
		if in := &batch[i].Interaction; in.ID != "" {
			if keys == nil {
				keys = make([][]byte, len(batch))
			}
			keys[i] = entryIDKey(in)
		}
	}
	if keys == nil {
		g, err = c.begin()
		return nil, g, err
	}
	for {
		before := c.groups.Load()
		for i, key := range keys {
			if key == nil {
				continue
			}
			durable, err := c.isDurable(key)
			if err != nil {
				return nil, nil, err
			}
			if durable {
				keys[i] = nil
			}
		}
		if g, err = c.begin(); err != nil {
			return nil, nil, err
		}
		if c.groups.Load()-before <= groupsKept {
			return keys, g, nil
		}
		c.mu.Unlock() // the database has taken in what is no longer kept
	}
}

// isDurable reports whether an entry of this key is in the database to stay.
func (c *committer) isDurable(key []byte) (bool, error) {
	end := c.end.Load()
	value, closer, err := c.db.Get(key)
	if err == pebble.ErrNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	p, err := number(value)
	return p <= end, firstError(err, closer.Close())
}

// freeIDs forgets the IDs of a user; the lock is held.
func (c *committer) freeIDs(user string) {
	prefix := string(idKey(prefixID, user))
	for key := range c.ids {
		if strings.HasPrefix(key, prefix) {
			delete(c.ids, key)
		}
	}
}

// drop lets go of a kept group and its IDs.
func (c *committer) drop(i int) {
	g := c.kept[i]
	for _, key := range g.ids {
		if c.ids[key] == g {
			delete(c.ids, key)
		}
	}
	c.kept = slices.Delete(c.kept, i, i+1)
}
