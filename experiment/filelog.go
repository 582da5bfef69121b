package experiment

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync"
)

var (
	// ErrCorrupt says that a log has damage that no crash explains: sound data follows it.
	ErrCorrupt = errors.New("experiment: exposure log is corrupt")
	// ErrBroken says that an earlier write failed in a way that leaves the file's end unknown; open the log again.
	ErrBroken = errors.New("experiment: exposure log is broken")
)

// The file is the magic, then one frame a batch: the length and the CRC-32C of the payload, four bytes each, the lowest
// first, and the payload. A batch is synced before the next is written, so a crash can damage the last frame only.
const (
	fileMagic  = "goldexp\x01"
	frameHead  = 8
	payloadMax = 16 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// logFile is what a FileLog needs of a file.
type logFile interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// FileLog is a Sink in one file: a batch is on the disk when WriteExposures returns nil. It is safe for concurrent use by
// one process; two processes need a file each.
type FileLog struct {
	mu   sync.Mutex
	file logFile
	end  int64 // of what is durable
	err  error // ErrBroken or os.ErrClosed, for good
}

// OpenFileLog opens the log at path and makes it when there is none. What a crash left of an unfinished batch, which
// nobody was told is durable, is cut off. A file that is no log, or is damaged elsewhere, is ErrCorrupt.
func OpenFileLog(path string) (*FileLog, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("experiment: open exposure log: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		var l *FileLog
		if l, err = openLog(f, info.Size()); err == nil {
			if err = syncDir(filepath.Dir(path)); err == nil {
				return l, nil
			}
		}
	}
	return nil, errors.Join(fmt.Errorf("experiment: open exposure log: %w", err), f.Close())
}

// syncDir makes a new file's name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// openLog finds the end of the sound frames and cuts off what follows.
func openLog(f logFile, size int64) (*FileLog, error) {
	l := &FileLog{file: f}
	if size < int64(len(fileMagic)) { // new, or killed while it was made
		head := make([]byte, size)
		if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
			return nil, err
		}
		if string(head) != fileMagic[:size] && !allZero(head) {
			return nil, fmt.Errorf("%w: no exposure log", ErrCorrupt)
		}
		if _, err := f.WriteAt([]byte(fileMagic), 0); err != nil {
			return nil, err
		}
		l.end = int64(len(fileMagic))
		return l, f.Sync()
	}
	head := make([]byte, len(fileMagic))
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, err
	}
	if string(head) != fileMagic {
		return nil, fmt.Errorf("%w: no exposure log", ErrCorrupt)
	}
	end, err := soundEnd(f, size)
	if err != nil {
		return nil, err
	}
	l.end = end
	if end == size {
		return l, nil
	}
	if err := f.Truncate(end); err != nil {
		return nil, err
	}
	return l, f.Sync()
}

func allZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// soundEnd is where the last sound frame ends. Damage before another sound frame is ErrCorrupt.
func soundEnd(f logFile, size int64) (int64, error) {
	end := int64(len(fileMagic))
	for payload, err := range frames(f, size) {
		if err != nil {
			return 0, err
		}
		end += frameHead + int64(len(payload))
	}
	rest := make([]byte, size-end)
	if len(rest) > payloadMax+frameHead {
		return 0, fmt.Errorf("%w: %d bytes after %d are unreadable", ErrCorrupt, len(rest), end)
	}
	if _, err := f.ReadAt(rest, end); err != nil && err != io.EOF {
		return 0, err
	}
	for i := 1; i+frameHead < len(rest); i++ {
		n := int64(binary.LittleEndian.Uint32(rest[i:]))
		sum := binary.LittleEndian.Uint32(rest[i+4:])
		from := int64(i + frameHead)
		if n > 0 && from+n <= int64(len(rest)) && crc32.Checksum(rest[from:from+n], castagnoli) == sum {
			if _, err := decodeBatch(rest[from : from+n]); err == nil {
				return 0, fmt.Errorf("%w: damage at %d, sound data at %d", ErrCorrupt, end, end+int64(i))
			}
		}
	}
	return end, nil
}

