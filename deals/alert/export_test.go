package alert

import (
	"errors"
	"math/rand/v2"
)

// Kill ends a log as a power cut would: nothing is written from now on, and of what was not synced any part is there.
func (d *Disk) Kill(r *rand.Rand) error { return errors.Join(d.file.Crash(r), d.lock.Close()) }

// Rewrite writes the file anew, however small it is.
func (d *Disk) Rewrite() error { return d.rewrite(true) }

// Note is a record of the file, encoded.
func Note(user, date, key string) []byte { return appendNote(nil, &note{user, date, key}) }

// ReadNote decodes a record, and returns what follows it.
func ReadNote(data []byte) (rest []byte, err error) {
	_, rest, err = readNote(data)
	return rest, err
}
