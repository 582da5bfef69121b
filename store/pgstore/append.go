package pgstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/goldrec/gold/store"
)

const (
	// groupEntries is how many entries a lane takes into one transaction before other calls wait for the next.
	groupEntries = 4096
	// lookGroups is for how many groups a lane looks the IDs up after one of them was there already. Otherwise it leaves
	// that to the index, which is cheaper, and does the group again when the index finds one.
	lookGroups = 100
)

// The head and the end of COPY's binary form.
var (
	copyHead = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyEnd  = []byte{0xff, 0xff}
)

// call is what one Append has for one lane. The lane fills in the places of the entries.
type call struct {
	batch []store.Entry
	index []int // of the entries in the batch
	parts []int // the partition of each
	rows  []byte
	ends  []int // of each row in rows
	done  chan error
}

func (c *call) row(i int) []byte {
	from := 0
	if i > 0 {
		from = c.ends[i-1]
	}
	return c.rows[from:c.ends[i]]
}

// Append implements store.Log. It waits for one transaction that it shares with the calls made meanwhile, one for each lane
// that its users are in, and not less: ctx is looked at only before. Entries with an ID that is there already make the lane look all of them up for a
// while.
func (s *Store) Append(ctx context.Context, batch []store.Entry) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if len(batch) == 0 {
		return nil
	}
	if err := store.ValidateBatch(batch); err != nil {
		return err
	}
	calls := s.split(batch)
	begun := false
	for i, c := range calls {
		if c == nil {
			continue
		}
		stop := ctx.Done()
		if begun {
			stop = nil // the outcome is waited for
		}
		select {
		case s.lanes[i].calls <- c:
			begun = true
		case <-stop:
			return ctx.Err()
		}
	}
	var errs []error
	for _, c := range calls {
		if c != nil {
			errs = append(errs, <-c.done)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("pgstore: append %d entries: %w", len(batch), err)
	}
	return nil
}

// split encodes a batch for the lanes, nil for one that has nothing to do.
func (s *Store) split(batch []store.Entry) []*call {
	calls := make([]*call, len(s.lanes))
	for i := range batch {
		p := store.PartitionOf(batch[i].Interaction.User, s.partitions)
		c := calls[p%len(calls)]
		if c == nil {
			c = &call{batch: batch, done: make(chan error, 1)}
			calls[p%len(calls)] = c
		}
		c.index = append(c.index, i)
		c.parts = append(c.parts, p)
		c.rows = appendRow(c.rows, &batch[i], p)
		c.ends = append(c.ends, len(c.rows))
	}
	return calls
}

// lane writes the entries of its partitions. Callers hand it what they have; a goroutine takes all that waits into one
// transaction while the next callers come.
type lane struct {
	s      *Store
	calls  chan *call
	endSQL string                 // of its partitions
	last   map[int]store.Position // in the transaction under way, by partition
	look   int                    // groups whose IDs are to be looked up
	copy   []byte                 // the rows of it, as COPY takes them
}

func (l *lane) run() {
	for c := range l.calls {
		group, n := []*call{c}, len(c.index)
		for more := true; more && n < groupEntries; {
			select {
			case c, more = <-l.calls:
				if more {
					group, n = append(group, c), n+len(c.index)
				}
			default:
				more = false
			}
		}
		err := l.commit(group)
		for _, c := range group {
			c.done <- err
		}
	}
}

// group is what one transaction appends.
type group struct {
	calls []*call
	token token
	parts []int32 // sorted
	keys  keys    // of the entries with IDs
	look  bool    // those are looked up
	sent  bool    // COMMIT was sent, and is not known to have failed
}

// keys are the users and IDs of entries, by partition.
type keys struct {
	parts     []int32
	users     []string
	ids       []string
	duplicate map[[2]string]bool // found in the log
}

