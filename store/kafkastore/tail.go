package kafkastore

import (
	"slices"
	"sort"

	"github.com/goldrec/gold/store"
)

// node is an entry in the tail, or a trim.
type node struct {
	entry    store.Entry
	trim     *trim
	previous *node // of the user, nil when it is not in the tail
}

func (n *node) at() store.Position {
	if n.trim != nil {
		return n.trim.at
	}
	return n.entry.Position
}

func (p *partition) push(n *node) {
	p.tail = append(p.tail, n)
	if user := n.entry.Interaction.User; n.trim == nil && user != "" {
		n.previous = p.users[user]
		p.users[user] = n
	}
}

// shrink lets the oldest of the tail go that the view has, down to a length.
func (p *partition) shrink(length int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.tail) > length && p.tail[0].at() <= p.applied {
		n := p.tail[0]
		p.tail[0], p.tail = nil, p.tail[1:]
		p.behind, n.previous = n.at(), nil
		if user := n.entry.Interaction.User; p.users[user] == n {
			delete(p.users, user)
		}
	}
}

// index is where in the tail what comes after a position begins.
func (p *partition) index(after store.Position) int {
	return sort.Search(len(p.tail), func(i int) bool { return p.tail[i].at() > after })
}

// read returns up to so many living entries of the tail after a position and up to another, and where it has come to; ok
// is false when the tail does not go back so far.
func (p *partition) read(after, until store.Position, most int) (list []store.Entry, to store.Position, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if after < p.behind {
		return nil, after, false
	}
	for _, n := range p.tail[p.index(after):] {
		if n.at() > until {
			break
		}
		if len(list) == most {
			return list, after, true
		}
		after = n.at()
		if n.trim == nil && p.lives(n.entry.Interaction.User, identify(&n.entry)) {
			list = append(list, n.entry)
		}
	}
	return list, until, true
}

// hasAfter reports whether the tail has a living entry after a position; sure is false when there may be one before the tail.
func (p *partition) hasAfter(after store.Position) (has, sure bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range slices.Backward(p.tail) {
		if n.at() <= after {
			return false, true
		}
		if n.trim == nil && p.lives(n.entry.Interaction.User, identify(&n.entry)) {
			return true, true
		}
	}
	return false, after >= p.behind
}

// history returns up to limit of the user's living interactions in the tail, the newest first, how many of the user's
// entries were looked at, and up to where the view has to answer.
func (p *partition) history(user string, limit int) (list []store.Entry, looked int, until store.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := p.users[user]; n != nil && n.at() > p.behind && len(list) < limit; n = n.previous {
		looked++
		if n.entry.Fact == store.Interacted && p.lives(user, identify(&n.entry)) {
			list = append(list, n.entry)
		}
	}
	return list, looked, p.behind
}
