package accounts

import (
	"sync"
	"time"
)

// How many log-ins may fail within the period: with one account from one address, from one address, and with one account
// from anywhere, which is generous, so that nobody can lock somebody else out at leisure.
const (
	throttlePeriod = 15 * time.Minute
	pairMax        = 5
	remoteMax      = 50
	emailFailsMax  = 200
	throttledMax   = 100_000 // keys in memory; when there are more, those whose period is over go, or all
)

type failures struct {
	n     int
	until time.Time
}

// throttle counts attempts from their beginning, so that those under way at the same time count too.
type throttle struct {
	mu     sync.Mutex
	failed map[string]failures
}

func pairKey(email, remote string) string { return email + "\x00" + remote }

// begin counts an attempt, or refuses it.
func (t *throttle) begin(now time.Time, email, remote string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := map[string]int{pairKey(email, remote): pairMax, "\x00" + remote: remoteMax, email: emailFailsMax}
	for key, most := range keys {
		if f := t.failed[key]; now.Before(f.until) && f.n >= most {
			return false
		}
	}
	if len(t.failed) > throttledMax {
		t.tidy(now)
	}
	for key := range keys {
		f := t.failed[key]
		if !now.Before(f.until) {
			f = failures{until: now.Add(throttlePeriod)}
		}
		f.n++
		t.failed[key] = f
	}
	return true
}

func (t *throttle) tidy(now time.Time) {
	for key, f := range t.failed {
		if !now.Before(f.until) {
			delete(t.failed, key)
		}
	}
	if len(t.failed) > throttledMax {
		clear(t.failed)
	}
}

// succeeded takes an attempt back, and what failed before it.
func (t *throttle) succeeded(email, remote string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failed, pairKey(email, remote))
	for _, key := range []string{"\x00" + remote, email} {
		if f := t.failed[key]; f.n > 0 {
			f.n--
			t.failed[key] = f
		}
	}
}
