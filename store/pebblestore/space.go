package pebblestore

import (
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// reserveMax is the default of Options.DiskReserve on a large volume.
const reserveMax = 256 << 20

// space watches the room on the volume. A file system that does not tell has enough.
type space struct {
	fs      vfs.FS
	dir     string
	reserve uint64 // 0: the default
	low     atomic.Bool
}

// check looks at the volume; it costs a system call.
func (s *space) check() {
	usage, err := s.fs.GetDiskUsage(s.dir)
	reserve := s.reserve
	if reserve == 0 {
		reserve = min(reserveMax, usage.TotalBytes/10)
	}
	s.low.Store(err == nil && usage.AvailBytes < reserve)
}

// full reports whether what adds must be refused. While the volume had room at the last commit it costs nothing.
func (s *space) full() bool {
	if s.low.Load() {
		s.check()
	}
	return s.low.Load()
}