// frames yields the payloads up to the first that is not sound; the slice is overwritten by the next.
func frames(f io.ReaderAt, size int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		start := int64(len(fileMagic))
		r := bufio.NewReaderSize(io.NewSectionReader(f, start, size-start), 1<<16)
		var head [frameHead]byte
		var payload []byte
		for {
			if _, err := io.ReadFull(r, head[:]); err != nil {
				if err != io.EOF && err != io.ErrUnexpectedEOF {
					yield(nil, err)
				}
				return
			}
			n := binary.LittleEndian.Uint32(head[:])
			if n == 0 || n > payloadMax {
				return
			}
			if cap(payload) < int(n) {
				payload = make([]byte, n)
			}
			payload = payload[:n]
			if _, err := io.ReadFull(r, payload); err != nil {
				if err != io.EOF && err != io.ErrUnexpectedEOF {
					yield(nil, err)
				}
				return
			}
			if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
				return
			}
			if !yield(payload, nil) {
				return
			}
		}
	}
}

// WriteExposures implements Sink. All of the batch is durable when it returns nil, and none of it is read again after an
// error; ctx is looked at before writing only. A batch of more than 16 MiB, about 10,000 of the longest exposures, is
// ErrInvalid.
func (l *FileLog) WriteExposures(ctx context.Context, batch []Exposure) error {
	if len(batch) == 0 {
		return ctx.Err()
	}
	for i := range batch {
		if err := batch[i].Validate(); err != nil {
			return err
		}
	}
	frame := encodeBatch(make([]byte, frameHead, 256), batch)
	payload := frame[frameHead:]
	if len(payload) > payloadMax {
		return fmt.Errorf("%w: batch of %d bytes", ErrInvalid, len(payload))
	}
	binary.LittleEndian.PutUint32(frame, uint32(len(payload)))
	binary.LittleEndian.PutUint32(frame[4:], crc32.Checksum(payload, castagnoli))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.write(frame)
}

// write appends a frame. A frame that did not get to the disk is taken back; when that fails, or the disk did not say
// what it kept, the log is broken.
func (l *FileLog) write(frame []byte) error {
	if _, err := l.file.WriteAt(frame, l.end); err != nil {
		if back := errors.Join(l.file.Truncate(l.end), l.file.Sync()); back != nil {
			l.err = fmt.Errorf("%w: %w", ErrBroken, back)
		}
		return fmt.Errorf("experiment: write exposures: %w", err)
	}
	if err := l.file.Sync(); err != nil {
		l.err = fmt.Errorf("%w: sync: %w", ErrBroken, err)
		return l.err
	}
	l.end += int64(len(frame))
	return nil
}

// All yields the exposures that are durable when it begins, in the order written. It may be run again. An error ends it
// and comes last.
func (l *FileLog) All() iter.Seq2[Exposure, error] {
	return func(yield func(Exposure, error) bool) {
		l.mu.Lock()
		end, err := l.end, l.err
		l.mu.Unlock()
		if err != nil {
			yield(Exposure{}, err)
			return
		}
		at := int64(len(fileMagic))
		for payload, err := range frames(l.file, end) {
			var batch []Exposure
			if err == nil {
				batch, err = decodeBatch(payload)
			}
			if err != nil {
				yield(Exposure{}, fmt.Errorf("experiment: read exposures: %w", err))
				return
			}
			at += frameHead + int64(len(payload))
			for _, e := range batch {
				if !yield(e, nil) {
					return
				}
			}
		}
		if at != end {
			yield(Exposure{}, fmt.Errorf("%w: damage at %d", ErrCorrupt, at))
		}
	}
}

// Close closes the file; later calls return os.ErrClosed. It waits for a write under way.
func (l *FileLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(l.err, os.ErrClosed) {
		return nil
	}
	l.err = fmt.Errorf("experiment: exposure log: %w", os.ErrClosed)
	return l.file.Close()
}
