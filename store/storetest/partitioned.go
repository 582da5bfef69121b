package storetest

import (
	"context"
	"errors"
	"hash/fnv"
	"iter"
	"sync"
	"time"

	"github.com/goldrec/gold/store"
)

// NewPartitioned makes a store in memory whose log has so many partitions, at least one and at most store.PartitionsMax;
// users are shared out by a hash. It passes Run, and is for the tests of what is built on stores: most have one
// partition, and what holds on those alone shows here. A scan mixes the partitions.
func NewPartitioned(partitions int, now func() time.Time) store.Store {
	s := &partitioned{}
	for range partitions {
		s.parts = append(s.parts, store.NewMemory(store.MemoryOptions{Now: now}))
	}
	s.Memory = s.parts[0]
	return s
}

// partitioned keeps profiles, models and leases in its first part.
type partitioned struct {
	*store.Memory
	parts []*store.Memory
}

// partition is where a user's entries are, and those of nobody in the last.
func (s *partitioned) partition(user string) int {
	if user == "" {
		return len(s.parts) - 1
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(user)) // which never fails
	return int(h.Sum32() % uint32(len(s.parts)))
}

// in is a place in the log of a part.
func (s *partitioned) in(place store.Place, part int) store.Place {
	return store.Place{}.With(0, place.At(part))
}

// joined is the place of all parts of what each says.
func (s *partitioned) joined(each func(part *store.Memory) (store.Place, error)) (place store.Place, err error) {
	for i, part := range s.parts {
		at, err := each(part)
		if err != nil {
			return store.Place{}, err
		}
		place = place.With(i, at.At(0))
	}
	return place, nil
}

func (s *partitioned) Append(ctx context.Context, batch []store.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := store.ValidateBatch(batch); err != nil {
		return err
	}
	if len(batch) == 0 {
		return s.Memory.Append(ctx, nil) // which says when it is closed
	}
	ctx = context.WithoutCancel(ctx) // or some of it might be stored and some not
	for i, part := range s.parts {
		var mine []store.Entry
		var from []int
		for j := range batch {
			if s.partition(batch[j].Interaction.User) == i {
				mine, from = append(mine, batch[j]), append(from, j)
			}
		}
		if err := part.Append(ctx, mine); err != nil {
			return err
		}
		for k, j := range from {
			batch[j].Partition, batch[j].Position = i, mine[k].Position
		}
	}
	return nil
}

func (s *partitioned) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		end, err := s.End(ctx)
		if err != nil {
			yield(store.Entry{}, err)
			return
		}
		next := map[int]func() (store.Entry, error, bool){}
		for i, part := range s.parts {
			pull, stop := iter.Pull2(part.Scan(ctx, s.in(since, i)))
			defer stop()
			next[i] = pull
		}
		for len(next) > 0 {
			for i := range s.parts {
				if next[i] == nil {
					continue
				}
				e, err, ok := next[i]()
				if !ok || err == nil && e.Position > end.At(i) {
					delete(next, i)
					continue
				}
				if e.Partition = i; !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

func (s *partitioned) Wait(ctx context.Context, since store.Place) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	ends := make(chan error, len(s.parts))
	for i, part := range s.parts {
		wg.Go(func() { ends <- part.Wait(within, s.in(since, i)) })
	}
	var first error
	for range s.parts {
		err := <-ends
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
			if !errors.Is(err, store.ErrClosed) { // of ctx
				break
			}
		}
	}
	return first
}

func (s *partitioned) End(ctx context.Context) (store.Place, error) {
	return s.joined(func(part *store.Memory) (store.Place, error) { return part.End(ctx) })
}

func (s *partitioned) Trim(ctx context.Context, before time.Time) error {
	for _, part := range s.parts {
		if err := part.Trim(ctx, before); err != nil {
			return err
		}
	}
	return nil
}

func (s *partitioned) Trimmed(ctx context.Context) (store.Place, error) {
	return s.joined(func(part *store.Memory) (store.Place, error) { return part.Trimmed(ctx) })
}

func (s *partitioned) History(ctx context.Context, user string, limit int) ([]store.Entry, error) {
	i := s.partition(user)
	history, err := s.parts[i].History(ctx, user, limit)
	for j := range history {
		history[j].Partition = i
	}
	return history, err
}

func (s *partitioned) Forget(ctx context.Context, user string) error {
	return s.parts[s.partition(user)].Forget(ctx, user)
}

func (s *partitioned) Close() error {
	var errs []error
	for _, part := range s.parts {
		errs = append(errs, part.Close())
	}
	return errors.Join(errs...)
}
