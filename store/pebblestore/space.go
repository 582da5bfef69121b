package pebblestore

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// reserveMax is the default of Options.DiskReserve on a large volume.
const reserveMax = 256 << 20

// space watches the room on the volume. A file system that does not tell has enough.
type space struct {
	fs       vfs.FS
	dir      string
	reserve  uint64       // 0: the default
	memTable uint64       // bytes of a write buffer
	spare    atomic.Int64 // bytes that were free beyond the reserve when last looked at
}

// newSpace chooses write buffers so small that the log of them all, which Open writes into tables once more, takes a
// twentieth of the volume. Other than 0, memTable is their size.
func newSpace(fs vfs.FS, dir string, reserve, memTable uint64) *space {
	s := &space{fs: fs, dir: dir, reserve: reserve, memTable: memTable}
	if memTable == 0 {
		s.memTable = memTableBytes
		if usage, err := fs.GetDiskUsage(dir); err == nil {
			s.memTable = max(memTableBytesMin, min(memTableBytes, usage.TotalBytes/(20*memTablesMax)))
		}
	}
	return s
}

// logMax is how much the write-ahead log holds that is not in tables yet.
func (s *space) logMax() uint64 { return memTablesMax * s.memTable }

// check looks at the volume; it costs a system call. On a small one the reserve is half of it, for a compaction may
// write all there is once more before it deletes the old.
func (s *space) check() {
	usage, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		s.spare.Store(math.MaxInt64)
		return
	}
	reserve := s.reserve
	if reserve == 0 {
		reserve = min(reserveMax, usage.TotalBytes/2)
	}
	s.spare.Store(int64(usage.AvailBytes) - int64(max(reserve, s.logMax())))
}

// full reports whether what adds so many bytes must be refused. While the volume had room at the last commit it costs
// nothing.
func (s *space) full(bytes int) bool {
	if s.spare.Load() < int64(bytes) {
		s.check()
	}
	return s.spare.Load() < int64(bytes)
}

// enoughToOpen returns ErrFull when the engine might not find the room to take up its log.
func (s *space) enoughToOpen() error {
	usage, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		return nil
	}
	names, err := s.fs.List(s.dir)
	if err != nil {
		return err
	}
	var need uint64
	for _, name := range names {
		if strings.HasSuffix(name, ".log") {
			info, err := s.fs.Stat(s.fs.PathJoin(s.dir, name))
			if err != nil {
				return err
			}
			need += uint64(info.Size())
		}
	}
	if need = min(need, s.logMax()); usage.AvailBytes < need {
		return fmt.Errorf("%w: %d bytes are free, the write-ahead log may need %d", ErrFull, usage.AvailBytes, need)
	}
	return nil
}
