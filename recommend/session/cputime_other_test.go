//go:build !linux

package session_test

import "time"

// processor returns a clock: other systems say how long a thread has had a processor in other ways.
func processor() (now func() time.Duration, done func()) {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }, func() {}
}
