package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"iter"
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
	// scanEntries is how many entries of the tail a Scan takes at a time.
	scanEntries = 512
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

// Scan implements store.Log. It shows the partitions one after the other. What is in the tail it copies, 512 entries at a time;
// what is older it reads from the topic, over connections of its own.
func (s *Store) Scan(ctx context.Context, since store.Place) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		err := s.waiting(ctx, func(ctx context.Context) error {
			if err := s.sync(ctx); err != nil {
				return err
			}
			until := s.place(func(p *partition) store.Position { return p.end })
			for _, p := range s.parts {
				if err := s.scan(ctx, p, since.At(p.number), until.At(p.number), func(e store.Entry) bool { return yield(e, nil) }); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(store.Entry{}, scanError(err))
		}
	}
}

// errStopped says that whoever a scan is for wants no more.
var errStopped = errors.New("kafkastore: scan stopped")

func scanError(err error) error {
	if errors.Is(err, store.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("kafkastore: scan: %w", err)
}

// waiting makes a call that Close does not wait for, but ends.
func (s *Store) waiting(ctx context.Context, f func(ctx context.Context) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.leave()
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	err := f(lifetime{within, s.life})
	if err != nil && !errors.Is(err, errStopped) && s.life.Err() != nil && ctx.Err() == nil {
		return store.ErrClosed
	}
	return err
}

// lifetime is over as soon as the store's is.
type lifetime struct {
	context.Context
	life context.Context
}

func (l lifetime) Err() error {
	if err := l.Context.Err(); err != nil {
		return err
	}
	return l.life.Err()
}

// scan shows the living entries of a partition after a position and up to another.
func (s *Store) scan(ctx context.Context, p *partition, after, until store.Position, yield func(e store.Entry) bool) error {
	for after < until {
		seen := s.removed.Load()
		list, to, ok := p.read(after, until, scanEntries)
		if !ok {
			return s.scanTopic(ctx, p, after, until, yield)
		}
		for i := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if s.removed.Load() != seen {
				break // read the rest again
			}
			if after = list[i].Position; !yield(list[i]) {
				return errStopped
			}
		}
		if s.removed.Load() == seen || len(list) == 0 {
			after = to
		}
	}
	return ctx.Err()
}

// scanTopic is scan, of entries that are older than the tail.
func (s *Store) scanTopic(ctx context.Context, p *partition, after, until store.Position, yield func(e store.Entry) bool) error {
	return s.readTo(ctx, s.opts.Topic, p.number, max(offsetOf(after), p.firstAndNext()[0]), offsetOf(until)+1, func(r *kgo.Record) error {
		decoded, err := decodeRecord(r.Value, p.number, r.Offset)
		if err != nil {
			return err
		}
		for i := range decoded.entries {
			e := &decoded.entries[i]
			if e.Position <= after || e.Position > until || !p.shows(e) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(*e) {
				return errStopped
			}
		}
		return nil
	})
}

// place is a number of each partition.
func (s *Store) place(of func(p *partition) store.Position) (place store.Place) {
	for _, p := range s.parts {
		place = place.With(p.number, p.place(of))
	}
	return place
}

// End implements store.Log. It asks the brokers, and waits until this process has come there.
func (s *Store) End(ctx context.Context) (store.Place, error) {
	return s.syncedPlace(ctx, func(p *partition) store.Position { return p.end })
}

// Trimmed implements store.Log, as End does.
func (s *Store) Trimmed(ctx context.Context) (store.Place, error) {
	return s.syncedPlace(ctx, func(p *partition) store.Position { return p.trimmed })
}

func (s *Store) syncedPlace(ctx context.Context, of func(p *partition) store.Position) (store.Place, error) {
	if err := s.enter(ctx); err != nil {
		return store.Place{}, err
	}
	defer s.leave()
	if err := s.sync(ctx); err != nil {
		return store.Place{}, err
	}
	return s.place(of), nil
}

// Wait implements store.Log. This process reads on all the time, so it asks nobody.
func (s *Store) Wait(ctx context.Context, since store.Place) error {
	return s.waiting(ctx, func(ctx context.Context) error {
		for {
			changed := s.news.Changed()
			if err := s.failed.Load(); err != nil {
				return *err
			}
			found, err := s.hasAfter(ctx, since)
			if err != nil || found {
				return err
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
}

// hasAfter reports whether there is an entry after a place. It reads the topic only when the tail has none, and does not go back so far.
func (s *Store) hasAfter(ctx context.Context, since store.Place) (bool, error) {
	var unsure []*partition
	for _, p := range s.parts {
		has, sure := p.hasAfter(since.At(p.number))
		if has {
			return true, nil
		}
		if !sure {
			unsure = append(unsure, p)
		}
	}
	for _, p := range unsure {
		first, err := s.first(ctx, p, since.At(p.number))
		if err != nil || first != 0 {
			return first != 0, err
		}
	}
	return false, nil
}

// first is the position of the first living entry of a partition after another, 0 when there is none.
func (s *Store) first(ctx context.Context, p *partition, after store.Position) (first store.Position, err error) {
	err = s.scan(ctx, p, after, p.place(func(p *partition) store.Position { return p.end }), func(e store.Entry) bool {
		first = e.Position
		return false
	})
	if errors.Is(err, errStopped) {
		err = nil
	}
	return first, err
}

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
