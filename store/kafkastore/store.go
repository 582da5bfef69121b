// Package kafkastore keeps the log of a gold store in Kafka, on twmb/franz-go, and everything else in another store, the
// view: profiles, models, leases, and the histories of users, which it keeps up with the log. Many processes may have the
// same log open, and are replicas of one another.
//
//	view, err := pgstore.Open(ctx, "postgres://gold@db/shop", pgstore.Options{})
//	st, err := kafkastore.Open(ctx, []string{"kafka-1:9092", "kafka-2:9092"}, view, kafkastore.Options{})
//
// What one Append has for a partition is one record of the topic, acknowledged when all replicas that are in sync have it. A
// [store.Position] is the offset of the record and the number of the entry in it, so a place is one in the topic, for
// other readers of it too. The partition of a user is [store.PartitionOf].
//
// # Rules
//
// Kafka cannot take an entry out of its log again, nor refuse one whose ID is there. So what counts is a rule over the
// records of a partition in their order, which every process applies as it reads them (rules.go): an entry whose
// ID is that of a living one before it is none; a record that says that a user is forgotten ends all of theirs before it; one that says
// that the log was trimmed ends all before it whose time is earlier. A Scan shows what lives, and nothing else; so does
// History. All processes come to the same, from wherever the topic begins.
//
// # Cost
//
// An Append is a part of a produce request that is shared with others. One with IDs returns when this process has read it
// back too, a few milliseconds later. Every process reads the whole topic, from its beginning when it opens: more than 100,000 entries a
// second on a machine that is busy otherwise (BenchmarkOpen). It keeps 80 bytes for every entry with an ID
// (BenchmarkJudge), the users forgotten, and the newest entries (Options.Tail). A Scan of those is in memory, after one request for the
// ends; one of older entries reads the topic. History is in memory for users whose newest entries are there, else one call of
// the view.
//
// # Failures
//
// Every call but Trim and Scan ends within Options.Timeout and a little, and those when the brokers have sent nothing for as
// long; then it is [ErrUnavailable]: no broker, or a partition that has no leader or too few replicas in sync.
// The producer is idempotent, so what it sends again is stored once. An Append that failed so is [ErrUnknown] too, since
// the producer may still have it; entries with IDs may be appended again. A record that this version cannot read ends the
// reading: every later call is [ErrFormat].
//
// # Caveats
//
// Forget and Trim write down that entries are gone, and every reader honours it at once. The bytes of what is forgotten
// stay in the topic until Trim has passed them: Trim has Kafka delete the head of each partition, up to the first entry that lives.
// One process at a time should trim. Trim is the only retention: the topic must have none of its own, nor be compacted.
// What one Append has for a partition is at most 32 MB. A batch with users of several partitions may be
// stored in part when it fails. A view that processes share is kept up by one of them; one that lives in a process, as
// [store.Memory], is filled from the topic each time, and holds the profiles, models and leases of that process alone.
package kafkastore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/goldrec/gold/internal/await"
	"github.com/goldrec/gold/store"
)

var (
	// ErrFormat says that the topic is not one of this store, or not as it was made: another program's, with another number
	// of partitions, compacted, or with records of a newer version; or that the view is that of another topic.
	ErrFormat = errors.New("kafkastore: not a log of this format")
	// ErrUnavailable says that the brokers could not be reached, or a partition had no leader or too few replicas, for
	// Options.Timeout.
	ErrUnavailable = errors.New("kafkastore: brokers unavailable")
	// ErrUnknown says that nobody could tell in time whether an Append was stored: it may be, or may still come to be.
	ErrUnknown = errors.New("kafkastore: outcome unknown")
)

// Options configures a Store. The zero value works.
type Options struct {
	// Topic is the topic of the log; "" means gold. What it was made with is kept in another, by its name and ".state".
	Topic string
	// Partitions is how many partitions a new topic has, at most 256; 0 means 8. A topic keeps the number that it was made
	// with, whatever this says.
	Partitions int
	// Replicas is how many brokers have each record of a new topic; 0 means 3, or as many brokers as there are. All but one
	// of them must be in sync for an append to be acknowledged.
	Replicas int
	// Tail is how many of the newest entries are kept in memory, all partitions together; 0 means 65,536. When the view
	// falls behind by four times as much, the store reads no further until it has caught up.
	Tail int
	// Timeout is how long a call may take, with all that is tried again, from a second to ten minutes; 0
	// means 10 seconds.
	Timeout time.Duration
	// Client are options for the clients of Kafka, such as kgo.SASL and kgo.DialTLSConfig.
	Client []kgo.Opt
	// Logger gets what the store does by itself, at Warn. Nil discards.
	Logger *slog.Logger
	// Now is the clock of Forgotten entries; nil means time.Now. That of leases is the view's.
	Now func() time.Time
}

