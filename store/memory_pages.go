package store

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// memoryPageCost is about what a page takes besides its bytes: the struct, its map slot and its user's map.
const memoryPageCost = 256

// memoryPages is a cache of pages, the last used first in a ring through front.
type memoryPages struct {
	now      func() time.Time
	bytesMax int

	mu    sync.Mutex
	users map[string]map[string]*memoryPage
	front *memoryPage
	bytes int
}

type memoryPage struct {
	user, key   string
	page        []byte
	put         time.Time
	ttl         time.Duration
	older, next *memoryPage // next is the more recently used one; the ring closes at the front
}

func (p *memoryPage) bytes() int { return memoryPageCost + len(p.user) + len(p.key) + len(p.page) }

// Page implements Pages.
func (m *Memory) Page(ctx context.Context, user, key string) ([]byte, error) {
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	now := m.pages.now()
	m.pages.mu.Lock()
	defer m.pages.mu.Unlock()
	if m.closed.Load() {
		return nil, ErrClosed
	}
	p := m.pages.users[user][key]
	if p != nil && !PageLives(p.put, p.ttl, now) {
		m.pages.remove(p)
		p = nil
	}
	if p == nil {
		return nil, fmt.Errorf("%w: page %q of %q", ErrNotFound, key, user)
	}
	m.pages.unlink(p)
	m.pages.link(p)
	return bytes.Clone(p.page), nil
}

// PutPage implements Pages.
func (m *Memory) PutPage(ctx context.Context, user, key string, page []byte, ttl time.Duration) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	if err := ValidatePage(user, key, ttl); err != nil {
		return err
	}
	p := &memoryPage{user: strings.Clone(user), key: strings.Clone(key), put: m.pages.now(), ttl: ttl}
	if len(page) <= m.pages.bytesMax {
		p.page = append([]byte{}, page...)
	}
	m.pages.mu.Lock()
	defer m.pages.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	if old := m.pages.users[user][key]; old != nil {
		m.pages.remove(old)
	}
	if len(page) > m.pages.bytesMax || p.bytes() > m.pages.bytesMax {
		return nil
	}
	for m.pages.bytes+p.bytes() > m.pages.bytesMax {
		m.pages.remove(m.pages.front.next) // the ring's oldest
	}
	m.pages.add(p)
	return nil
}

// DropPages implements Pages.
func (m *Memory) DropPages(ctx context.Context, user string) error {
	if err := m.check(ctx); err != nil {
		return err
	}
	m.pages.mu.Lock()
	defer m.pages.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	for _, p := range m.pages.users[user] {
		m.pages.remove(p)
	}
	return nil
}

func (c *memoryPages) add(p *memoryPage) {
	if c.users[p.user] == nil {
		c.users[p.user] = make(map[string]*memoryPage)
	}
	c.users[p.user][p.key] = p
	c.bytes += p.bytes()
	c.link(p)
}

func (c *memoryPages) remove(p *memoryPage) {
	delete(c.users[p.user], p.key)
	if len(c.users[p.user]) == 0 {
		delete(c.users, p.user)
	}
	c.bytes -= p.bytes()
	c.unlink(p)
}

// link puts p at the front: older than nothing, next to the oldest.
func (c *memoryPages) link(p *memoryPage) {
	if c.front == nil {
		p.older, p.next = p, p
	} else {
		oldest := c.front.next
		p.older, p.next = c.front, oldest
		c.front.next, oldest.older = p, p
	}
	c.front = p
}

func (c *memoryPages) unlink(p *memoryPage) {
	p.older.next, p.next.older = p.next, p.older
	if c.front == p {
		c.front = p.older
	}
	if p.older == p {
		c.front = nil
	}
}

func (c *memoryPages) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users, c.front = nil, nil
}
