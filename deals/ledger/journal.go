package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// A journal is a file of records: fileMagic, and then frames, each what was synced together:
//
//	magic   4 bytes, frameMagic
//	length  4 bytes, little-endian, of the records
//	sum     4 bytes, little-endian: CRC-32C of the records
//	records
//
// Who waits first writes for all who have noted something by then; the others wait for one of them.
type journal struct {
	path string

	mu      sync.Mutex
	turn    sync.Cond // a write has ended
	file    *os.File
	open    []byte // the frame to be written next, with room for its head
	spare   []byte
	noted   uint64 // records so far
	synced  uint64 // of them
	writing bool
	size    int64
	err     error
}

const (
	fileMagic  = "goldclaims\x00\x01"
	frameMagic = "GCfr"
	frameHead  = 12
	gatherMax  = 16 // rounds of waiting for others before a write
)

// openJournal gives each record of a file to replay.
func openJournal(path string, replay func(r *record) error) (*journal, error) {
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &journal{path: path, file: file}
	j.turn.L = &j.mu
	if err := j.read(replay); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func (j *journal) read(replay func(r *record) error) error {
	data, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	if len(data) < len(fileMagic) && bytes.HasPrefix([]byte(fileMagic), data) {
		return j.begin() // new, or cut off before anything was answered
	}
	if !bytes.HasPrefix(data, []byte(fileMagic)) {
		return fmt.Errorf("%w: not a file of claims", ErrDamaged)
	}
	j.size = int64(len(fileMagic))
	for rest := data[len(fileMagic):]; len(rest) > 0; {
		records, ok := frame(rest)
		if !ok {
			return j.cut(rest)
		}
		rest = rest[frameHead+len(records):]
		j.size += int64(frameHead + len(records))
		for len(records) > 0 {
			var r record
			if r, records, err = readRecord(records); err != nil {
				return err
			}
			if err := replay(&r); err != nil {
				return err
			}
		}
	}
	_, err = j.file.Seek(j.size, io.SeekStart)
	return err
}

// begin writes an empty journal.
func (j *journal) begin() error {
	if err := j.file.Truncate(0); err != nil {
		return err
	}
	if _, err := j.file.WriteAt([]byte(fileMagic), 0); err != nil {
		return err
	}
	j.size = int64(len(fileMagic))
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return err
	}
	return errors.Join(j.file.Sync(), syncDir(filepath.Dir(j.path)))
}

// frame returns the records of the frame that data begins with.
func frame(data []byte) (records []byte, ok bool) {
	if len(data) < frameHead || string(data[:4]) != frameMagic {
		return nil, false
	}
	size := binary.LittleEndian.Uint32(data[4:])
	if uint64(size) > uint64(len(data)-frameHead) {
		return nil, false
	}
	records = data[frameHead : frameHead+int(size)]
	return records, crc32.Checksum(records, crc32.MakeTable(crc32.Castagnoli)) == binary.LittleEndian.Uint32(data[8:])
}

// cut drops what follows the last good frame: what a crash left of a write that nobody was told of. A good frame behind
// it says that it was something else.
func (j *journal) cut(rest []byte) error {
	for i := 1; ; i++ {
		next := bytes.Index(rest[i:], []byte(frameMagic))
		if next < 0 {
			break
		}
		i += next
		if _, ok := frame(rest[i:]); ok {
			return fmt.Errorf("%w: bytes %d to %d", ErrDamaged, j.size, j.size+int64(i))
		}
	}
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return err
	}
	return j.file.Sync()
}

// note implements noter.
func (j *journal) note(r *record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.open) == 0 {
		j.open = append(j.open, make([]byte, frameHead)...)
	}
	j.open = appendRecord(j.open, r)
	j.noted++
}

func (j *journal) failed() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// wait returns when all that was noted before is on the disk, with the size of the file.
func (j *journal) wait() (size int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for want := j.noted; j.synced < want && j.err == nil; {
		if j.writing {
			j.turn.Wait()
			continue
		}
		j.write()
	}
	return j.size, j.err
}

// write writes the open frame. It holds the lock when it begins and when it ends.
func (j *journal) write() {
	j.writing = true
	j.gather()
	b, upTo := j.open, j.noted
	j.open, j.spare = j.spare[:0], nil
	j.mu.Unlock()
	err := writeFrame(j.file, b)
	if err == nil {
		err = j.file.Sync()
	}
	j.mu.Lock()
	j.writing = false
	j.spare = b
	if err != nil {
		j.err = fmt.Errorf("%w: %w", ErrFailed, err)
	} else {
		j.synced = upTo
		j.size += int64(len(b))
	}
	j.turn.Broadcast()
}

// gather lets those who have just been answered, and are about to note what they do next, come along: otherwise the first of them
// would have a sync to itself, and every other sync would be for one. Alone it costs a fraction of a microsecond.
func (j *journal) gather() {
	for range gatherMax {
		noted := j.noted
		j.mu.Unlock()
		runtime.Gosched()
		j.mu.Lock()
		if j.noted == noted {
			return
		}
	}
}

// writeFrame writes a frame whose records follow the room for its head.
func writeFrame(w io.Writer, b []byte) error {
	copy(b, frameMagic)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-frameHead))
	binary.LittleEndian.PutUint32(b[8:], crc32.Checksum(b[frameHead:], crc32.MakeTable(crc32.Castagnoli)))
	_, err := w.Write(b)
	return err
}

// replace writes a new file of what dump yields, and goes on in that. Nobody else uses the journal meanwhile.
func (j *journal) replace(dump func(yield func(r *record))) error {
	if j.err != nil {
		return j.err
	}
	file, size, err := writeNew(j.path+".new", dump)
	if err == nil {
		err = os.Rename(j.path+".new", j.path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(j.path))
	}
	if err != nil {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
		j.err = fmt.Errorf("%w: %w", ErrFailed, err)
		return j.err
	}
	old := j.file
	j.file, j.size = file, size
	return old.Close()
}

func writeNew(path string, dump func(yield func(r *record))) (*os.File, int64, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, 0, err
	}
	size := int64(len(fileMagic))
	_, err = file.WriteString(fileMagic)
	b := make([]byte, frameHead, 1<<20)
	flush := func() {
		if len(b) > frameHead && err == nil {
			err = writeFrame(file, b)
			size += int64(len(b))
		}
		b = b[:frameHead]
	}
	dump(func(r *record) {
		if b = appendRecord(b, r); len(b) > 1<<19 {
			flush()
		}
	})
	flush()
	if err == nil {
		err = file.Sync()
	}
	return file, size, err
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.writing {
		j.turn.Wait()
	}
	return errors.Join(j.err, j.file.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
