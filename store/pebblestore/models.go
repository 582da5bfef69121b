package pebblestore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"

	"github.com/goldrec/gold/store"
)

// chunkBytes is how much of a model one value holds, and what reading or writing one needs in memory.
const chunkBytes = 1 << 20

// PutModel implements store.Models. It streams: a model of any size needs a megabyte of memory beside the write
// buffers. What it wrote before an error is deleted, or at the next Open if the process ends first.
func (s *Store) PutModel(ctx context.Context, name string, r io.Reader) (uint64, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	s.leave()
	if err := store.ValidateModelName(name); err != nil {
		return 0, err
	}
	upload := s.uploads.Add(1)
	size, err := s.upload(ctx, upload, r)
	var version uint64
	if err == nil {
		version, err = s.publish(ctx, name, upload, size)
	}
	if err != nil {
		// The context may be what ended the upload, and must not end its removal.
		err = errors.Join(err, s.dropUpload(context.WithoutCancel(ctx), upload))
		return 0, fmt.Errorf("pebblestore: put model %q: %w", name, err)
	}
	return version, nil
}

// upload writes all of r in chunks that nothing refers to yet.
func (s *Store) upload(ctx context.Context, upload uint64, r io.Reader) (size uint64, err error) {
	chunk := make([]byte, chunkBytes)
	for number := uint32(0); ; number++ {
		n, err := io.ReadFull(r, chunk)
		size += uint64(n)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return 0, err
		}
		if n > 0 {
			if err := s.putChunk(ctx, chunkKey(upload, number), chunk[:n]); err != nil {
				return 0, err
			}
		}
		if end {
			return size, nil
		}
	}
}

func (s *Store) putChunk(ctx context.Context, key, chunk []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if s.space.full(len(chunk)) {
		return ErrFull
	}
	return s.commits.write(func(b *pebble.Batch) error { return b.Set(key, chunk, nil) })
}

// publish makes an upload the next version of the model.
func (s *Store) publish(ctx context.Context, name string, upload, size uint64) (uint64, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	s.models.Lock()
	defer s.models.Unlock()
	key := idKey(prefixModel, name)
	value, found, err := s.get(key)
	if err != nil {
		return 0, err
	}
	version := uint64(1)
	if found {
		last, err := number(value)
		if err != nil {
			return 0, err
		}
		version += last
	}
	return version, s.commits.write(func(b *pebble.Batch) error {
		return firstError(b.Set(key, numberValue(version), nil),
			b.Set(numberKey(prefixVersion, name, version), pairValue(upload, size), nil))
	})
}

func (s *Store) dropUpload(ctx context.Context, upload uint64) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	return s.commits.write(func(b *pebble.Batch) error {
		return b.DeleteRange(chunkKey(upload, 0), chunkKey(upload+1, 0), nil)
	})
}

// blob is where the bytes of a version are.
type blob struct{ upload, size uint64 }

func parseBlob(data []byte) (bl blob, err error) {
	bl.upload, bl.size, err = pair(data)
	return bl, err
}

// OpenModel implements store.Models. What it opens reads a megabyte at a time, holds no snapshot, and is for one
// goroutine.
func (s *Store) OpenModel(ctx context.Context, name string, version uint64) (io.ReadCloser, uint64, error) {
	if err := s.enter(ctx); err != nil {
		return nil, 0, err
	}
	defer s.leave()
	var r *modelReader
	err := s.eachVersion(ctx, name, func(v uint64, bl blob) {
		if version == 0 || version == v {
			r = &modelReader{s: s, version: v, blob: bl}
		}
	})
	if err != nil {
		return nil, 0, fmt.Errorf("pebblestore: open model %q: %w", name, err)
	}
	if r == nil {
		return nil, 0, fmt.Errorf("%w: model %q version %d", store.ErrNotFound, name, version)
	}
	return r, r.version, nil
}

// ModelVersions implements store.Models.
func (s *Store) ModelVersions(ctx context.Context, name string) ([]uint64, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	var versions []uint64
	err := s.eachVersion(ctx, name, func(v uint64, _ blob) { versions = append(versions, v) })
	if err != nil {
		return nil, fmt.Errorf("pebblestore: versions of %q: %w", name, err)
	}
	return versions, nil
}

