package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/goldrec/gold/store"
)

// removeEntries is how many entries one statement of Forget or Trim deletes.
const removeEntries = 10_000

// Forget implements store.Histories. It costs O(entries of the user), ten thousand a statement; appends to the user's
// partition wait while the last of them are deleted.
func (s *Store) Forget(ctx context.Context, user string) error {
	valid, partition := store.ValidateID("user", user), store.PartitionOf(user, s.partitions)
	if user == "" {
		valid = store.ErrInvalid
	}
	err := s.remove(ctx, valid, partition, "user_id = $1", text(user), false)
	if err == nil {
		err = s.forget(ctx, valid, user, partition)
	}
	if err != nil {
		return fmt.Errorf("pgstore: forget: %w", err)
	}
	return nil
}

// forget appends the Forgotten entry, which is known by its mark when the call is made again, and deletes what has been
// appended since remove.
func (s *Store) forget(ctx context.Context, valid error, user string, partition int) error {
	defer s.news.set()
	defer s.removed.Add(1)
	mark := newToken()
	return s.transaction(ctx, valid, func(b *pgx.Batch) {
		b.Queue(lockSQL, []int32{int32(partition)})
		b.Queue(`insert into entries (position, partition, fact, kind, at, user_id, id)
			select 1 + greatest(p.floor, (select position from entries where partition = $1 order by position desc limit 1)),
			$1, $2, 0, coalesce($3::timestamptz, clock_timestamp()), $4, $5::uuid::text from partitions p where p.partition = $1
			and not exists (select from entries where partition = $1 and user_id = $4 and id = $5::uuid::text)`,
			partition, int16(store.Forgotten), s.now(), text(user), mark)
		b.Queue("delete from entries where partition = $1 and user_id = $2 and id is distinct from $3::uuid::text", partition, text(user), mark)
	})
}

// Trim implements store.Log. It deletes ten thousand entries a statement, which it finds by an index of a few pages of the
// table's times.
func (s *Store) Trim(ctx context.Context, before time.Time) error {
	micros := before.UnixMicro() // times are whole microseconds, and before may be a little later
	if before.Nanosecond()%1000 != 0 {
		micros++
	}
	for p := range s.partitions {
		if err := s.remove(ctx, nil, p, "at < $1", time.UnixMicro(micros), true); err != nil {
			return fmt.Errorf("pgstore: trim: %w", err)
		}
	}
	return nil
}

// remove deletes those entries of a partition that are there now and fulfil a condition, and says what Trimmed tells if it
// is to. It notes down first where the partition ends, so that no position is given out twice when the last of them goes.
func (s *Store) remove(ctx context.Context, valid error, partition int, where string, arg any, told bool) error {
	err := s.transaction(ctx, valid, func(b *pgx.Batch) {
		b.Queue(lockSQL, []int32{int32(partition)})
		b.Queue(`update partitions set floor = e.position from (select position from entries where partition = $1
			order by position desc limit 1) e where partition = $1 and floor < e.position`, partition)
	})
	sql := fmt.Sprintf(`with gone as (delete from entries_%d where ctid = any(array(select ctid from entries_%[1]d where %s
		and position <= (select floor from partitions where partition = %[1]d) limit $2)) returning position, fact),
		told as (update partitions set trimmed = greatest(trimmed, (select max(position) from gone where fact > 1))
		where partition = %[1]d and $3 and exists (select from gone where fact > 1))
		select count(*) from gone`, partition, where)
	for n := int64(removeEntries); err == nil && valid == nil && n == removeEntries; {
		err = s.row(ctx, nil, sql, []any{arg, removeEntries, told}, &n)
		s.removed.Add(1)
	}
	return err
}

// Trimmed implements store.Log.
func (s *Store) Trimmed(ctx context.Context) (store.Place, error) {
	return s.place(ctx, "select partition, trimmed from partitions")
}
