package alert

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// datesKept is how many dates of a user Memory remembers.
const datesKept = 8

// Memory is a Log in memory: what was sent before a restart is not known after it. Per user it remembers the last eight dates on
// which anything was sent.
type Memory struct {
	mu    sync.Mutex
	users map[string][]day
}

// day is what was sent on a date.
type day struct {
	date string
	keys []string
}

var _ Log = (*Memory)(nil)

// NewMemory returns an empty log.
func NewMemory() *Memory { return &Memory{users: map[string][]day{}} }

// Forget removes what was sent to a user.
func (m *Memory) Forget(user string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.users, user)
}

// each yields what is remembered, the dates of each user in their order.
func (m *Memory) each(yield func(*note)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, user := range slices.Sorted(maps.Keys(m.users)) {
		for _, d := range m.users[user] {
			for _, key := range d.keys {
				yield(&note{user, d.date, key})
			}
		}
	}
}

// Sent implements Log.
func (m *Memory) Sent(_ context.Context, user, key string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.users[user] {
		if slices.Contains(d.keys, key) {
			return true, nil
		}
	}
	return false, nil
}

// Count implements Log.
func (m *Memory) Count(_ context.Context, user, date string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.users[user] {
		if d.date == date {
			return len(d.keys), nil
		}
	}
	return 0, nil
}

// Note implements Log.
func (m *Memory) Note(_ context.Context, user, date, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	days := m.users[user]
	for i := range days {
		if days[i].date == date {
			days[i].keys = append(days[i].keys, key)
			return nil
		}
	}
	days = append(days, day{date, []string{key}})
	m.users[user] = days[max(0, len(days)-datesKept):]
	return nil
}
