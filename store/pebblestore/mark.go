package pebblestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	markName     = "acknowledged"
	markMagic    = "goldmark"
	markLen      = 8 + 8 + 8 + 4 // magic, group, end, checksum
	markSlot     = 512           // where the second copy begins: another sector
	markSyncEach = 1000          // groups
)

// state is how far the store has come: the last group committed, and the last position in it or before it.
type state struct{ group, end uint64 }

// mark is the file that says up to where the database must have something. A write-ahead log cannot: that its last
// records are missing looks the same as that they were never written. It is written after the sync of each group, to
// two places in turn, so that a copy that is torn leaves the other. It never says more than the disk has acknowledged.
type mark struct {
	fs   vfs.FS
	dir  string
	file vfs.File
}

func (m *mark) path() string { return m.fs.PathJoin(m.dir, markName) }

// open compares what the database has with what the file says, and begins to keep the file.
func (m *mark) open(has state) error {
	said, err := m.read()
	if err != nil {
		return err
	}
	if said.group > has.group {
		return fmt.Errorf("%w: of the last %d groups of writes nothing is there, nor of the %d entries after position %d:"+
			" the disk has lost what it had acknowledged; without the file %s what is left opens",
			ErrDamaged, said.group-has.group, max(said.end, has.end)-has.end, has.end, m.path())
	}
	if m.file, err = m.fs.OpenReadWrite(m.path(), vfs.WriteCategoryUnspecified); err != nil {
		return err
	}
	m.write(has)
	return errors.Join(m.file.Sync(), m.syncDir())
}

func (m *mark) syncDir() error {
	dir, err := m.fs.OpenDir(m.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// read returns the later of the two copies, the zero state when there is none that is whole.
func (m *mark) read() (said state, err error) {
	f, err := m.fs.Open(m.path())
	if errors.Is(err, os.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return state{}, err
	}
	for slot := range int64(2) {
		var b [markLen]byte
		n, err := f.ReadAt(b[:], slot*markSlot)
		if err != nil && err != io.EOF {
			return state{}, errors.Join(err, f.Close())
		}
		if st, ok := parseMark(b[:n]); ok && st.group >= said.group {
			said = st
		}
	}
	return said, f.Close()
}

// write notes what has been committed. That it fails is told by the guard, as of all files that are not read back.
func (m *mark) write(st state) {
	_, _ = m.file.WriteAt(appendMark(nil, st), int64(st.group%2)*markSlot)
	if st.group%markSyncEach == 0 {
		_ = m.file.SyncData()
	}
}

// close makes the file as durable as all else.
func (m *mark) close() error {
	if m.file == nil {
		return nil
	}
	return errors.Join(m.file.Sync(), m.file.Close())
}

func appendMark(b []byte, st state) []byte {
	from := len(b)
	b = append(b, markMagic...)
	b = binary.LittleEndian.AppendUint64(b, st.group)
	b = binary.LittleEndian.AppendUint64(b, st.end)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], crc32.MakeTable(crc32.Castagnoli)))
}

func parseMark(b []byte) (state, bool) {
	if len(b) != markLen || string(b[:8]) != markMagic {
		return state{}, false
	}
	if crc32.Checksum(b[:24], crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(b[24:]) {
		return state{}, false
	}
	return state{group: binary.LittleEndian.Uint64(b[8:]), end: binary.LittleEndian.Uint64(b[16:])}, true
}
