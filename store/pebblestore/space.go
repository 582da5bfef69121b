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

// below reports whether less than 1/part of the reserve is left; it costs a system call.
func (s *space) below(part uint64) bool {
	usage, err := s.fs.GetDiskUsage(s.dir)
	reserve := s.reserve
	if reserve == 0 {
		reserve = min(reserveMax, usage.TotalBytes/10)
	}
	return err == nil && usage.AvailBytes < reserve/part
}

// check looks at the volume.
func (s *space) check() { s.low.Store(s.below(1)) }

// tooLowToOpen reports whether the engine might not find the room to replay its log.
func (s *space) tooLowToOpen() bool { return s.below(4) }

// full reports whether what adds must be refused. While the volume had room at the last commit it costs nothing.
func (s *space) full() bool {
	if s.low.Load() {
		s.check()
	}
	return s.low.Load()
}
