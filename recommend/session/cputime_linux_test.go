package session_test

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// processor returns what tells how long this goroutine has had a processor, which other work on the machine does not change, and
// what to call when that is done with.
func processor() (now func() time.Duration, done func()) {
	runtime.LockOSThread()
	return func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
			panic(err)
		}
		return time.Duration(t.Nano())
	}, runtime.UnlockOSThread
}
