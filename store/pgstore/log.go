package pgstore

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/store"
)

// scanEntries is how many entries of each partition one statement of Scan reads.
const scanEntries = 512

// pollEvery is how often Wait looks without being woken.
const pollEvery = time.Second

const scanSQL = "select " + columns + ` from unnest($1::int[], $2::bigint[], $3::bigint[]) as k (p, since, until)
	cross join lateral (select * from entries e where e.partition = k.p and e.position > k.since and e.position <= k.until
	order by e.position limit $4) e order by partition, position`

// Scan implements store.Log. It reads up to 512 entries of each partition at a time and holds no connection while the
// caller has them; the entries of one partition come after those of another.
func (s *Store) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		c := cursor{since: make([]int64, s.partitions), until: make([]int64, s.partitions)}
		for p := range c.since {
			c.since[p], c.until[p] = signed(since.At(p)), math.MaxInt64
		}
		for {
			seen := s.removed.Load()
			page, err := s.scanPage(ctx, &c)
			if err != nil {
				yield(store.Entry{}, fmt.Errorf("pgstore: scan: %w", err))
				return
			}
			for i := range page {
				if s.removed.Load() != seen {
					break // read the rest of the page again
				}
				c.since[page[i].Partition] = int64(page[i].Position)
				if !yield(page[i], nil) {
					return
				}
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

// cursor is how far a scan has come in each partition, and how far it goes.
type cursor struct{ since, until []int64 }

func signed(p store.Position) int64 { return int64(min(p, math.MaxInt64)) }

// scanPage reads the next entries. The first page is one snapshot of the log; when that leaves something, the scan ends
// where the log does then.
func (s *Store) scanPage(ctx context.Context, c *cursor) (page []store.Entry, err error) {
	var parts []int32
	var since, until []int64
	for p := range c.since {
		if c.since[p] < c.until[p] {
			parts, since, until = append(parts, int32(p)), append(since, c.since[p]), append(until, c.until[p])
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	page, err = s.entries(ctx, nil, scanSQL, parts, since, until, scanEntries)
	if err != nil {
		return nil, err
	}
	return page, s.bound(ctx, c, page)
}

// bound says where a scan ends in the partitions of which this was its first page: behind it when the page has all that
// there was, else at the end of the log.
func (s *Store) bound(ctx context.Context, c *cursor, page []store.Entry) error {
	counts, last := make([]int, len(c.since)), make([]int64, len(c.since))
	full := false
	for i := range page {
		p := page[i].Partition
		counts[p]++
		last[p] = int64(page[i].Position)
		full = full || counts[p] == scanEntries && c.until[p] == math.MaxInt64
	}
	var end store.Place
	if full {
		var err error
		if end, err = s.place(ctx, s.endSQL); err != nil {
			return err
		}
	}
	for p := range c.until {
		switch {
		case counts[p] < scanEntries: // a page of nothing ends where it began
			c.until[p] = max(c.since[p], last[p])
		case c.until[p] == math.MaxInt64:
			c.until[p] = signed(end.At(p))
		}
	}
	return nil
}

// entries is a call of a statement that returns entries; what is not valid has none.
func (s *Store) entries(ctx context.Context, valid error, sql string, args ...any) (list []store.Entry, err error) {
	err = s.call(ctx, func(ctx context.Context) error {
		if list = nil; valid != nil {
			return nil
		}
		rows, err := s.pool.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			e, err := decodeRow(rows.RawValues())
			if err != nil {
				return err
			}
			list = append(list, e)
		}
		return rows.Err()
	})
	return list, err
}

// History implements store.Histories. It is one statement, which reads limit entries of the user and the exposures between
// them.
func (s *Store) History(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	sql := fmt.Sprintf("select %s from entries_%d where user_id = $1 and fact = 0 order by -position limit $2", columns,
		store.PartitionOf(user, s.partitions))
	history, err := s.entries(ctx, store.ValidateID("user", user), sql, text(user), int64(max(limit, 0)))
	if err != nil {
		return nil, fmt.Errorf("pgstore: history: %w", err)
	}
	return history, nil
}

// End implements store.Log. It looks at the end of an index for each partition.
func (s *Store) End(ctx context.Context) (store.Place, error) { return s.place(ctx, s.endSQL) }

// place is a call of a statement that returns a position for each of the partitions.
func (s *Store) place(ctx context.Context, sql string) (place store.Place, err error) {
	err = s.call(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, sql)
		if err != nil {
			return err
		}
		var partition int
		var position int64
		_, err = pgx.ForEachRow(rows, []any{&partition, &position}, func() error {
			place = place.With(partition, store.Position(position))
			return nil
		})
		return err
	})
	if err != nil {
		return store.Place{}, fmt.Errorf("pgstore: read the places of partitions: %w", err)
	}
	return place, nil
}

const afterSQL = `select exists (select from unnest($1::bigint[]) with ordinality as k (since, n) cross join lateral
	(select from entries e where e.partition = k.n - 1 and e.position > k.since limit 1) e)`

// Wait implements store.Log. It looks once, and then whenever this process or a notification says that something was
// appended, and once a second.
func (s *Store) Wait(ctx context.Context, since store.Place) error {
	places := make([]int64, s.partitions)
	for p := range places {
		places[p] = signed(since.At(p))
	}
	for {
		changed := s.news.Changed()
		var found bool
		err := s.row(ctx, nil, afterSQL, []any{places}, &found)
		if err != nil || found {
			return err
		}
		timer := time.NewTimer(jittered(2 * pollEvery))
		select {
		case <-changed:
		case <-timer.C:
		case <-s.closing:
			err = store.ErrClosed
		case <-ctx.Done():
			err = ctx.Err()
		}
		timer.Stop()
		if err != nil {
			return err
		}
	}
}
