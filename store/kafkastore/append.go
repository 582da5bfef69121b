package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/goldrec/gold/store"
)

const (
	// recordBytesMax bounds what one Append has for a partition.
	recordBytesMax = 32 << 20
	// linger is how long the producer waits for more before it sends what it has.
	linger = time.Millisecond
	// bufferedMax is how many records wait for the brokers before an Append waits for them.
	bufferedMax = 1 << 16
)

// Append implements store.Log. It waits for the brokers, with IDs also until this process has read what it appended, for
// Options.Timeout. More than 32 MB for one partition is store.ErrInvalid.
func (s *Store) Append(ctx context.Context, batch []store.Entry) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if err := store.ValidateBatch(batch); err != nil {
		return err
	}
	if len(batch) == 0 {
		return nil
	}
	if err := s.append(batch); err != nil {
		return fmt.Errorf("kafkastore: append %d entries: %w", len(batch), err)
	}
	return nil
}

// share is what one Append has for one partition.
type share struct {
	index []int // of the entries in the batch
	ids   bool  // some of them have one
	body  []byte
	sent  sent
}

func (s *Store) append(batch []store.Entry) error {
	shares := make(map[int]*share)
	for i := range batch {
		n := store.PartitionOf(batch[i].Interaction.User, len(s.parts))
		sh := shares[n]
		if sh == nil {
			sh = new(share)
			shares[n] = sh
		}
		sh.index = append(sh.index, i)
		sh.ids = sh.ids || batch[i].Interaction.ID != ""
		if sh.body = appendEntry(sh.body, &batch[i]); len(sh.body) > recordBytesMax-64 {
			return fmt.Errorf("%w: more than %d bytes for partition %d", store.ErrInvalid, recordBytesMax, n)
		}
	}
	within, cancel := context.WithTimeout(context.Background(), s.opts.Timeout)
	defer cancel()
	for n, sh := range shares {
		sh.sent = s.send(within, n, entriesRecord(len(sh.index), sh.body))
	}
	var errs []error
	for n, sh := range shares {
		errs = append(errs, s.settle(within, batch, s.parts[n], sh))
	}
	return errors.Join(errs...)
}

// settle waits for the outcome of a share and gives its entries their places.
func (s *Store) settle(ctx context.Context, batch []store.Entry, p *partition, sh *share) error {
	offset, err := s.outcome(ctx, p, sh.sent)
	if err == nil && sh.ids {
		if err = s.reach(ctx, p, offset+1); err != nil {
			err = fmt.Errorf("%w: %w within %v: stored, unless the IDs were there: %w", ErrUnknown, ErrUnavailable, s.opts.Timeout, err)
		}
	}
	if err != nil {
		return err
	}
	for i, at := range sh.index {
		e := &batch[at]
		e.Partition, e.Position = p.number, positionOf(offset, i)
		if e.Interaction.ID != "" && p.isDup(e.Position) {
			e.Position = 0
		}
	}
	return nil
}

func (p *partition) isDup(at store.Position) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.dups[at]
	return ok
}

// sent is a record on its way; the channel gets its offset or why there is none.
type sent chan result

type result struct {
	offset int64
	err    error
}

// send gives a record to the producer, which has it from then on.
func (s *Store) send(ctx context.Context, partition int, value []byte) sent {
	done := make(sent, 1)
	s.client.Produce(ctx, &kgo.Record{Topic: s.opts.Topic, Partition: int32(partition), Value: value}, func(r *kgo.Record, err error) {
		done <- result{r.Offset, err}
	})
	return done
}

// outcome waits for the offset of a record.
func (s *Store) outcome(ctx context.Context, p *partition, done sent) (int64, error) {
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	switch {
	case r.err == nil:
		p.ack(r.offset)
		return r.offset, nil
	case passes(r.err):
		return 0, fmt.Errorf("%w: %w within %v: %w", ErrUnknown, ErrUnavailable, s.opts.Timeout, r.err)
	}
	return 0, r.err
}

// write appends records, by partition, and waits until this process has read them.
func (s *Store) write(values map[int][]byte) error {
	within, cancel := context.WithTimeout(context.Background(), s.opts.Timeout)
	defer cancel()
	all := make(map[int]sent)
	for n, value := range values {
		all[n] = s.send(within, n, value)
	}
	var errs []error
	for n, done := range all {
		offset, err := s.outcome(within, s.parts[n], done)
		if err == nil {
			if err = s.reach(within, s.parts[n], offset+1); err != nil {
				err = fmt.Errorf("%w within %v: %w", ErrUnavailable, s.opts.Timeout, err)
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