// commit writes a group, whatever becomes of the callers' contexts.
func (l *lane) commit(calls []*call) error {
	g := &group{calls: calls, token: newToken()}
	parts := make(map[int32]bool)
	for _, c := range calls {
		for i, n := range c.index {
			parts[int32(c.parts[i])] = true
			if in := &c.batch[n].Interaction; in.ID != "" {
				g.keys.parts = append(g.keys.parts, int32(c.parts[i]))
				g.keys.users = append(g.keys.users, text(in.User))
				g.keys.ids = append(g.keys.ids, text(in.ID))
			}
		}
	}
	for p := range parts {
		g.parts = append(g.parts, p)
	}
	g.look, l.look = l.look > 0, max(l.look-1, 0)
	slices.Sort(g.parts) // all take the locks in one order
	err := l.s.try(context.Background(), func(ctx context.Context) error {
		err := l.attempt(ctx, g)
		if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation && !g.look {
			g.look, l.look = true, lookGroups
			err = l.attempt(ctx, g)
		}
		return err
	})
	if err != nil && g.sent {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if err == nil {
		l.s.news.set()
	}
	return err
}

// attempt is one transaction. It holds the locks of its partitions until it is over, so that the order of positions is that
// of commits; what a former attempt has become is decided when it has them.
func (l *lane) attempt(ctx context.Context, g *group) error {
	conn, err := l.s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // a connection with a transaction in it is closed
	committed, err := l.begin(ctx, conn.Conn(), g)
	if err != nil {
		return err
	}
	if committed {
		_, err := conn.Exec(ctx, "rollback")
		return err
	}
	g.sent = false
	if l.place(g) == 0 {
		_, err := conn.Exec(ctx, "rollback")
		return err
	}
	if _, err := conn.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(l.copy), copySQL); err != nil {
		l.copy = nil // somebody may still be reading it
		_, _ = conn.Exec(ctx, "rollback")
		return err
	}
	g.sent = true
	_, err = conn.Exec(ctx, "commit", pgx.QueryExecModeSimpleProtocol)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Severity == "ERROR" {
		g.sent = false // the server has said no
	}
	return err
}

const (
	copySQL = "copy entries (" + columns + ") from stdin (format binary)"
	lockSQL = "select pg_advisory_xact_lock(hashtext(current_schema), p) from unnest($1::int[]) p"
	// Each look-up is one of an index, whatever the planner believes: it cannot see through the limit.
	duplicateSQL = `select k.user_id, k.id from unnest($1::int[], $2::text[], $3::text[]) k (partition, user_id, id)
		cross join lateral (select from entries e where e.partition = k.partition and e.user_id = k.user_id and e.id = k.id
		limit 1) e`
)

// endSQL reads the last position given out in each of these partitions. It names their tables: to open all of them costs
// ten times as much as to look at the ends of four.
func endSQL(partitions []int) string {
	var b strings.Builder
	for i, p := range partitions {
		if i > 0 {
			b.WriteString(" union all ")
		}
		fmt.Fprintf(&b, "select %d, greatest((select floor from partitions where partition = %[1]d), "+
			"(select position from entries_%[1]d order by position desc limit 1))", p)
	}
	return b.String()
}

// begin takes the locks, marks the transaction, and reads where the partitions end and which IDs they have. It reports
// whether a former attempt was committed.
func (l *lane) begin(ctx context.Context, conn *pgx.Conn, g *group) (committed bool, err error) {
	var b pgx.Batch
	b.Queue("begin")
	b.Queue(lockSQL, g.parts)
	b.Queue("insert into calls (token) values ($1) on conflict do nothing", g.token).Exec(func(tag pgconn.CommandTag) error {
		committed = tag.RowsAffected() == 0
		return nil
	})
	b.Queue(l.endSQL).Query(func(rows pgx.Rows) error {
		var partition int
		var position int64
		_, err := pgx.ForEachRow(rows, []any{&partition, &position}, func() error {
			l.last[partition] = store.Position(position)
			return nil
		})
		return err
	})
	g.keys.duplicate = make(map[[2]string]bool)
	if len(g.keys.ids) > 0 && g.look {
		b.Queue(duplicateSQL, g.keys.parts, g.keys.users, g.keys.ids).Query(func(rows pgx.Rows) error {
			var user, id string
			_, err := pgx.ForEachRow(rows, []any{&user, &id}, func() error {
				g.keys.duplicate[[2]string{untext(user), untext(id)}] = true
				l.look = lookGroups
				return nil
			})
			return err
		})
	}
	return committed, conn.SendBatch(ctx, &b).Close()
}

// place gives the entries their positions and the rows to be copied, and returns how many there are.
func (l *lane) place(g *group) (n int) {
	l.copy = append(l.copy[:0], copyHead...)
	for _, c := range g.calls {
		for i, at := range c.index {
			e := &c.batch[at]
			e.Partition, e.Position = c.parts[i], 0
			if id := e.Interaction.ID; id != "" {
				key := [2]string{e.Interaction.User, id}
				if g.keys.duplicate[key] {
					continue
				}
				g.keys.duplicate[key] = true
			}
			l.last[e.Partition]++
			e.Position = l.last[e.Partition]
			row := c.row(i)
			binary.BigEndian.PutUint64(row[positionAt:], uint64(e.Position))
			l.copy = append(l.copy, row...)
			n++
		}
	}
	l.copy = append(l.copy, copyEnd...)
	return n
}