// eachVersion calls f for every version of the model, the oldest first.
func (s *Store) eachVersion(ctx context.Context, name string, f func(version uint64, bl blob)) error {
	if store.ValidateModelName(name) != nil {
		return nil
	}
	prefix := idKey(prefixVersion, name)
	it, err := s.db.NewIterWithContext(ctx, &pebble.IterOptions{LowerBound: prefix, UpperBound: idEnd(prefix)})
	if err != nil {
		return err
	}
	for valid := it.First(); valid; valid = it.Next() {
		if len(it.Key()) != len(prefix)+8 {
			err = fmt.Errorf("%w: version key %x", ErrDamaged, it.Key())
			break
		}
		var bl blob
		if bl, err = parseBlob(it.Value()); err != nil {
			break
		}
		f(binary.BigEndian.Uint64(it.Key()[len(prefix):]), bl)
	}
	return firstError(err, it.Close())
}

// DeleteModel implements store.Models.
func (s *Store) DeleteModel(ctx context.Context, name string, version uint64) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if store.ValidateModelName(name) != nil {
		return nil
	}
	s.models.Lock()
	defer s.models.Unlock()
	key := numberKey(prefixVersion, name, version)
	value, found, err := s.get(key)
	if err != nil || !found {
		return err
	}
	bl, err := parseBlob(value)
	if err != nil {
		return err
	}
	current, fence, err := s.current(name)
	if err != nil {
		return err
	}
	err = s.commits.write(func(b *pebble.Batch) error {
		if current == version {
			if err := b.Set(idKey(prefixCurrent, name), pairValue(0, fence), nil); err != nil {
				return err
			}
		}
		return firstError(b.Delete(key, nil), b.DeleteRange(chunkKey(bl.upload, 0), chunkKey(bl.upload+1, 0), nil))
	})
	if err != nil {
		return fmt.Errorf("pebblestore: delete model %q version %d: %w", name, version, err)
	}
	return nil
}

// modelReader reads the chunks of a version one after the other.
type modelReader struct {
	s       *Store
	blob    blob
	version uint64

	chunk  []byte // what is left of the last one read
	number uint32 // of the next
	read   uint64 // bytes in the chunks before it
	closed bool
}

// Size is the length of the version in bytes.
func (r *modelReader) Size() int64 { return int64(r.blob.size) }

func (r *modelReader) Read(p []byte) (int, error) {
	if r.closed {
		return 0, store.ErrClosed
	}
	if len(r.chunk) == 0 {
		if r.read == r.blob.size {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.chunk)
	r.chunk = r.chunk[n:]
	return n, nil
}

func (r *modelReader) next() error {
	if err := r.s.enter(context.Background()); err != nil {
		return err
	}
	defer r.s.leave()
	chunk, found, err := r.s.get(chunkKey(r.blob.upload, r.number))
	if err != nil {
		return fmt.Errorf("pebblestore: read model: %w", err)
	}
	if !found {
		return fmt.Errorf("%w: the model version was deleted", store.ErrNotFound)
	}
	if len(chunk) == 0 || uint64(len(chunk)) > r.blob.size-r.read {
		return fmt.Errorf("%w: model chunk of %d bytes", ErrDamaged, len(chunk))
	}
	r.chunk = chunk
	r.number++
	r.read += uint64(len(chunk))
	return nil
}

func (r *modelReader) Close() error {
	r.closed, r.chunk = true, nil
	return nil
}

// sweepUploads deletes the chunks of uploads that became no version because the process ended, and takes the numbers
// up after the largest.
func (s *Store) sweepUploads() error {
	live, err := s.liveUploads()
	if err != nil {
		return err
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: chunkKey(0, 0), UpperBound: []byte{prefixChunk + 1}})
	if err != nil {
		return err
	}
	for valid := it.First(); valid; {
		if len(it.Key()) != 1+8+4 {
			err = fmt.Errorf("%w: chunk key %x", ErrDamaged, it.Key())
			break
		}
		upload := binary.BigEndian.Uint64(it.Key()[1:])
		if !live[upload] {
			if err = s.db.DeleteRange(chunkKey(upload, 0), chunkKey(upload+1, 0), pebble.NoSync); err != nil {
				break
			}
		}
		s.uploads.Store(max(s.uploads.Load(), upload))
		valid = it.SeekGE(chunkKey(upload+1, 0))
	}
	return firstError(err, it.Close())
}

func (s *Store) liveUploads() (map[uint64]bool, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixVersion}, UpperBound: []byte{prefixVersion + 1}})
	if err != nil {
		return nil, err
	}
	live := make(map[uint64]bool)
	for valid := it.First(); valid; valid = it.Next() {
		var bl blob
		if bl, err = parseBlob(it.Value()); err != nil {
			break
		}
		live[bl.upload] = true
		s.uploads.Store(max(s.uploads.Load(), bl.upload))
	}
	return live, firstError(err, it.Close())
}
