package kafkastore

import (
	"context"
	"fmt"
	"time"

	"github.com/goldrec/gold/store"
)

// Trim implements store.Log. It appends a record to each partition that says so, and has the brokers delete the head of each
// in which nothing lives; it reads that head.
func (s *Store) Trim(ctx context.Context, before time.Time) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	micros := before.UnixMicro() // times are whole microseconds, and before may be a little later
	if before.Nanosecond()%1000 != 0 {
		micros++
	}
	values := make(map[int][]byte)
	for n := range s.parts {
		values[n] = trimmedRecord(micros)
	}
	err := s.write(values)
	if err == nil {
		err = s.cut(ctx)
	}
	if err != nil {
		return fmt.Errorf("kafkastore: trim: %w", err)
	}
	return nil
}

func lastTrim(p *partition) store.Position {
	if len(p.trims) == 0 {
		return 0
	}
	return p.trims[len(p.trims)-1].at
}

// cut deletes the heads of the partitions in which nothing lives.
func (s *Store) cut(ctx context.Context) error {
	heads := make(map[int]int64)
	for n, p := range s.parts {
		from := offsetOf(p.place(lastTrim)) // before the look, or what comes after it would go too
		first, err := s.first(ctx, p, 0)
		if err != nil {
			return err
		}
		if first != 0 {
			from = offsetOf(first)
		}
		if from > p.firstAndNext()[0] {
			if err := s.try(ctx, func(ctx context.Context) error { return s.writeBase(ctx, p, from) }); err != nil {
				return err
			}
			heads[n] = from
		}
	}
	if len(heads) == 0 {
		return nil
	}
	if err := s.try(ctx, func(ctx context.Context) error { return s.deleteHeads(ctx, heads) }); err != nil {
		return err
	}
	for n, from := range heads {
		s.parts[n].begin(base{from: from})
	}
	return nil
}
