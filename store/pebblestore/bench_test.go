package pebblestore

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/goldrec/gold/store"
)

const (
	ingestWriters = 256
	ingestRound   = 50_000 // interactions a side writes before the other takes its turn
)

// BenchmarkIngest measures durable appends of one interaction each from 256 goroutines, and beside it bare Pebble
// batches that hold the same keys and values, in the same run and turn about.
//
// The rival is one goroutine that has all events before it, already encoded, copies them into a batch and commits it
// with a sync, as many events a batch as the store's groups came to in the turn before. It waits for nobody, wakes
// nobody, encodes and validates nothing; its database is opened by the same function, with the same options.
func BenchmarkIngest(b *testing.B) {
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	bare, closeBare := openBare(b)
	defer closeBare()
	var ours, theirs time.Duration
	var n, groups int
	for b.Loop() {
		events := ingestEvents(n)
		start := time.Now()
		g := ingest(b, s, events)
		ours += time.Since(start)
		groups += g
		pairs := encodeEvents(events, store.Position(n+1))
		start = time.Now()
		ingestBare(b, bare, pairs, max(1, len(events)/g))
		theirs += time.Since(start)
		n += len(events)
	}
	b.ReportMetric(float64(n)/ours.Seconds(), "interactions/s")
	b.ReportMetric(float64(n)/theirs.Seconds(), "bare-interactions/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(float64(n)/float64(groups), "interactions/sync")
	b.ReportMetric(0, "ns/op")
}

// ingestEvents is a turn of a shop: 100,000 users, 20,000 items, sessions and now and then a placement.
func ingestEvents(from int) []store.Entry {
	events := make([]store.Entry, ingestRound)
	for i := range events {
		n := from + i
		events[i].Interaction = store.Interaction{
			User: fmt.Sprintf("user-%d", n*7919%100_000), Item: fmt.Sprintf("item-%d", n*104729%20_000),
			Kind: store.View + store.Kind(n%4), Time: time.UnixMicro(1_750_000_000_000_000 + int64(n)*1000),
			Session: fmt.Sprintf("session-%d", n/8),
		}
		if n%3 == 0 {
			events[i].Interaction.Placement = "home"
		}
	}
	return events
}

// ingest appends one interaction a call, and returns how many syncs it took.
func ingest(b *testing.B, s *Store, events []store.Entry) (groups int) {
	before := s.commits.groups.Load()
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
	return int(s.commits.groups.Load() - before)
}

type keyValue struct{ key, value []byte }

// encodeEvents gives the two pairs that the store writes for each.
func encodeEvents(events []store.Entry, p store.Position) []keyValue {
	pairs := make([]keyValue, 0, 2*len(events))
	for i := range events {
		user := events[i].Interaction.User
		record := appendRecord(nil, &events[i])
		value := append(appendUser(nil, user), record...)
		pairs = append(pairs, keyValue{logKey(p), value}, keyValue{userKey(prefixHistory, user, p), record})
		p++
	}
	return pairs
}

func openBare(b *testing.B) (*pebble.DB, func()) {
	dir := b.TempDir()
	lock, err := pebble.LockDirectory(dir, vfs.Default)
	if err != nil {
		b.Fatal(err)
	}
	log := newLogger(nil)
	db, err := openDB(newGuard(log).wrap(vfs.Default), dir, lock, log, 64<<20, memTableBytes)
	if err != nil {
		b.Fatal(err)
	}
	return db, func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
		lock.Close()
	}
}

func ingestBare(b *testing.B, db *pebble.DB, pairs []keyValue, group int) {
	for len(pairs) > 0 {
		batch := db.NewBatch()
		n := min(2*group, len(pairs))
		for _, p := range pairs[:n] {
			if err := batch.Set(p.key, p.value, nil); err != nil {
				b.Fatal(err)
			}
		}
		if err := batch.Commit(pebble.Sync); err != nil {
			b.Fatal(err)
		}
		if err := batch.Close(); err != nil {
			b.Fatal(err)
		}
		pairs = pairs[n:]
	}
}
