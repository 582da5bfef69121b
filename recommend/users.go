package recommend

import (
	"sync"

	"github.com/goldrec/gold/internal/idmap"
)

// users is the bounded set of users in memory. Reads take no lock; the clock algorithm (second chance) chooses who
// leaves when it is full.
type users struct {
	byID idmap.Map[*user]

	mu    sync.Mutex // guards what follows, and all writing of byID
	max   int
	slots []*user
	hand  int
}

func (us *users) get(id string) (*user, bool) {
	u, ok := us.byID.Get(id)
	if ok && !u.used.Load() { // a store on every read would pass the cache line between cores
		u.used.Store(true)
	}
	return u, ok
}

// add returns the user, made when not in memory.
func (us *users) add(id string) *user {
	us.mu.Lock()
	defer us.mu.Unlock()
	if u, ok := us.get(id); ok {
		return u
	}
	u := &user{id: id}
	if len(us.slots) < us.max {
		us.slots = append(us.slots, u)
	} else {
		us.slots[us.evict()] = u
	}
	us.byID.Set(id, u)
	return u
}

// evict frees a slot and returns its index. A removed user's slot is nil.
func (us *users) evict() int {
	for {
		us.hand = (us.hand + 1) % len(us.slots)
		u := us.slots[us.hand]
		if u == nil {
			return us.hand
		}
		if !u.used.Swap(false) {
			us.byID.Delete(u.id)
			return us.hand
		}
	}
}

func (us *users) remove(id string) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u, ok := us.byID.Get(id)
	if !ok {
		return
	}
	us.byID.Delete(id)
	for i := range us.slots { // forgetting is rare; an index in every user is not worth its bytes
		if us.slots[i] == u {
			us.slots[i] = nil
		}
	}
}

// clear removes all.
func (us *users) clear() {
	us.mu.Lock()
	defer us.mu.Unlock()
	for i, u := range us.slots {
		if u != nil {
			us.byID.Delete(u.id)
			us.slots[i] = nil
		}
	}
}

// len is how many users are in memory.
func (us *users) len() int { return us.byID.Len() }