func (o Options) withDefaults() (Options, error) {
	o.Topic = cmp.Or(o.Topic, "gold")
	o.Partitions = cmp.Or(o.Partitions, 8)
	o.Tail = cmp.Or(o.Tail, 1<<16)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch {
	case o.Partitions < 0 || o.Partitions > 256:
		return o, fmt.Errorf("%w: %d partitions", store.ErrInvalid, o.Partitions)
	case o.Replicas < 0 || o.Tail < 0:
		return o, fmt.Errorf("%w: negative option", store.ErrInvalid)
	case o.Timeout < time.Second || o.Timeout > 10*time.Minute:
		return o, fmt.Errorf("%w: timeout of %v", store.ErrInvalid, o.Timeout)
	}
	return o, nil
}

// Store is a store.Store whose log is in Kafka. It is safe for concurrent use.
type Store struct {
	store.Profiles // the view's, as are the next two
	store.Models
	store.Leases

	opts    Options
	view    store.Store
	client  *kgo.Client // produces, and follows the topic
	admin   *kadm.Client
	brokers []string
	topicID kadm.TopicID
	parts   []*partition
	news    await.News
	removed atomic.Uint64 // grows when entries come to be gone: what a scan has read may be

	background sync.WaitGroup
	life       context.Context // ends when Close begins, for calls that wait themselves
	die        context.CancelFunc
	stop       context.CancelFunc // ends the background
	gate       sync.RWMutex       // held for reading by every call under way that does not wait
	closed     bool
	failed     atomic.Pointer[error] // why the log cannot be read any more
}

var _ store.Store = (*Store)(nil)

// Open opens the log at these brokers, and makes its topics when they are not there; many may do so at the same time. It
// returns when it has read the log to its end, which ctx may cut short. The view is the store's from then on, and closed
// with it; one with the log of something else is ErrFormat, as is a topic that is not a log's.
func Open(ctx context.Context, brokers []string, view store.Store, opts Options) (*Store, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("kafkastore: open: %w", err)
	}
	s := &Store{Profiles: view, Models: view, Leases: view, opts: opts, view: view, brokers: brokers}
	s.life, s.die = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.open(ctx); err != nil {
		s.die()
		if s.stop != nil {
			s.stop()
		}
		if s.client != nil {
			s.client.Close()
		}
		s.background.Wait()
		return nil, fmt.Errorf("kafkastore: open topic %s: %w", opts.Topic, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	var err error
	if s.client, err = s.newClient(s.producing()...); err != nil {
		return err
	}
	s.admin = kadm.NewClient(s.client)
	s.admin.SetTimeoutMillis(int32(s.opts.Timeout.Milliseconds()))
	if err := s.try(ctx, s.openTopic); err != nil {
		return err
	}
	if err := s.try(ctx, s.loadBases); err != nil {
		return err
	}
	if err := s.openView(ctx); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.follow()
	s.background.Go(func() { s.judgeAll(background) })
	s.background.Go(func() { s.keep(background) })
	return s.catchUp(ctx)
}

// producing are the options of a producer. It is idempotent and waits for all replicas in sync, as franz-go has it by itself.
func (s *Store) producing() []kgo.Opt {
	return []kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(recordBytesMax), kgo.ProducerLinger(linger),
		kgo.RecordDeliveryTimeout(s.opts.Timeout), kgo.ProduceRequestTimeout(s.opts.Timeout), kgo.MaxBufferedRecords(bufferedMax),
	}
}

// newClient makes a client with what all of them have in common.
func (s *Store) newClient(opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append(append([]kgo.Opt{
		kgo.SeedBrokers(s.brokers...), kgo.ClientID("gold"), kgo.BrokerMaxWriteBytes(4 * recordBytesMax), kgo.BrokerMaxReadBytes(8 * recordBytesMax),
		kgo.FetchMaxWait(500 * time.Millisecond), kgo.FetchMaxBytes(2 * recordBytesMax), kgo.DialTimeout(s.opts.Timeout),
		kgo.MetadataMinAge(100 * time.Millisecond), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.RetryBackoffFn(func(tries int) time.Duration {
			return jittered(min(10*time.Millisecond<<min(tries, 10), time.Second))
		}),
	}, opts...), s.opts.Client...)...)
}

// Close waits for the calls under way, the longest for Options.Timeout, and closes the view. Closing again does nothing.
func (s *Store) Close() error {
	s.die()
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.stop()
	s.background.Wait()
	s.client.Close()
	return s.view.Close()
}

// enter begins a call; leave ends it when enter returned nil.
func (s *Store) enter(ctx context.Context) error {
	s.gate.RLock()
	err := ctx.Err()
	if s.closed {
		err = store.ErrClosed
	}
	if err != nil {
		s.gate.RUnlock()
	}
	return err
}

func (s *Store) leave() { s.gate.RUnlock() }
