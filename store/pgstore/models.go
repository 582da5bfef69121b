package pgstore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/goldrec/gold/store"
)

// chunkBytes is how much of a model one row holds and one statement moves: little enough for Options.Timeout on a slow
// line.
const chunkBytes = 256 << 10

// PutModel implements store.Models. It streams: a model of any size needs a quarter of a megabyte of memory. What it wrote
// before an error is deleted; where the process ends first, by the PutModel that is the first to come an hour later.
func (s *Store) PutModel(ctx context.Context, name string, r io.Reader) (version uint64, err error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	s.leave()
	if err := store.ValidateModelName(name); err != nil {
		return 0, err
	}
	u := upload{token: newToken(), name: text(name)}
	if err = s.upload(ctx, &u, r); err == nil {
		version, err = s.publish(ctx, &u)
	}
	if err != nil {
		// The context may be what ended the upload, and must not end its removal.
		err = errors.Join(err, ignoreClosed(s.exec(context.WithoutCancel(ctx), nil,
			"delete from model_chunks where upload = $1 and not exists (select from model_versions where upload = $1)", u.token)))
		return 0, fmt.Errorf("pgstore: put model %q: %w", name, err)
	}
	return version, nil
}

func ignoreClosed(err error) error { return ignore(err, store.ErrClosed) }

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

// upload is a model that is being put.
type upload struct {
	token  token
	name   string
	size   int64
	chunks int
}

// upload writes all of r in chunks that nothing refers to yet.
func (s *Store) upload(ctx context.Context, u *upload, r io.Reader) error {
	chunk := make([]byte, chunkBytes)
	for {
		n, err := io.ReadFull(r, chunk)
		end := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !end {
			return err
		}
		if n > 0 {
			err := s.exec(ctx, nil, "insert into model_chunks (upload, number, data) values ($1, $2, $3) on conflict do nothing",
				u.token, u.chunks, chunk[:n])
			if err != nil {
				return err
			}
			u.chunks++
			u.size += int64(n)
		}
		if end {
			return nil
		}
	}
}

const publishSQL = `with whole as (select from model_chunks where upload = $2 having count(*) = $4),
	m as (insert into models (name, last) select $1, 1 from whole where true
		on conflict (name) do update set last = models.last + 1 returning last)
	insert into model_versions (name, version, upload, size, chunks) select $1, last, $2, $3, $4 from m returning version`

