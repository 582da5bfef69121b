package journal

import (
	"errors"
	"math/rand/v2"
)

// ErrCrashed is the error of what was waiting when Crash was called.
var ErrCrashed = errors.New("crashed")

// Crash ends a journal as a power cut would, for tests: nothing is written from now on, and of what was not synced any part is
// there, and the last byte of that may be another.
func (j *Journal[R]) Crash(r *rand.Rand) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = ErrCrashed
	for j.writing {
		j.turn.Wait()
	}
	j.turn.Broadcast()
	if len(j.open) > frameHead { // the next write has got somewhere
		if err := writeFrame(j.file, append([]byte(nil), j.open...)); err != nil {
			return err
		}
	}
	info, err := j.file.Stat()
	if err != nil {
		return err
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
	return j.file.Close()
}
