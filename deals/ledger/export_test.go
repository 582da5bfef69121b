package ledger

import (
	"errors"
	"math/rand/v2"
)

var errKilled = errors.New("killed")

// Kill ends a ledger as a power cut would: nothing is written from now on, and of what was not synced any part is there, and the
// last byte of that may be another.
func (d *Disk) Kill(r *rand.Rand) error {
	j := d.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = errKilled
	for j.writing {
		j.turn.Wait()
	}
	j.turn.Broadcast()
	info, err := j.file.Stat()
	if err != nil {
		return err
	}
	unsynced := append([]byte(nil), j.open...)
	if len(unsynced) > frameHead { // the next write has got somewhere
		_ = writeFrame(j.file, unsynced)
		info, _ = j.file.Stat()
	}
	cut := j.size + r.Int64N(info.Size()-j.size+1)
	if err := j.file.Truncate(cut); err != nil {
		return err
	}
	if cut > j.size && r.IntN(2) == 0 {
		if _, err := j.file.WriteAt([]byte{0xA5}, cut-1); err != nil {
			return err
		}
	}
	return d.lock.Close()
}

// Rewrite writes the file anew, however small it is.
func (d *Disk) Rewrite() error {
	d.gate.Lock()
	defer d.gate.Unlock()
	return d.journal.replace(d.memory.dump)
}

// Due is how many entries a deal has of what is due.
func (m *Memory) Due(deal string) int { return len(m.pool(deal).due) }
