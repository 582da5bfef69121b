package ledger

import (
	"errors"
	"math/rand/v2"
)

// Kill ends a ledger as a power cut would: nothing is written from now on, and of what was not synced any part is there.
func (d *Disk) Kill(r *rand.Rand) error { return errors.Join(d.journal.Crash(r), d.lock.Close()) }

// Rewrite writes the file anew, however small it is.
func (d *Disk) Rewrite() error {
	d.gate.Lock()
	defer d.gate.Unlock()
	return d.journal.Replace(d.memory.dump)
}

// Due is how many entries a deal has of what is due.
func (m *Memory) Due(deal string) int { return len(m.pool(deal).due) }
