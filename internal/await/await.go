// Package await is what stores on servers wait with: for news of others, and before they try again.
package await

import (
	"context"
	"sync"
	"time"
)

// News wakes those who wait for something to have changed. The zero value works, and it is safe for concurrent use.
//
//	for {
//		changed := news.Changed() // before the look, so that nothing is missed
//		if found() { return }
//		<-changed
//	}
type News struct {
	mu   sync.Mutex
	next chan struct{} // closed by Wake; nil while nobody waits
}

// Changed is closed at the next Wake.
func (n *News) Changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next == nil {
		n.next = make(chan struct{})
	}
	return n.next
}

// Wake closes the channels that Changed has returned.
func (n *News) Wake() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next != nil {
		close(n.next)
		n.next = nil
	}
}

// Sleep waits, and reports false when ctx ends before.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
