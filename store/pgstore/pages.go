package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/store"
)

// pageCost is about what a page takes besides its bytes.
const pageCost = 256

// Page implements store.Pages. The pages of all replicas are in an unlogged table, which a crash of the server empties.
func (s *Store) Page(ctx context.Context, user, key string) (page []byte, err error) {
	err = s.call(ctx, func(ctx context.Context) error {
		if store.ValidatePage(user, key, 1) != nil {
			return pgx.ErrNoRows
		}
		return s.pool.QueryRow(ctx, "select page from pages where user_id = $2 and key = $3 and put <= "+now+" and dies > "+now,
			s.now(), text(user), text(key)).Scan(&page)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("%w: page %q of %q", store.ErrNotFound, key, user)
	case err != nil:
		return nil, fmt.Errorf("pgstore: page: %w", err)
	}
	return page, nil
}

// PutPage implements store.Pages.
func (s *Store) PutPage(ctx context.Context, user, key string, page []byte, ttl time.Duration) error {
	size := int64(len(page) + len(user) + len(key) + pageCost)
	err := s.call(ctx, func(ctx context.Context) error {
		if err := store.ValidatePage(user, key, ttl); err != nil {
			return err
		}
		if size > s.opts.PageBytesMax {
			_, err := s.pool.Exec(ctx, "delete from pages where user_id = $1 and key = $2", text(user), text(key))
			return err
		}
		if page == nil {
			page = []byte{}
		}
		_, err := s.pool.Exec(ctx, "insert into pages (user_id, key, put, dies, page) values ($3, $4, "+now+", "+later+`, $5)
			on conflict (user_id, key) do update set put = excluded.put, dies = excluded.dies, page = excluded.page`,
			s.now(), ttl.Microseconds(), text(user), text(key), page)
		return err
	})
	if err == nil && s.pageBytes.Add(size) > s.opts.PageBytesMax/8 {
		s.pageBytes.Store(0)
		err = s.sweepPages(ctx)
	}
	if err != nil {
		return fmt.Errorf("pgstore: put page: %w", err)
	}
	return nil
}

// sweepPages deletes the dead pages, and the oldest of the others beyond the bound.
func (s *Store) sweepPages(ctx context.Context) error {
	return ignoreClosed(s.call(ctx, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, `delete from pages where ctid = any(array(select ctid from (select ctid, dies, sum(octet_length(page) +
			octet_length(user_id) + octet_length(key) + $2) over (order by put desc, user_id, key) as bytes from pages) p
			where bytes > $3 or dies <= `+now+"))", s.now(), pageCost, s.opts.PageBytesMax)
		return err
	}))
}

// DropPages implements store.Pages.
func (s *Store) DropPages(ctx context.Context, user string) error {
	return s.call(ctx, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, "delete from pages where user_id = $1", text(user))
		return err
	})
}
