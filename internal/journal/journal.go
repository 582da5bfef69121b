// Package journal keeps records in a file that survives a kill and a power cut, with one sync for all who wait at a time. It is
// what a ledger of claims and a log of alerts are written in.
package journal

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

var (
	// ErrInUse says that a directory is open already, here or in another process.
	ErrInUse = errors.New("directory is in use")
	// ErrDamaged says that a file does not hold what was written.
	ErrDamaged = errors.New("damaged")
	// ErrFailed says that a write failed, now or earlier: a journal takes nothing more until it is opened again.
	ErrFailed = errors.New("write failed")
)

// Format is how a file of records of a kind is written.
type Format[R any] struct {
	Magic  string                               // what the file begins with: of this kind and no other
	Append func(dst []byte, r *R) []byte        // encodes a record behind dst
	Read   func(data []byte) (R, []byte, error) // decodes the first record, and returns what follows it
}

// Journal is a file: the magic of its format, and then frames, each what was synced together:
//
//	magic   4 bytes, frameMagic
//	length  4 bytes, little-endian, of the records
//	sum     4 bytes, little-endian: CRC-32C of the records
//	records
//
// Who waits first writes for all who have noted something by then; the others wait for one of them. It is safe for concurrent
// use, but for Replace and Close.
type Journal[R any] struct {
	path   string
	format Format[R]

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
	frameMagic = "GCfr"
	frameHead  = 12
	gatherMax  = 16 // rounds of waiting for others before a write
)

// Open opens the journal of a file, which it makes when there is none, and gives each record to replay, whose error ends it. A last
// write that a crash has cut off was never answered, and is cut away; any other damage is ErrDamaged.
func Open[R any](path string, format Format[R], replay func(r *R) error) (*Journal[R], error) {
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &Journal[R]{path: path, format: format, file: file}
	j.turn.L = &j.mu
	if err := j.read(replay); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func (j *Journal[R]) read(replay func(r *R) error) error {
	data, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	if len(data) < len(j.format.Magic) && bytes.HasPrefix([]byte(j.format.Magic), data) {
		return j.begin() // new, or cut off before anything was answered
	}
	if !bytes.HasPrefix(data, []byte(j.format.Magic)) {
		return fmt.Errorf("%w: it does not begin as a file of its kind", ErrDamaged)
	}
	j.size = int64(len(j.format.Magic))
	for rest := data[len(j.format.Magic):]; len(rest) > 0; {
		records, ok := frame(rest)
		if !ok {
			return j.cut(rest)
		}
		rest = rest[frameHead+len(records):]
		j.size += int64(frameHead + len(records))
		for len(records) > 0 {
			var r R
			if r, records, err = j.format.Read(records); err != nil {
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
func (j *Journal[R]) begin() error {
	if err := j.file.Truncate(0); err != nil {
		return err
	}
	if _, err := j.file.WriteAt([]byte(j.format.Magic), 0); err != nil {
		return err
	}
	j.size = int64(len(j.format.Magic))
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
func (j *Journal[R]) cut(rest []byte) error {
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

// Note takes a record to be written with what is waited for next.
func (j *Journal[R]) Note(r *R) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.open) == 0 {
		j.open = append(j.open, make([]byte, frameHead)...)
	}
	j.open = j.format.Append(j.open, r)
	j.noted++
}

// Failed is the error of a write, or nil.
func (j *Journal[R]) Failed() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Wait returns when all that was noted before is on the disk, with the size of the file.
func (j *Journal[R]) Wait() (size int64, err error) {
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
func (j *Journal[R]) write() {
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
func (j *Journal[R]) gather() {
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

// Replace writes a new file of what dump yields, and goes on in that. Nobody else uses the journal meanwhile.
func (j *Journal[R]) Replace(dump func(yield func(r *R))) error {
	if j.err != nil {
		return j.err
	}
	file, size, err := j.writeNew(dump)
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

func (j *Journal[R]) writeNew(dump func(yield func(r *R))) (*os.File, int64, error) {
	file, err := os.OpenFile(j.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, 0, err
	}
	size := int64(len(j.format.Magic))
	_, err = file.WriteString(j.format.Magic)
	b := make([]byte, frameHead, 1<<20)
	flush := func() {
		if len(b) > frameHead && err == nil {
			err = writeFrame(file, b)
			size += int64(len(b))
		}
		b = b[:frameHead]
	}
	dump(func(r *R) {
		if b = j.format.Append(b, r); len(b) > 1<<19 {
			flush()
		}
	})
	flush()
	if err == nil {
		err = file.Sync()
	}
	return file, size, err
}

// Size is how many bytes of the file are on the disk.
func (j *Journal[R]) Size() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size
}

// Close waits for a write under way, and returns the error of one that failed.
func (j *Journal[R]) Close() error {
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
