package pgstore

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/store"
)

// segmentUsers is how many users one statement of Segment reads.
const segmentUsers = 1000

// Profile implements store.Profiles.
func (s *Store) Profile(ctx context.Context, user string) (p store.Profile, err error) {
	var body []byte
	err = s.row(ctx, store.ValidateID("user", user), "select body from profiles where user_id = $1", []any{text(user)}, &body)
	if err == nil && json.Unmarshal(body, &p) != nil {
		err = ErrFormat
	}
	if err != nil {
		return store.Profile{}, fmt.Errorf("pgstore: profile of %q: %w", user, err)
	}
	return p, nil
}

// A profile and its segments are replaced by one statement, which leaves a mark. It changes nothing when the version is
// another, also one that somebody else has just committed.
const (
	insertProfile = "insert into profiles (user_id, version, body) values ($1, $2 + 1, $3) on conflict do nothing returning user_id"
	updateProfile = "update profiles set version = $2 + 1, body = $3 where user_id = $1 and version = $2 returning user_id"
	withSegments  = "), gone as (delete from segments g using put where g.user_id = put.user_id and g.segment <> all($4::text[])), " +
		"come as (insert into segments select n, user_id from put, unnest($4::text[]) n on conflict do nothing), " +
		"mark as (insert into calls (token) select $5 from put) select count(*) from put"
)

// PutProfile implements store.Profiles. It is one statement.
func (s *Store) PutProfile(ctx context.Context, p store.Profile) (store.Profile, error) {
	call := newToken()
	put := p.Clone()
	put.Version++
	err := s.call(ctx, func(ctx context.Context) error {
		if err := p.Validate(); err != nil {
			return err
		}
		body, err := json.Marshal(put)
		if err != nil {
			return err
		}
		segments := make([]string, len(p.Segments))
		for i, segment := range p.Segments {
			segments[i] = text(segment)
		}
		sql := updateProfile
		if p.Version == 0 {
			sql = insertProfile
		}
		var n int
		err = s.pool.QueryRow(ctx, "with put as ("+sql+withSegments, text(p.User), int64(p.Version), string(body), segments, call).Scan(&n)
		if err != nil || n == 1 {
			return err
		}
		var before bool // an attempt before this one was committed
		err = s.pool.QueryRow(ctx, "select exists (select from calls where token = $1)", call).Scan(&before)
		if err == nil && !before {
			err = fmt.Errorf("%w: the profile of %q is not at version %d", store.ErrConflict, p.User, p.Version)
		}
		return err
	})
	if err != nil {
		return store.Profile{}, fmt.Errorf("pgstore: put profile: %w", err)
	}
	return put, nil
}

// DeleteProfile implements store.Profiles.
func (s *Store) DeleteProfile(ctx context.Context, user string) error {
	return s.exec(ctx, store.ValidateID("user", user), `with gone as (delete from profiles where user_id = $1 returning user_id)
		delete from segments g using gone where g.user_id = gone.user_id`, text(user))
}

// Segment implements store.Profiles. It reads a thousand users at a time.
func (s *Store) Segment(ctx context.Context, segment string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for from, more := "", true; more; {
			var users []string
			err := s.call(ctx, func(ctx context.Context) error {
				if store.ValidateID("segment", segment) != nil {
					return nil // it has nobody
				}
				rows, err := s.pool.Query(ctx, "select user_id from segments where segment = $1 and user_id > $2 order by user_id limit $3",
					text(segment), from, segmentUsers)
				if err == nil {
					users, err = pgx.CollectRows(rows, pgx.RowTo[string])
				}
				return err
			})
			if err != nil {
				yield("", fmt.Errorf("pgstore: segment: %w", err))
				return
			}
			for _, user := range users {
				if from = user; !yield(untext(user), nil) {
					return
				}
			}
			more = len(users) == segmentUsers
		}
	}
}
