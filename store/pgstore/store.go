// Package pgstore keeps a gold store in PostgreSQL, on jackc/pgx: many processes may have the same one open, and are
// replicas of one another.
//
//	st, err := pgstore.Open(ctx, "postgres://gold@db/shop", pgstore.Options{})
//
// Everything lives in one schema of the database, which Open makes and migrates. The log is cut by a hash of the user into
// partitions, each a table; entries of a partition lie in the order of their commits, so that nothing appears behind a
// position that has been read. What a call has acknowledged is as durable as the server's synchronous_commit says. Calls
// that append at the same time share a transaction. Followers are woken by LISTEN and NOTIFY, and look by themselves once
// a second too.
//
// Claims of deals are kept there too: [Store.Ledger].
//
// # Costs
//
// An Append is a transaction of three round trips, shared with the calls made meanwhile; a History, a Profile, a lease or a
// Wait is one statement; a Scan one for every 512 entries of a partition. A store holds up to ConnsMax connections and one
// that listens.
//
// # Failures
//
// Every statement has a deadline, here and in the server. When a connection is lost, the server restarts or another takes
// over, calls are tried again until Options.Timeout: each leaves a mark in the transaction that it is part of, so that a
// call that was committed is recognised and nothing is stored twice, with or without IDs. After that they return
// [ErrUnavailable]; an Append whose COMMIT was sent and never answered returns [ErrUnknown].
//
// # Caveats
//
// A batch with users of several partitions may be stored in part when it fails; all of a user is stored, or none. Forget
// and Trim remove entries from all scans of this process at once; a scan of another process may still show up to 512
// entries a partition that it had read before. A writer whose transaction waits for a partition, because another process is
// appending there, keeps its other partitions waiting too. The clock of leases is the server's. A transaction that is kept open in the
// database for hours keeps what was removed from being cleaned up, as ever in PostgreSQL. Behind a pooler that hands out
// connections by transaction, followers are woken once a second only.
package pgstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/goldrec/gold/store"
)

var (
	// ErrFormat says that the schema holds something that this version does not read: tables of another program, or those
	// of a newer version.
	ErrFormat = errors.New("pgstore: not a store of this format")
	// ErrUnavailable says that the server could not be reached, or did not answer within Options.Timeout. Unless the error
	// is ErrUnknown too, an Append has stored nothing.
	ErrUnavailable = errors.New("pgstore: server unavailable")
	// ErrUnknown says that nobody could be asked any more whether an Append was stored. Entries with IDs may be appended
	// again.
	ErrUnknown = errors.New("pgstore: outcome unknown")
	// ErrFull says that the server has no room on its disk. The call stored nothing.
	ErrFull = errors.New("pgstore: disk full")
)

// Options configures a Store. The zero value works.
type Options struct {
	// Schema is the schema of the database that the store lives in; "" means gold.
	Schema string
	// Partitions is how many partitions the log of a new store has, at most 256; 0 means 8. A store keeps the number that
	// it was made with, whatever this says.
	Partitions int
	// Writers is how many transactions of one Store append at the same time; 0 means 2. Each takes its share of the
	// partitions.
	Writers int
	// ConnsMax bounds the connections, beside the one that listens; 0 means 8, or pool_max_conns of the URL.
	ConnsMax int
	// Timeout is how long a call may take, with all that is tried again, and the longest that one statement may; 0 means
	// 10 seconds, and ten minutes are the most.
	Timeout time.Duration
	// Logger gets what the store does by itself: lost connections and what is tried again, at Warn. Nil discards.
	Logger *slog.Logger
	// Now is the clock of leases and Forgotten entries; nil means the server's, which all replicas share.
	Now func() time.Time
}

func (o Options) withDefaults() (Options, error) {
	o.Schema = cmp.Or(o.Schema, "gold")
	o.Partitions = cmp.Or(o.Partitions, 8)
	o.Writers = cmp.Or(o.Writers, 2)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Partitions < 0 || o.Partitions > 256:
		return o, fmt.Errorf("%w: %d partitions", store.ErrInvalid, o.Partitions)
	case o.Writers < 0 || o.ConnsMax < 0:
		return o, fmt.Errorf("%w: negative option", store.ErrInvalid)
	case o.Timeout < 0 || o.Timeout > 10*time.Minute:
		return o, fmt.Errorf("%w: timeout of %v", store.ErrInvalid, o.Timeout)
	}
	return o, nil
}

// Store is a store.Store in PostgreSQL. It is safe for concurrent use.
type Store struct {
	opts       Options
	pool       *pgxpool.Pool
	partitions int
	lanes      []*lane
	endSQL     string
	news       *news
	removed    atomic.Uint64 // grows with every removal from the log: what a scan has read may be gone

	background sync.WaitGroup
	stop       context.CancelFunc // ends the background
	closing    chan struct{}      // closed when Close begins
	once       sync.Once          // closes it
	gate       sync.RWMutex       // held for reading by every call under way that does not wait
	closed     bool
}

var _ store.Store = (*Store)(nil)

// Open opens the store in a database, given by a URL or in the form of libpq. It makes the schema and its tables when they
// are not there, and migrates those of an older version; many may do so at the same time. Tables of another program in the
// schema, and those of a newer version, are ErrFormat. A server that starts up is waited for until Options.Timeout; a
// migration may take an hour, or until ctx ends.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("pgstore: open: %w", err)
	}
	config, err := poolConfig(url, opts)
	if err != nil {
		return nil, fmt.Errorf("pgstore: open: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("pgstore: open: %w", err)
	}
	s := &Store{opts: opts, pool: pool, news: newNews(), closing: make(chan struct{})}
	if err := s.migrate(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("pgstore: open schema %s: %w", opts.Schema, err)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	all := make([]int, s.partitions)
	shares := make([][]int, min(opts.Writers, s.partitions))
	for p := range all {
		all[p] = p
		shares[p%len(shares)] = append(shares[p%len(shares)], p)
	}
	s.endSQL = endSQL(all)
	for _, share := range shares {
		l := &lane{s: s, calls: make(chan *call), endSQL: endSQL(share), last: make(map[int]store.Position)}
		s.lanes = append(s.lanes, l)
		s.background.Go(l.run)
	}
	s.background.Go(func() { s.listen(background) })
	s.background.Go(func() { s.notify(background) })
	return s, nil
}

func poolConfig(url string, opts Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	parsed, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if _, ok := parsed.RuntimeParams["pool_max_conns"]; !ok || opts.ConnsMax > 0 {
		config.MaxConns = int32(cmp.Or(opts.ConnsMax, 8))
	}
	timeout := fmt.Sprint(opts.Timeout.Milliseconds())
	params := config.ConnConfig.RuntimeParams
	params["search_path"] = pgx.Identifier{opts.Schema}.Sanitize()
	params["statement_timeout"] = timeout
	params["idle_in_transaction_session_timeout"] = timeout // a client that is gone without a word holds a lock no longer
	params["timezone"] = "UTC"
	params["application_name"] = cmp.Or(params["application_name"], "gold")
	config.ConnConfig.ConnectTimeout = opts.Timeout
	return config, nil
}

// Close waits for the calls under way, the longest for Options.Timeout, and closes the connections. Closing again does
// nothing.
func (s *Store) Close() error {
	s.once.Do(func() { close(s.closing) })
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	for _, l := range s.lanes {
		close(l.calls)
	}
	s.stop()
	s.background.Wait()
	s.pool.Close()
	return nil
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

// now is the time for a statement that otherwise takes the server's: nil without Options.Now.
func (s *Store) now() any {
	if s.opts.Now == nil {
		return nil
	}
	return s.opts.Now()
}
