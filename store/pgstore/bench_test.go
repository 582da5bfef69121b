package pgstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/goldrec/gold/internal/servers"
	"github.com/goldrec/gold/store"
)

const (
	ingestWriters = 256
	ingestRound   = 20_000 // interactions a side writes before the other takes its turn
)

// BenchmarkIngest measures appends of one interaction from 256 goroutines, and beside it a bare client that copies the
// same rows into tables of the same form, in the same run and turn about, on a server that syncs each commit.
//
// The bare client has as many connections as the store has writers, each with all of its rows before it, already encoded,
// and copies as many in a transaction as the store's groups came to in the turn before. It waits for nobody, locks
// nothing, looks for no duplicates, and encodes and validates nothing.
func BenchmarkIngest(b *testing.B) {
	for _, ids := range []bool{false, true} {
		b.Run(fmt.Sprintf("ids=%v", ids), func(b *testing.B) { benchmarkIngest(b, ids) })
	}
}

func benchmarkIngest(b *testing.B, ids bool) {
	pg, err := servers.StartPostgres(b.Context(), servers.PostgresOptions{Settings: map[string]string{"shared_buffers": "512MB"}})
	if errors.Is(err, servers.ErrAbsent) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer pg.Close()
	s := openIngest(b, pg.URL, "ours")
	defer s.Close()
	bare := openIngest(b, pg.URL, "bare") // for its tables and connections
	defer bare.Close()
	var ours, theirs time.Duration
	var n, groups int
	for b.Loop() {
		events := ingestEvents(n, ids)
		before := committed(b, s)
		start := time.Now()
		ingest(b, s, events)
		ours += time.Since(start)
		g := committed(b, s) - before
		groups += g
		lanes := bareRows(bare, events, n)
		start = time.Now()
		copyBare(b, bare, lanes, max(1, len(events)/g))
		theirs += time.Since(start)
		n += len(events)
	}
	b.ReportMetric(float64(n)/ours.Seconds(), "interactions/s")
	b.ReportMetric(float64(n)/theirs.Seconds(), "bare-interactions/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(float64(n)/float64(groups), "interactions/commit")
	b.ReportMetric(0, "ns/op")
}

func openIngest(b *testing.B, url, schema string) *Store {
	s, err := Open(b.Context(), url, Options{Schema: schema})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// committed is how many groups there have been.
func committed(b *testing.B, s *Store) (n int) {
	if err := s.pool.QueryRow(b.Context(), "select count(*) from calls").Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// ingestEvents is a turn of a shop: 100,000 users, 20,000 items, sessions and now and then a placement.
func ingestEvents(from int, ids bool) []store.Entry {
	events := make([]store.Entry, ingestRound)
	for i := range events {
		n := from + i
		in := &events[i].Interaction
		*in = store.Interaction{
			User: fmt.Sprintf("user-%d", n*7919%100_000), Item: fmt.Sprintf("item-%d", n*104729%20_000),
			Kind: store.View + store.Kind(n%4), Time: time.UnixMicro(1_750_000_000_000_000 + int64(n)*1000),
			Session: fmt.Sprintf("session-%d", n/8),
		}
		if n%3 == 0 {
			in.Placement = "home"
		}
		if ids {
			in.ID = fmt.Sprintf("%016x", uint64(n)*0x9e3779b97f4a7c15)
		}
	}
	return events
}

func ingest(b *testing.B, s *Store, events []store.Entry) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range ingestWriters {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(events)); i = next.Add(1) - 1 {
				if err := s.Append(b.Context(), events[i:i+1]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// bareRows are the rows that the store would write, shared out as it shares them.
func bareRows(s *Store, events []store.Entry, from int) [][][]byte {
	lanes := make([][][]byte, len(s.lanes))
	for i := range events {
		p := store.PartitionOf(events[i].Interaction.User, s.partitions)
		row := appendRow(nil, &events[i], p)
		binary.BigEndian.PutUint64(row[positionAt:], uint64(from+i+1))
		lanes[p%len(lanes)] = append(lanes[p%len(lanes)], row)
	}
	return lanes
}

func copyBare(b *testing.B, s *Store, lanes [][][]byte, group int) {
	var wg sync.WaitGroup
	for _, rows := range lanes {
		wg.Go(func() {
			err := s.pool.AcquireFunc(b.Context(), func(conn *pgxpool.Conn) error {
				for len(rows) > 0 {
					n := min(group, len(rows))
					if err := copyRows(b.Context(), conn.Conn(), rows[:n]); err != nil {
						return err
					}
					rows = rows[n:]
				}
				return nil
			})
			if err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
}

func copyRows(ctx context.Context, conn *pgx.Conn, rows [][]byte) error {
	data := bytes.Join([][]byte{copyHead, bytes.Join(rows, nil), copyEnd}, nil)
	_, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(data), copySQL)
	return err
}