// publish makes an upload the next version of the model, unless an attempt before has.
func (s *Store) publish(ctx context.Context, u *upload) (uint64, error) {
	var version int64
	err := s.call(ctx, func(ctx context.Context) error {
		err := s.pool.QueryRow(ctx, "select version from model_versions where upload = $1", u.token).Scan(&version)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		err = s.pool.QueryRow(ctx, publishSQL, u.name, u.token, u.size, u.chunks).Scan(&version)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("%w: chunks of the upload, which took too long", store.ErrNotFound)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return uint64(version), s.sweepUploads(ctx)
}

// sweepUploads deletes the chunks of uploads that nobody has gone on with for an hour.
func (s *Store) sweepUploads(ctx context.Context) error {
	return ignoreClosed(s.exec(ctx, nil, `delete from model_chunks where upload in (select upload from model_chunks c
		where not exists (select from model_versions v where v.upload = c.upload) group by upload
		having max(at) < clock_timestamp() - interval '1 hour')`))
}

// OpenModel implements store.Models. What it opens reads a chunk at a time, holds no connection meanwhile, and is for one
// goroutine.
func (s *Store) OpenModel(ctx context.Context, name string, version uint64) (io.ReadCloser, uint64, error) {
	r := &modelReader{s: s, ctx: context.WithoutCancel(ctx)}
	var found int64
	err := s.row(ctx, store.ValidateModelName(name), `select version, upload, size, chunks from model_versions where name = $1
		and (version = $2 or $2 = 0) order by version desc limit 1`, []any{text(name), int64(version)},
		&found, (*[16]byte)(&r.upload), &r.size, &r.chunks)
	if err != nil {
		return nil, 0, fmt.Errorf("pgstore: open model %q version %d: %w", name, version, err)
	}
	return r, uint64(found), nil
}

// modelReader reads the chunks of a version one after the other.
type modelReader struct {
	s      *Store
	ctx    context.Context // with the values of OpenModel's and not its end
	upload token
	size   int64
	chunks int

	chunk  []byte // what is left of the last one read
	number int    // of the next
	closed bool
}

// Size is the length of the version in bytes.
func (r *modelReader) Size() int64 { return r.size }

func (r *modelReader) Read(p []byte) (int, error) {
	if r.closed {
		return 0, store.ErrClosed
	}
	if len(r.chunk) == 0 {
		if r.number == r.chunks {
			return 0, io.EOF
		}
		err := r.s.row(r.ctx, nil, "select data from model_chunks where upload = $1 and number = $2", []any{r.upload, r.number}, &r.chunk)
		if err != nil { // ErrNotFound, when the version was deleted
			return 0, fmt.Errorf("pgstore: read model: %w", err)
		}
		r.number++
	}
	n := copy(p, r.chunk)
	r.chunk = r.chunk[n:]
	return n, nil
}

func (r *modelReader) Close() error {
	r.closed, r.chunk = true, nil
	return nil
}

// ModelVersions implements store.Models.
func (s *Store) ModelVersions(ctx context.Context, name string) (versions []uint64, err error) {
	var list []int64
	err = s.row(ctx, store.ValidateModelName(name), "select array_agg(version order by version) from model_versions where name = $1",
		[]any{text(name)}, &list)
	for _, version := range list {
		versions = append(versions, uint64(version))
	}
	return versions, ignore(err, store.ErrNotFound)
}

// lockModel is taken by whoever deletes a version or makes one current; what follows it in a transaction sees what those
// before have done.
const lockModel = "select from models where name = $1 for update"

// DeleteModel implements store.Models.
func (s *Store) DeleteModel(ctx context.Context, name string, version uint64) error {
	return s.transaction(ctx, store.ValidateModelName(name), func(b *pgx.Batch) {
		b.Queue(lockModel, text(name))
		b.Queue("update models set current = null where name = $1 and current = $2", text(name), int64(version))
		b.Queue(`with gone as (delete from model_versions where name = $1 and version = $2 returning upload)
			delete from model_chunks c using gone where c.upload = gone.upload`, text(name), int64(version))
	})
}

// Current implements store.Models.
func (s *Store) Current(ctx context.Context, name string) (uint64, error) {
	var version int64
	err := s.row(ctx, store.ValidateModelName(name), "select current from models where name = $1 and current is not null",
		[]any{text(name)}, &version)
	if err != nil {
		return 0, fmt.Errorf("pgstore: current version of %q: %w", name, err)
	}
	return uint64(version), nil
}

// SetCurrent implements store.Models.
func (s *Store) SetCurrent(ctx context.Context, name string, version, fence uint64) error {
	var there, set bool
	err := s.transaction(ctx, store.ValidateModelName(name), func(b *pgx.Batch) {
		b.Queue(lockModel, text(name))
		b.Queue("select exists (select from model_versions where name = $1 and version = $2)", text(name), int64(version)).
			QueryRow(func(row pgx.Row) error { return row.Scan(&there) })
		b.Queue(`update models set current = $2, fence = greatest(fence, $3::text::numeric) where name = $1
			and ($3::text = '0' or fence <= $3::text::numeric) and exists (select from model_versions where name = $1 and version = $2)`,
			text(name), int64(version), fmt.Sprint(fence)).Exec(func(tag pgconn.CommandTag) error {
			set = tag.RowsAffected() == 1
			return nil
		})
	})
	switch {
	case err != nil:
		return fmt.Errorf("pgstore: set the current version of %q: %w", name, err)
	case !there:
		return fmt.Errorf("%w: model %q version %d", store.ErrNotFound, name, version)
	case !set:
		return fmt.Errorf("%w: fence %d of model %q is overtaken", store.ErrConflict, fence, name)
	}
	return nil
}
