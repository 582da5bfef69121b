package heaptest_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/goldrec/gold/internal/heaptest"
)

func TestPeak(t *testing.T) {
	const size = 32 << 20
	got := heaptest.Peak(func() {
		room := make([]byte, size)
		time.Sleep(20 * time.Millisecond) // some looks
		runtime.KeepAlive(room)
	})
	if got < size || got > size*5/4 {
		t.Errorf("%d bytes at the most, held were %d", got, size)
	}
	if got := heaptest.Peak(func() {}); got > 1<<20 {
		t.Errorf("%d bytes for nothing", got)
	}
	kept, got := heaptest.Kept(func() []byte { return make([]byte, size) })
	// What others let go of meanwhile, some small things of the runtime, counts against it.
	if got < size-4096 || got > size*5/4 || len(kept) != size {
		t.Errorf("%d bytes kept of %d", got, size)
	}
}
